import { expect, test } from 'vitest'
import { modelInput } from '../../encode/input.ts'
import { readModelBundle } from '../bundle.ts'
import {
  changed,
  type Files,
  failure,
  json,
  memorySource,
  open,
  parse,
  safetensors,
  tiny,
  without,
} from '../bundles.test-suite.ts'

const CLS = 2
const SEP = 3
const MASK = 4
const HEAD = safetensors({
  'bert.embeddings.word_embeddings.weight': { shape: [28, 1], data: Array<number>(28).fill(0) },
  'linear.weight': { shape: [4, 8], data: Array.from({ length: 32 }, (_, i) => i) },
})
const METADATA = { query_token_id: '[Q] ', doc_token_id: '[D] ', query_maxlen: 8, doc_maxlen: 10, dim: 4 }

/** The tiny model as Stanford's library would have saved it. */
function stanford(metadata: object = METADATA): Files {
  const files = without(
    tiny(),
    'modules.json',
    'config_sentence_transformers.json',
    'sentence_bert_config.json',
    'reference.json',
  )
  return {
    ...changed(files, 'config.json', { architectures: ['HF_ColBERT'], model_type: 'bert' }),
    'artifact.metadata': json(metadata),
    'model.safetensors': HEAD,
  }
}

test('a Stanford checkpoint is told by its files and described by artifact.metadata', async () => {
  const { spec } = await open(stanford())
  expect(spec).toMatchObject({
    dim: 4,
    fullDim: 4,
    queryLength: 8,
    documentLength: 10,
    queryMarkerId: 5,
    documentMarkerId: 6,
    queryPrompt: '',
    expansion: { tokenId: MASK, attend: false, length: 8, strategy: 'fixed' },
    lowercase: false,
    similarity: 'maxsim',
    head: [{ inFeatures: 8, outFeatures: 4, activation: 'identity' }],
  })
  expect(spec.head[0]!.weight[31]).toBe(31)
  expect(spec.head[0]!.bias).toBeUndefined()
})

test('what artifact.metadata leaves out, or sets to null, has the defaults of Stanford, not of PyLate', async () => {
  const files = without(stanford({}), 'model.safetensors')
  // Its markers are not in the tiny vocabulary: that they are looked for is what is seen here.
  expect((await failure(files)).message).toContain('[unused0]')
  const { query_token_id, doc_token_id } = METADATA
  const { spec } = await open({
    ...stanford({ query_token_id, doc_token_id, query_maxlen: null }),
    'model.safetensors': safetensors({
      'linear.weight': { shape: [128, 8], data: Array<number>(1024).fill(1) },
    }),
  })
  expect(spec).toMatchObject({ dim: 128, queryLength: 32, documentLength: 220, expansion: { attend: false } })
})

test('without artifact.metadata the architecture says what it is, and without that the metadata does', async () => {
  expect((await failure(without(stanford(), 'artifact.metadata', 'model.safetensors'))).message).toContain(
    '[unused0]',
  )
  const { spec } = await open(changed(stanford(), 'config.json', { architectures: ['BertModel'] }))
  expect(spec.queryMarkerId).toBe(5)
})

test('settings one level down, as older checkpoints have them, are found', async () => {
  const { spec } = await open(stanford({ config: { ...METADATA, attend_to_mask_tokens: true } }))
  expect(spec).toMatchObject({ queryLength: 8, expansion: { attend: true } })
})

test('modules.json decides before artifact.metadata does', async () => {
  const { spec } = await open({ ...tiny(), 'artifact.metadata': json({ ...METADATA, query_maxlen: 20 }) })
  expect(spec.queryLength).toBe(8)
})

test('the skiplist holds the first id of every symbol as it is tokenised, and padding', async () => {
  const { spec, tokenizer } = await open(stanford())
  const unknown = tokenizer.idOf('[UNK]')!
  // Only two symbols are in the tiny vocabulary; the others are the unknown token, and drop it.
  expect([...spec.kept.document.skip].sort((a, b) => a - b)).toEqual([0, unknown, 23, 24])
  expect(spec.kept.query.skip.size).toBe(0)
})

/** A vocabulary in which a comma begins with a word boundary of its own, as in SentencePiece models. */
function withUnigram(files: Files): Files {
  const old = parse(files['tokenizer.json'])
  const pieces = ['<unk>', '[Q] ', '[D] ', '▁', ',', '▁a', '[MASK]', '[CLS]', '[SEP]']
  const special = (id: number, content: string) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  })
  const token = (id: string, at: number) => ({ id, ids: [at], tokens: [id] })
  return changed(
    changed(files, 'tokenizer.json', {
      ...old,
      normalizer: null,
      pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
      added_tokens: [special(6, '[MASK]'), special(7, '[CLS]'), special(8, '[SEP]')],
      post_processor: {
        ...(old['post_processor'] as object),
        special_tokens: { '[CLS]': token('[CLS]', 7), '[SEP]': token('[SEP]', 8) },
      },
      decoder: null,
      model: { type: 'Unigram', unk_id: 0, vocab: pieces.map((piece, i) => [piece, -i - 1]) },
    }),
    'tokenizer_config.json',
    { unk_token: '<unk>' },
  )
}

test('on a SentencePiece vocabulary the skiplist holds the boundary, where PyLate’s holds the symbol', async () => {
  const { spec } = await open(withUnigram(stanford()))
  expect(spec.kept.document.skip.has(3)).toBe(true)
  expect(spec.kept.document.skip.has(4)).toBe(false)
  const pylate = await open(withUnigram(without(tiny(), 'reference.json')))
  expect(pylate.spec.kept.document.skip.has(3)).toBe(false)
  expect(pylate.spec.kept.document.skip.has(4)).toBe(true)
})

test('mask_punctuation false leaves padding alone in the skiplist', async () => {
  const { spec } = await open(stanford({ ...METADATA, mask_punctuation: false }))
  expect([...spec.kept.document.skip]).toEqual([0])
})

test('padding written out becomes the mask in a query, and is dropped in a document', async () => {
  const { spec, tokenizer } = await open(stanford())
  const query = modelInput(spec, tokenizer, 'a [PAD]', 'query')
  expect([...query.ids]).toEqual([CLS, 5, 7, MASK, SEP, MASK, MASK, MASK])
  expect([...query.attention]).toEqual([1, 1, 1, 1, 1, 0, 0, 0])
  expect(query.kept.length).toBe(8)
  const document = modelInput(spec, tokenizer, 'a [PAD]', 'document')
  expect([...document.ids]).toEqual([CLS, 6, 7, 0, SEP])
  expect([...document.kept]).toEqual([0, 1, 2, 4])
})

test('a marker written out in a text stays text unless the tokenizer itself knows it as a token', async () => {
  const { tokenizer } = await open(stanford({ ...METADATA, query_token_id: 'cab' }))
  expect([...tokenizer.tokenize('gcabg').ids]).not.toContain(25)
})

test.each([
  ['similarity', { similarity: 'l2' }],
  ['interaction', { interaction: 'flipr' }],
])('another %s is called unsupported', async (key, change) => {
  const { code, message } = await failure(stanford({ ...METADATA, ...change }))
  expect(code).toBe('model-unsupported')
  expect(message).toContain(key)
})

test('a projection of another size than dim is refused', async () => {
  const { code, message } = await failure(stanford({ ...METADATA, dim: 2 }))
  expect(code).toBe('model-invalid')
  expect(message).toContain('model.safetensors should have 2 × 8 values as linear.weight, found 4 × 8')
})

test('weights without a projection are refused, no weights at all leave it to the graph', async () => {
  const other = safetensors({ 'bert.weight': { shape: [1], data: [1] } })
  expect(await failure({ ...stanford(), 'model.safetensors': other })).toMatchObject({
    code: 'model-invalid',
    message: expect.stringContaining('linear.weight'),
  })
  const { spec } = await open(without(stanford(), 'model.safetensors'))
  expect(spec).toMatchObject({ dim: 4, head: [], missingHead: { code: 'model-invalid' } })
})

test('of the transformer’s weights only header and projection are read', async () => {
  const files = stanford()
  const parts: [string, number][] = []
  const source = memorySource(files)
  const { spec } = await readModelBundle({
    ...source,
    async readRange(path, from, to) {
      parts.push([path, to - from])
      return files[path]!.subarray(from, to)
    },
  })
  expect(spec.head[0]!.weight.length).toBe(32)
  expect(parts.at(-1)).toEqual(['model.safetensors', 128])
  expect(spec.fingerprint).toBe((await open(files)).spec.fingerprint)
})
