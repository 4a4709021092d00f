/** Tokenizers of checkpoints that have no `tokenizer.json`, from the files they have in its place. */
import { LateenError } from '../errors.ts'
import { bertTokenizerJson, type VocabularyFiles } from '../tokenize/bert-vocabulary.ts'
import { japaneseTokenizer, mecabOptions, wordTokenizerOf } from '../tokenize/japanese.ts'
import { mecabSegmenter } from '../tokenize/mecab.ts'
import { MECAB_FILES, type MecabFiles } from '../tokenize/mecab-dictionary.ts'
import type { TokenizerOptions } from '../tokenize/tokenize.ts'
import { gunzip, isGzip } from '../util/gzip.ts'
import type { BundleFiles } from './bundle-files.ts'
import type { Json } from './layout.ts'

export interface DescribedTokenizer {
  readonly json: Json
  readonly options: Pick<TokenizerOptions, 'normalize' | 'words'>
  /** The files that decide the ids. */
  readonly files: readonly Uint8Array[]
}

/** Tokenizers that cannot be had from their own files. */
const OTHER_KINDS = [
  'sentencepiece.bpe.model',
  'spiece.model',
  'tokenizer.model',
  'spm.model',
  'vocab.json',
  'merges.txt',
]

/**
 * @param folder where the tokenizer lies, empty or ending in a slash
 * @param config `tokenizer_config.json`, or nothing
 * @returns      undefined when none of its files are there
 * @throws LateenError `model-unsupported`, `model-missing-file`, `model-invalid`
 */
export async function readVocabularyTokenizer(
  files: BundleFiles,
  folder: string,
  config: Json,
): Promise<DescribedTokenizer | undefined> {
  if (!(await files.has(`${folder}vocab.txt`))) {
    const found = await Promise.all(OTHER_KINDS.map((name) => files.has(`${folder}${name}`)))
    const other = OTHER_KINDS[found.indexOf(true)]
    if (other === undefined) return undefined
    throw withoutJson(files, `only ${other}`)
  }
  const [vocabulary, specials = {}, added = {}] = await Promise.all([
    files.read(`${folder}vocab.txt`),
    files.json.optional(`${folder}special_tokens_map.json`),
    files.json.optional(`${folder}added_tokens.json`),
  ])
  const parsed = { vocabulary: new TextDecoder().decode(vocabulary), config, specials, added }
  const settings = new TextEncoder().encode(JSON.stringify([config, specials, added]))
  if (isJapanese(config)) {
    const { files: dictionary, ...tokenizer } = await readJapanese(files, folder, parsed)
    return { ...tokenizer, files: [vocabulary, settings, ...dictionary] }
  }
  const name = config['tokenizer_class'] ?? 'BertTokenizer'
  if (!/^(Bert|DistilBert|Electra|RetriBert|LayoutLM)Tokenizer(Fast)?$/.test(String(name))) {
    throw withoutJson(files, `a vocab.txt for ${String(name)}`)
  }
  return { json: bertTokenizerJson(parsed) as Json, options: {}, files: [vocabulary, settings] }
}

function isJapanese(config: Json): boolean {
  return config['tokenizer_class'] === 'BertJapaneseTokenizer' || 'word_tokenizer_type' in config
}

async function readJapanese(
  files: BundleFiles,
  folder: string,
  parsed: VocabularyFiles,
): Promise<DescribedTokenizer> {
  const needsDictionary = wordTokenizerOf(parsed.config) === 'mecab'
  const dictionary = needsDictionary
    ? await readDictionary(files, `${folder}mecab/`, mecabOptions(parsed.config).mecab_dic)
    : undefined
  const { json, options } = japaneseTokenizer(parsed, dictionary && mecabSegmenter(dictionary))
  return { json: json as Json, options, files: MECAB_FILES.flatMap((name) => dictionary?.[name] ?? []) }
}

/** The dictionary's files as they are, or each packed as `<name>.gz`. */
async function readDictionary(
  files: BundleFiles,
  folder: string,
  name: string | null | undefined,
): Promise<MecabFiles> {
  const isPlain = await files.has(`${folder}sys.dic`)
  if (!isPlain && !(await files.has(`${folder}sys.dic.gz`))) {
    throw new LateenError(
      'model-missing-file',
      `The model ${files.name} finds words with the MeCab dictionary ${name ?? 'it was trained with'}, and has no ${folder}sys.dic. Put ${MECAB_FILES.join(', ')} of that dictionary into its folder ${folder}, as they are or each packed as .gz; tools/mecab-dictionary.mjs copies and shrinks them.`,
    )
  }
  const read = async (file: string) => {
    const bytes = await files.read(`${folder}${file}${isPlain ? '' : '.gz'}`)
    return isGzip(bytes) ? gunzip(bytes) : bytes
  }
  const bytes = await Promise.all(MECAB_FILES.map(read))
  return Object.fromEntries(MECAB_FILES.map((file, i) => [file, bytes[i]!])) as MecabFiles
}

function withoutJson(files: BundleFiles, found: string): LateenError {
  return new LateenError(
    'model-unsupported',
    `The model ${files.name} has no tokenizer.json, but ${found}. Write the file in Python, where the model was made: transformers.AutoTokenizer.from_pretrained(folder).save_pretrained(folder).`,
  )
}
