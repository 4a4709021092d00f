/**
 * Writes fixtures/tokenizer: what the reference tokenizers (Rust) make of hard texts, for the tests of
 * src/tokenize/tokenize.ts. The vocabularies stay as they are in the fixtures; `changes` makes others of them.
 *
 *     npm install --prefix ~/tokenizers --ignore-scripts tokenizers@0.23.2
 *     node tools/tokenizer-fixtures.mjs ~/tokenizers/node_modules/tokenizers
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'

const home = resolve(process.argv[2] ?? 'tokenizers')
const reference = createRequire(import.meta.url)(home)
const { version } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'))
const root = new URL('../', import.meta.url)
const readJson = (path) => JSON.parse(readFileSync(new URL(path, root), 'utf8'))

/** Texts by hand, and words that random ones are made of. */
const { texts: HANDMADE, words: WORDS } = readJson('fixtures/tokenizer/texts.json')

/** Numerical Recipes' generator, so that every run writes the same. */
function seeded(seed) {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

/** Words beside each other, and characters of all of Unicode that every engine in use knows. */
function* randomTexts(count, seed) {
  const random = seeded(seed)
  const pick = (list) => list[Math.floor(random() * list.length)]
  const character = () => {
    for (;;) {
      const code = Math.floor(random() ** 3 * 0x20000)
      const text = String.fromCodePoint(code)
      if (/[^\p{Cn}\p{Cs}\p{Co}]/u.test(text) && !LATEST.test(text)) return text
    }
  }
  for (let i = 0; i < count; i++) {
    const glue = pick([' ', '', ' ', '\n', ', '])
    yield Array.from({ length: 1 + Math.floor(random() * 12) }, () =>
      random() < 0.8 ? pick(WORDS) : character(),
    ).join(glue)
  }
}

/** Digits of Unicode 17, which some engines know and the reference does not. */
const LATEST = /[\u{11de0}-\u{11de9}\u{16ff4}-\u{16ff6}]/u

const bert = (options) => ({
  normalizer: {
    type: 'BertNormalizer',
    clean_text: true,
    handle_chinese_chars: true,
    strip_accents: null,
    ...options,
  },
})
const token = (id, content, flags = {}) => ({
  id,
  content,
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: true,
  special: false,
  ...flags,
})
const RAW = { normalized: false, special: true }

/** The shape of ModernBERT's added tokens, PyLate's markers, and every flag a token can have. */
const modern = ({ added_tokens, model }) => {
  let next = Object.keys(model.vocab).length
  const add = (content, flags) => token(next++, content, flags)
  return {
    normalizer: { type: 'NFC' },
    added_tokens: [
      ...added_tokens.map((old) => (old.content === '[MASK]' ? { ...old, lstrip: true } : old)),
      ...[2, 3, 4, 8].map((spaces) => add(' '.repeat(spaces))),
      add('|||IP_ADDRESS|||'),
      add('[Q] '),
      add('[D] ', { normalized: false }),
      add('word', { single_word: true }),
      add('<r>', { ...RAW, rstrip: true }),
      add('<b>', { lstrip: true, rstrip: true }),
    ],
  }
}
const LLAMA_WORDS =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
const llama = ({ model }) => ({
  pre_tokenizer: {
    type: 'Sequence',
    pretokenizers: [
      { type: 'Split', pattern: { Regex: LLAMA_WORDS }, behavior: 'Isolated', invert: false },
      { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
    ],
  },
  model: { ...model, ignore_merges: true },
})

/** A few rules of our own, compiled by SentencePiece 0.1.97 from a `normalization_rule_tsv`. */
const CHARSMAP =
  'AAQAAAAgAAAJCQAACgUAAAEAAIDMDAIADRkAAIEFAAAaAACAzAACAIENAAAdAACAoCEAAA8AAIAJAACAvwUAABgAAICpBQAAIAAAgIQEAgCAmAMA4RACAIWMAgC9bQAAoT0AADsAAICyVQAAAAAAgAMAAICgCQAAphkAAAcAAICAcQAAgGwCAIuYAwCA9AIAgSQCAOMMAgCCaAIAmQUAACMAAICBBQAAFQAAgL/BAAARAACArBQCAKEZAACiBQAAEwAAgIupAACRNAIAtgUAACsAAIC+cAIALwAAgJ4NAAAzAACAg+0AADcAAICeDQAAu7gCALzAAgC95AIAvtADAL5sAgCK3QEAJwAAgEMAAABCAAAARQAAAEQAAABHAAAARgAAAEkAAABIAAAASwAAAEoAAABNAAAARRQCAE8AAABOAAAAUQAAAFAAAABTAAAAUgAAAJ5VAABUAAAAVwAAAFYAAABZAAAAWAAAAFsAAABaAAAAXQAAAFwAAABfAAAAXgAAAGEAAABgAAAAYwAAAGIAAABlAAAAZAAAAGcAAABmAAAAaQAAAGgAAABrAAAAagAAAG0AAABlpAIAbwAAAG4AAABxAAAAcAAAAHMAAAByAAAAdQAAAHQAAAB3AAAAdgAAAHkAAAB4AAAAewAAAHoAAAB9AAAAfAAAAH8AAAB+AAAAgQAAAIAAAACDAAAAggAAAIUAAACEAAAAhwAAAIYAAACJAAAAiAAAAIsAAACKAAAAjQAAAIwAAACPAAAAjgAAAJEAAACQAAAAkwAAAJIAAACVAAAAlAAAAJcAAACWAAAAmQAAAJgAAACbAAAAmgAAAJ0AAACcAAAAnwAAAJ4AAAChAAAAoAAAAKMAAACiAAAApQAAAKQAAACnAAAApgAAAKkAAACoAAAAqwAAAKoAAACtAAAArAAAAK8AAACuAAAAsQAAALAAAACzAAAAsgAAALUAAAC0AAAAtwAAALYAAAC5AAAAuAAAALsAAAC6AAAAvQAAALwAAAC/AAAAvgAAAMEAAADAAAAAwwAAAMIAAADFAAAAxAAAAM78AQDGAAAAyQAAAMgAAADChAEAygAAAM0AAADF8AEAzwAAAM4AAADRAAAA0AAAANMAAADSAAAA1QAAANQAAADXAAAA1gAAAO9kAQDYAAAA2wAAANoAAADvWAEA3AAAAN8AAADeAAAA4QAAAOAAAADjAAAA4gAAAOUAAADkAAAA5wAAAO+cAQDpAAAA4fwBAOIoAQDjJAEA7QAAAOwAAADvAAAA7gAAAPEAAADwAAAA8wAAAPIAAAD1AAAA9AAAAPcAAAD2AAAA+QAAAPgAAAD7AAAA+gAAAP0AAAD8AAAA/wAAAP4AAAAAIAAuLi4AMQAx4oGEMgAyAEEAQgBmaQBzAMOJAMOpAM6pAOOBjADjgpkA44KrAOOCrADjg48A44OQAOqwgAA='
const precompiled = { type: 'Precompiled', precompiled_charsmap: CHARSMAP }
const xlmr = ({ added_tokens, model }) => ({
  normalizer: precompiled,
  added_tokens: [...added_tokens, token(model.vocab.length, '<mask>', { ...RAW, lstrip: true })],
})
const metaspace = (fields) => ({
  ...xlmr(fields),
  normalizer: {
    type: 'Sequence',
    normalizers: [
      precompiled,
      { type: 'Strip', strip_left: false, strip_right: true },
      { type: 'Replace', pattern: { Regex: ' {2,}' }, content: '\u2581' },
    ],
  },
  pre_tokenizer: { type: 'Metaspace', replacement: '\u2581', prepend_scheme: 'first', split: true },
})

/** What `str.strip` takes for white space. */
const SPACE = '[\\p{White_Space}\\u001c-\\u001f]+'
const SPACE_AROUND = new RegExp(`^${SPACE}|${SPACE}$`, 'gu')

const mini = readJson('public/models/lateen-mini/tokenizer.json')
const inFixture = (name) => readJson(`fixtures/tokenizer/${name}.json`).tokenizer
const bytes = inFixture('byte-level')
const unigram = inFixture('unigram')

await write('wordpiece', mini, {}, 200)
await write('wordpiece-cased', mini, bert({ lowercase: false }), 60)
await write('wordpiece-accents', mini, bert({ lowercase: true, strip_accents: false }), 60)
await write('byte-level', bytes, {}, 60, { tokenizer: bytes })
await write('byte-level-modern', bytes, modern(bytes), 60)
await write('byte-level-llama', bytes, llama(bytes), 60)
await write('unigram', unigram, {}, 60, { tokenizer: unigram })
await write('unigram-charsmap', unigram, xlmr(unigram), 60)
await write('unigram-metaspace', unigram, metaspace(unigram), 60)

/** Kinds of models and of special tokens around a text, each with a vocabulary of its own, as small as shows it. */
const numbered = (...pieces) => Object.fromEntries(pieces.map((piece, id) => [piece, id]))
const letters = [...'abcé']
const MERGES = [
  ['a', 'b'],
  ['ab', 'c'],
]
const bytesOf = (text) => [...Buffer.from(text)].map((byte) => `<0x${byte.toString(16).toUpperCase()}>`)
const WORDS_APART = { type: 'WhitespaceSplit' }
const SMALL_TEXTS = [
  '',
  'abc',
  'abcab cab é',
  'aé ☺b ☺☺c x',
  'abx <unk> c',
  'a.bXxc𠮷b🇫🇷é',
  `${'ab'.repeat(60)} c`,
  'abc abcabc',
]
const roberta = { sep: ['</s>', 1], cls: ['<s>', 2], trim_offsets: true, add_prefix_space: false }
const characters = (...others) => ({
  model: {
    type: 'BPE',
    vocab: numbered('<unk>', 'a', 'b', 'c', 'ab', 'abc', ...others),
    merges: MERGES,
    unk_token: '<unk>',
  },
})
const KINDS = {
  'BPE that marks the ends of words': {
    model: {
      type: 'BPE',
      vocab: numbered('<unk>', ...letters, 'a!', 'b!', 'c!', 'ab', 'ab!', 'abc!'),
      merges: [
        ['a', 'b'],
        ['a', 'b!'],
        ['ab', 'c!'],
      ],
      unk_token: '<unk>',
      end_of_word_suffix: '!',
    },
  },
  'BPE that marks what continues a word': {
    model: {
      type: 'BPE',
      vocab: numbered('<unk>', ...letters, '##a', '##b', '##c', 'ab', 'abc', '##ab'),
      merges: [
        ['a', '##b'],
        ['ab', '##c'],
        ['##a', '##b'],
      ],
      unk_token: '<unk>',
      continuing_subword_prefix: '##',
      fuse_unk: true,
    },
  },
  'BPE without an unknown token': {
    model: {
      type: 'BPE',
      vocab: numbered(...letters, 'ab', 'abc'),
      merges: MERGES.map((pair) => pair.join(' ')),
    },
  },
  'BPE that falls back to bytes': {
    model: {
      type: 'BPE',
      vocab: numbered('<unk>', ...letters, 'ab', 'abc', ...bytesOf('☺')),
      merges: MERGES,
      unk_token: '<unk>',
      byte_fallback: true,
    },
  },
  'Unigram that falls back to bytes': {
    model: {
      type: 'Unigram',
      vocab: ['<unk>', 'a', 'b', 'c', 'ab', 'abc', ...bytesOf('☺')].map((piece, i) => [piece, -i]),
      unk_id: 0,
      byte_fallback: true,
    },
  },
  'whole words': {
    model: { type: 'WordLevel', vocab: numbered('<unk>', 'abc', 'c', 'é'), unk_token: '<unk>' },
  },
  'WordPiece with a short limit, and an added token that is no piece': {
    model: {
      type: 'WordPiece',
      vocab: numbered('<unk>', 'a', 'b', 'c', '##b', '##c', 'abc'),
      unk_token: '<unk>',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 6,
    },
    added_tokens: [token(7, 'ab', { single_word: true })],
  },
  'words of a fixed length': {
    ...characters('é', '☺', '𠮷'),
    pre_tokenizer: { type: 'FixedLength', length: 2 },
  },
  'words between a delimiter': {
    ...characters('.'),
    pre_tokenizer: { type: 'CharDelimiterSplit', delimiter: 'b' },
  },
  'a text that is changed before': {
    ...characters('é', '$', '&', '.', 'e', '\u0301'),
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'Replace', pattern: { String: 'c' }, content: '$&.' },
        { type: 'NFD' },
        { type: 'StripAccents' },
        { type: 'Replace', pattern: { Regex: '[xX]+|\\s' }, content: '' },
        { type: 'Prepend', prepend: 'c' },
      ],
    },
  },
  'tokens around a text, by RoBERTa': {
    model: { type: 'WordLevel', vocab: numbered('<unk>', '</s>', '<s>', 'abc'), unk_token: '<unk>' },
    post_processor: { type: 'RobertaProcessing', ...roberta },
  },
  'tokens around a text, by a template': {
    model: { type: 'WordLevel', vocab: numbered('<unk>', '</s>', '<s>', 'abc'), unk_token: '<unk>' },
    post_processor: {
      type: 'Sequence',
      processors: [
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
        {
          type: 'TemplateProcessing',
          single: [
            { SpecialToken: { id: '<s>', type_id: 0 } },
            { SpecialToken: { id: '<two>', type_id: 0 } },
            { Sequence: { id: 'A', type_id: 0 } },
            { SpecialToken: { id: '</s>', type_id: 0 } },
          ],
          pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 0 } }],
          special_tokens: {
            '<s>': { id: '<s>', ids: [2], tokens: ['<s>'] },
            '<two>': { id: '<two>', ids: [3, 1], tokens: ['abc', '</s>'] },
            '</s>': { id: '</s>', ids: [1], tokens: ['</s>'] },
          },
        },
      ],
    },
  },
}

const kinds = {}
for (const [name, fields] of Object.entries(KINDS)) {
  const whole = { version: '1.0', added_tokens: [], normalizer: null, pre_tokenizer: WORDS_APART, ...fields }
  const tokenizer = reference.Tokenizer.fromString(JSON.stringify(whole))
  const cases = []
  for (const text of SMALL_TEXTS) cases.push(await caseOf(tokenizer, text))
  kinds[name] = { tokenizer: whole, cases }
}
const kindsPath = new URL('fixtures/tokenizer/kinds.json', root)
writeFileSync(kindsPath, `${ascii(JSON.stringify({ generator: `tokenizers ${version}`, kinds }))}\n`)

async function write(name, base, changes, numRandom, fields = { changes }) {
  // The model is the base's but for its switches.
  const { model, ...others } = changes
  const switches = model ? { model: { ignore_merges: model.ignore_merges } } : {}
  const tokenizer = reference.Tokenizer.fromString(JSON.stringify({ ...base, ...changes }))
  const cases = []
  for (const text of [...HANDMADE, ...randomTexts(numRandom, 7)]) cases.push(await caseOf(tokenizer, text))
  const head = fields.changes ? { changes: { ...others, ...switches } } : fields
  const lines = cases.map((one) => ascii(JSON.stringify(one))).join(',\n')
  const opening = ascii(JSON.stringify({ generator: `tokenizers ${version}`, ...head })).slice(0, -1)
  const path = new URL(`fixtures/tokenizer/${name}.json`, root)
  writeFileSync(path, `${opening}, "cases": [\n${lines}\n]}\n`)
  console.log(name, cases.length, 'cases')
}

/** Ids of the text as sentence-transformers strips it, and where they are in the text, in UTF-16 units. */
async function caseOf(tokenizer, text) {
  const stripped = text.replace(SPACE_AROUND, '')
  const shift = stripped === '' ? 0 : text.indexOf(stripped)
  const encoding = await tokenizer.encode(stripped)
  const units = [0]
  for (const character of stripped) units.push(units.at(-1) + character.length)
  const spans = encoding
    .getOffsets()
    .map(([from, to]) => (to > from ? [units[from] + shift, units[to] + shift] : [0, 0]))
  return { text, ids: encoding.getIds(), spans }
}

function ascii(json) {
  return json.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
