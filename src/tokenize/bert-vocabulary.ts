/** The `tokenizer.json` of a BERT checkpoint that has a list of its vocabulary only, as `BertTokenizerFast` makes it. */
import { type AddedToken, tokenText } from './added.ts'

/** Parsed files of the checkpoint; those it does not have are empty. */
export interface VocabularyFiles {
  /** `vocab.txt`: one piece a line, the line tells the id. */
  readonly vocabulary: string
  /** `tokenizer_config.json` */
  readonly config: Fields
  /** `special_tokens_map.json` */
  readonly specials: Fields
  /** `added_tokens.json`: ids by text. */
  readonly added: Fields
}

type Fields = Readonly<Record<string, unknown>>

/** Special tokens and what they are where no file names them. */
const SPECIALS = {
  unk_token: '[UNK]',
  sep_token: '[SEP]',
  pad_token: '[PAD]',
  cls_token: '[CLS]',
  mask_token: '[MASK]',
}

/** `never_split` is not read: it has no effect there either. */
export function bertTokenizerJson(files: VocabularyFiles): object {
  const { config } = files
  const vocab = readVocabulary(files.vocabulary)
  const special = (key: keyof typeof SPECIALS) =>
    tokenText(config[key]) ?? tokenText(files.specials[key]) ?? SPECIALS[key]
  const cls = special('cls_token')
  const sep = special('sep_token')
  const piece = (token: string) => ({ id: token, ids: [vocab[token] ?? 0], tokens: [token] })
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: addedTokens(files, vocab),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: config['tokenize_chinese_chars'] ?? true,
      strip_accents: config['strip_accents'] ?? null,
      lowercase: config['do_lower_case'] ?? true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [
        { SpecialToken: { id: cls, type_id: 0 } },
        { Sequence: { id: 'A', type_id: 0 } },
        { SpecialToken: { id: sep, type_id: 0 } },
      ],
      pair: [],
      special_tokens: { [cls]: piece(cls), [sep]: piece(sep) },
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: special('unk_token'),
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab,
    },
  }
}

/** Of a piece that comes twice the last id holds, as in Python. */
function readVocabulary(text: string): Record<string, number> {
  const lines = text.split(/\r\n|\r|\n/)
  if (lines.at(-1) === '') lines.pop()
  return Object.fromEntries(lines.map((piece, id) => [piece, id]))
}

/** Special tokens first; what `tokenizer_config.json` says of a token holds over the other files. */
function addedTokens(files: VocabularyFiles, vocab: Readonly<Record<string, number>>): AddedToken[] {
  const { config, specials, added } = files
  const byId = new Map<number, AddedToken>()
  const add = (content: string, id: number | undefined, isSpecial: boolean, flags: Fields = {}) => {
    if (id === undefined || content === '') return
    byId.set(id, {
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: !isSpecial,
      special: isSpecial,
      ...flags,
      id,
      content,
    })
  }
  const extra = (file: Fields) => {
    const list = file['additional_special_tokens']
    return Array.isArray(list) ? list : []
  }
  const named = [
    ...Object.entries(SPECIALS).map(([key, text]) => config[key] ?? specials[key] ?? text),
    ...extra(specials),
    ...extra(config),
  ]
  const texts = new Set(named.map(tokenText))
  for (const [content, id] of Object.entries(added)) add(content, Number(id), texts.has(content))
  for (const token of named) {
    const text = tokenText(token) ?? ''
    const known = typeof added[text] === 'number' ? added[text] : vocab[text]
    add(text, known, true, typeof token === 'object' ? (token as Fields) : {})
  }
  for (const [id, token] of Object.entries((config['added_tokens_decoder'] ?? {}) as Fields)) {
    const flags = token as Fields
    add(tokenText(flags) ?? '', Number(id), flags['special'] === true, flags)
  }
  return [...byId.values()].sort((a, b) => a.id - b.id)
}
