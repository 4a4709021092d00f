import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { createTokenizer } from '../tokenize/tokenize.ts'
import { bundleFiles } from './bundle-files.ts'
import { changed, type Files, filesOf, json, memorySource, parse, without } from './bundles.test-suite.ts'
import { readTokenizer } from './tokenizer-files.ts'

const family = (name: string) =>
  filesOf(fileURLToPath(new URL(`../../fixtures/family/${name}`, import.meta.url)))
const read = async (files: Files) =>
  readTokenizer(await bundleFiles(memorySource(files), {}), '', { strips: true })

const BERT = family('pylate-bert')
const CONFIG = 'tokenizer_config.json'
const TEXTS = [
  'The harbour wakes, and 12 boats leave!',
  'Où est l’ancre? GRÖSSER 帆船 𠮷 ΟΔΟΣ',
  '[Q] what [MASK] is [unused0] here',
  '',
]

test('a vocabulary alone makes the tokenizer that its tokenizer.json describes', async () => {
  const { tokenizer } = await read(without(BERT, 'tokenizer.json'))
  const described = (await read(BERT)).tokenizer
  for (const text of TEXTS) expect(tokenizer.tokenize(text).tokens).toEqual(described.tokenize(text).tokens)
})

test('letters keep case and accents where tokenizer_config.json says so', async () => {
  const vocabulary = new TextEncoder().encode(
    '[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nÉa\né\n##a\nea\n中\n中中\n',
  )
  const tokens = async (settings: object) => {
    const { tokenizer } = await read({ 'vocab.txt': vocabulary, [CONFIG]: json(settings) })
    return tokenizer.tokenize('Éa 中中').tokens.slice(1, -1)
  }
  expect(await tokens({})).toEqual(['ea', '中', '中'])
  expect(await tokens({ do_lower_case: false })).toEqual(['Éa', '中', '中'])
  expect(await tokens({ strip_accents: false })).toEqual(['é', '##a', '中', '中'])
  expect(await tokens({ tokenize_chinese_chars: false })).toEqual(['ea', '中中'])
})

test('tokens are added from the files older versions wrote', async () => {
  const bare = without(BERT, 'tokenizer.json', CONFIG)
  const { tokenizer } = await read({
    ...bare,
    'added_tokens.json': json({ '[Q] ': 9000, '<place>': 9001 }),
    'special_tokens_map.json': json({ mask_token: { content: '<place>', lstrip: true } }),
  })
  expect(tokenizer.idOf('[Q] ')).toBe(9000)
  expect(tokenizer.tokenize('  <place>').ids[1]).toBe(9001)
})

test('the hash tells vocabularies and their settings apart', async () => {
  const bare = without(BERT, 'tokenizer.json')
  const hashes = await Promise.all(
    [BERT, bare, changed(bare, CONFIG, { do_lower_case: false })].map(async (f) => (await read(f)).hash),
  )
  expect(new Set(hashes).size).toBe(3)
  expect((await read(bare)).hash).toBe(hashes[1])
})

test.each([
  ['sentencepiece.bpe.model', {}],
  ['vocab.json', {}],
  ['vocab.txt', { tokenizer_class: 'MPNetTokenizer' }],
])('%s without tokenizer.json is refused with how to make it', async (name, settings) => {
  const files = { ...without(BERT, 'tokenizer.json', 'vocab.txt'), [name]: new Uint8Array([65]) }
  await expect(read({ ...files, [CONFIG]: json(settings) })).rejects.toMatchObject({
    code: 'model-unsupported',
    message: expect.stringContaining('save_pretrained') as string,
  })
})

test('a model without any tokenizer misses tokenizer.json', async () => {
  await expect(read(without(BERT, 'tokenizer.json', 'vocab.txt'))).rejects.toMatchObject({
    code: 'model-missing-file',
    message: expect.stringContaining('tokenizer.json') as string,
  })
})

const DICTIONARY = new URL('../../fixtures/japanese/mecab/', import.meta.url)
const NAMES = ['sys.dic', 'matrix.bin', 'char.bin', 'unk.dic']
const packed: Files = Object.fromEntries(
  NAMES.map((name) => [`mecab/${name}.gz`, new Uint8Array(readFileSync(new URL(`${name}.gz`, DICTIONARY)))]),
)
const plain: Files = Object.fromEntries(
  Object.entries(packed).map(([path, bytes]) => [path.slice(0, -3), new Uint8Array(gunzipSync(bytes))]),
)
const TEXT = '東京都に住むＣｏｌ、[MASK]です鯖。'
/** Words of the dictionary, pieces of others, single characters. */
const VOCABULARY = '[PAD] [UNK] [CLS] [SEP] [MASK] 東京都 に 住む 東 京 都 Col ##l 、 です co C o 。 住'
const japanese = (settings: object, dictionary = packed): Files => ({
  'vocab.txt': new TextEncoder().encode(VOCABULARY.split(' ').join('\n')),
  [CONFIG]: json({
    tokenizer_class: 'BertJapaneseTokenizer',
    word_tokenizer_type: 'mecab',
    subword_tokenizer_type: 'wordpiece',
    do_lower_case: false,
    mecab_kwargs: { mecab_dic: 'unidic_lite' },
    ...settings,
  }),
  ...dictionary,
})

test('Japanese words come from the dictionary, their pieces from the vocabulary, and both have places', async () => {
  const { tokenizer } = await read(japanese({}))
  const { tokens, spans } = tokenizer.tokenize(TEXT)
  expect(tokens).toEqual([
    ...['[CLS]', '東京都', 'に', '住む', 'Col', '、', '[MASK]', 'です', '[UNK]', '。', '[SEP]'],
  ])
  expect(spans.map((span) => span && TEXT.slice(span.start, span.end))).toEqual([
    ...[undefined, '東京都', 'に', '住む', 'Ｃｏｌ', '、', '[MASK]', 'です', '鯖', '。', undefined],
  ])
  expect(tokenizer.count(TEXT)).toBe(tokens.length)
})

test.each([
  [{ subword_tokenizer_type: 'character' }, ['東', '京', '都', 'に', '住', '[UNK]', 'C', 'o', '[UNK]']],
  [{ do_lower_case: true }, ['東京都', 'に', '住む', 'co', '##l']],
  [{ mecab_kwargs: { normalize_text: false } }, ['東京都', 'に', '住む', '[UNK]']],
  [{ word_tokenizer_type: 'basic' }, ['[UNK]']],
  [{ do_word_tokenize: false }, ['[UNK]']],
])('Japanese settings %o hold', async (settings, expected) => {
  const { tokenizer } = await read(japanese(settings))
  expect(tokenizer.tokenize('東京都に住むＣｏｌ').tokens.slice(1, -1)).toEqual(expected)
})

test('a dictionary may lie there packed or plain', async () => {
  const [a, b] = await Promise.all([read(japanese({})), read(japanese({}, plain))])
  expect(a.tokenizer.tokenize(TEXT).ids).toEqual(b.tokenizer.tokenize(TEXT).ids)
  expect(a.hash).toBe(b.hash)
})

test('a missing dictionary is named, with what to put where', async () => {
  await expect(read(japanese({}, {}))).rejects.toMatchObject({
    code: 'model-missing-file',
    message: expect.stringMatching(
      /unidic_lite.*sys\.dic, matrix\.bin, char\.bin, unk\.dic.*mecab\//,
    ) as string,
  })
  await expect(read(without(japanese({}), 'mecab/unk.dic.gz'))).rejects.toMatchObject({
    code: 'model-missing-file',
    message: expect.stringContaining('unk.dic') as string,
  })
})

test.each([
  { word_tokenizer_type: 'sudachi' },
  { word_tokenizer_type: 'jumanpp' },
  { subword_tokenizer_type: 'sentencepiece' },
  { mecab_kwargs: { mecab_option: '-u my.dic' } },
])('%o is refused', async (settings) => {
  await expect(read(japanese(settings))).rejects.toMatchObject({ code: 'model-unsupported' })
})

test('the Japanese checkpoint gets the ids of its own library', async () => {
  const files = family('pylate-japanese')
  const { tokenizer } = await read(files)
  const { queries, documents } = parse(files['parity.json']) as Record<
    string,
    { text: string; ids: number[] }[]
  >
  let whole = 0
  for (const { text, ids } of [...queries!, ...documents!]) {
    const ours = [...tokenizer.tokenize(text).ids]
    // The marker is put in after the first token; what does not fit is cut before the last.
    const theirs = [ids[0]!, ...ids.slice(2)].slice(0, ours.length)
    const isCut = theirs.length < ours.length
    if (!isCut) whole++
    expect(ours.slice(0, isCut ? theirs.length - 1 : ours.length), text).toEqual(
      isCut ? theirs.slice(0, -1) : theirs,
    )
  }
  expect(whole).toBeGreaterThan(12)
})

test('a normaliser that is asked for twice is the same as once', () => {
  const described = parse(BERT['tokenizer.json'])
  const lowered = { ...described, normalizer: { type: 'Sequence', normalizers: [described['normalizer']] } }
  const [a, b] = [createTokenizer(described), createTokenizer(lowered)]
  for (const text of TEXTS) expect(a.tokenize(text).ids).toEqual(b.tokenize(text).ids)
})
