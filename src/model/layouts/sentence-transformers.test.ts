import { expect, test } from 'vitest'
import { modelInput } from '../../encode/input.ts'
import { changed, type Files, failure, json, open, parse, tiny, without } from '../bundles.test-suite.ts'

const CLS = 2
const SEP = 3
const MASK = 4
const Q = 5
const GENERAL = 'config_sentence_transformers.json'
const TRANSFORMER = 'sentence_bert_config.json'
const BASE = 'sentence_transformers'
const MODULES = [
  { path: '', type: `${BASE}.base.modules.transformer.Transformer` },
  { path: '1_Dense', type: `${BASE}.base.modules.dense.Dense` },
  { path: '2_Dense', type: `${BASE}.base.modules.dense.Dense` },
  {
    path: '3_MultiVectorMask',
    type: `${BASE}.multi_vector_encoder.modules.multi_vector_mask.MultiVectorMask`,
  },
  { path: '4_Normalize', type: `${BASE}.base.modules.normalize.Normalize` },
]
const POOLING = {
  path: '5_HierarchicalTokenPooling',
  type: `${BASE}.multi_vector_encoder.modules.token_pooling.HierarchicalTokenPooling`,
}

/** The tiny model as a MultiVectorEncoder would have been saved. */
function native(transformer: object = {}, mask: object = {}, modules: readonly object[] = MODULES): Files {
  const files = without(tiny(), 'reference.json')
  const old = parse(files['tokenizer.json']) as { added_tokens: { content: string }[] }
  return {
    ...changed(files, 'tokenizer.json', {
      // A marker is registered as a special token, which no normaliser touches.
      added_tokens: old.added_tokens.map((token) =>
        /^\[[QD]\] $/.test(token.content) ? { ...token, normalized: false, special: true } : token,
      ),
    }),
    'modules.json': json(modules),
    [GENERAL]: json({
      model_type: 'MultiVectorEncoder',
      prompts: { query: '[Q] ', document: '[D] ' },
      default_prompt_name: null,
      similarity_fn_name: 'maxsim',
    }),
    [TRANSFORMER]: json({ query_length: 8, document_length: 10, ...transformer }),
    '3_MultiVectorMask/config.json': json({
      skiplist_words: ['.', ',', '?'],
      skiplist_tasks: ['document'],
      keep_only_token_ids: null,
      ...mask,
    }),
    '4_Normalize/config.json': json({
      module_input_name: 'token_embeddings',
      module_output_name: 'token_embeddings',
    }),
    '5_HierarchicalTokenPooling/config.json': json({
      pool_factor: 2,
      num_protected_tokens: 0,
      tasks: ['document'],
    }),
  }
}
const expanded = (rules: object) =>
  native({ query_length: null, query_expansion: { strategy: 'fixed', length: 8, ...rules } })
const idsOf = async (files: Files, text: string) => {
  const { spec, tokenizer } = await open(files)
  return [...modelInput(spec, tokenizer, text, 'query').ids]
}

test('a native save is described by the settings of its modules', async () => {
  const { spec } = await open(native())
  expect(spec).toMatchObject({
    dim: 4,
    queryLength: 8,
    documentLength: 10,
    queryPrompt: '[Q] ',
    documentPrompt: '[D] ',
    lowercase: false,
    similarity: 'maxsim',
    head: [{ activation: 'gelu' }, { activation: 'tanh' }],
  })
  expect(spec.queryMarkerId).toBeUndefined()
  expect(spec.expansion).toBeUndefined()
  expect(spec.pooling).toBeUndefined()
  expect(spec.kept.document.only).toBeUndefined()
})

test('a marker is the prompt, found as a token, and counted in the length', async () => {
  expect(await idsOf(native(), 'a b')).toEqual([CLS, Q, 7, 8, SEP])
  expect((await idsOf(native(), 'a b c d e f g h')).length).toBe(8)
})

test('words that the vocabulary lacks are left out of the skiplist', async () => {
  const files = changed(native(), 'tokenizer_config.json', { unk_token: '[UNK]' })
  expect([...(await open(files)).spec.kept.document.skip].sort()).toEqual([23, 24])
})

test('a skiplist may hold for queries, with one task given as text', async () => {
  const { spec } = await open(native({}, { skiplist_tasks: 'query' }))
  expect([...spec.kept.query.skip].sort()).toEqual([23, 24])
  expect(spec.kept.document.skip.size).toBe(0)
  const both = await open(native({}, { skiplist_tasks: ['query', 'document'] }))
  expect(both.spec.kept.query.skip).toEqual(both.spec.kept.document.skip)
  expect(both.spec.fingerprint).not.toBe((await open(native())).spec.fingerprint)
})

test('the only ids that are scored hold for documents, and an empty list is none', async () => {
  const { spec, tokenizer } = await open(native({}, { keep_only_token_ids: [7, 23] }))
  expect([...modelInput(spec, tokenizer, 'a b. a', 'document').kept]).toEqual([2, 5])
  expect(modelInput(spec, tokenizer, 'a b', 'query').kept.length).toBe(5)
  expect((await open(native({}, { keep_only_token_ids: [] }))).spec.kept.document.only).toBeUndefined()
})

test('a fixed expansion is floor and ceiling of a query', async () => {
  const files = expanded({})
  expect((await open(files)).spec.expansion).toEqual({
    tokenId: MASK,
    attend: false,
    length: 8,
    strategy: 'fixed',
  })
  expect(await idsOf(files, 'a')).toEqual([CLS, Q, 7, SEP, MASK, MASK, MASK, MASK])
  expect((await idsOf(files, 'a b c d e f g h')).length).toBe(8)
})

test('a min expansion is only the floor: longer queries go on to query_length, else to what the model takes', async () => {
  const rules = { strategy: 'min', length: 5 }
  const files = native({ query_length: 7, query_expansion: rules })
  expect(await idsOf(files, 'a')).toEqual([CLS, Q, 7, SEP, MASK])
  expect((await idsOf(files, 'a b c d e f g h')).length).toBe(7)
  const unlimited = changed(native({ query_length: null, query_expansion: rules }), 'config.json', {
    max_position_embeddings: 9,
  })
  expect((await idsOf(unlimited, 'a b c d e f g h')).length).toBe(9)
  const tighter = changed(unlimited, 'tokenizer_config.json', { model_max_length: 6 })
  expect((await idsOf(tighter, 'a b c d e f g h')).length).toBe(6)
})

test('the expansion token is the one that is named, else the mask, else the end token, never padding', async () => {
  const tokenOf = async (files: Files) => (await open(files)).spec.expansion?.tokenId
  expect(await tokenOf(expanded({ token: '[PAD]' }))).toBe(0)
  const noMask = { mask_token: null, eos_token: '[SEP]' }
  expect(await tokenOf(changed(expanded({}), 'tokenizer_config.json', noMask))).toBe(SEP)
  expect(await failure(changed(expanded({}), 'tokenizer_config.json', { mask_token: null }))).toMatchObject({
    code: 'model-invalid',
  })
  expect(await failure(expanded({ token: '<pad>' }))).toMatchObject({
    code: 'model-invalid',
    message: expect.stringContaining('<pad>'),
  })
})

test('without a mask module, expansion counts only where it is attended', async () => {
  const modules = MODULES.filter(({ path }) => !path.includes('Mask'))
  const rules = { strategy: 'fixed', length: 6 }
  const plain = await open(native({ query_length: null, query_expansion: rules }, {}, modules))
  expect(plain.spec.expansion).toBeUndefined()
  expect(plain.spec.queryLength).toBe(6)
  const attended = await open(
    native({ query_length: null, query_expansion: { ...rules, attend: true } }, {}, modules),
  )
  expect(attended.spec.expansion).toMatchObject({ attend: true, length: 6 })
  expect(attended.spec.kept.document.skip.size).toBe(0)
})

test('the default prompt is never asked for: queries and documents have their own, or none', async () => {
  const files = changed(native(), GENERAL, { prompts: { all: 'x: ' }, default_prompt_name: 'all' })
  const { spec } = await open(files)
  expect([spec.queryPrompt, spec.documentPrompt]).toEqual(['', ''])
})

test('lowercasing spares the special tokens that a text spells out', async () => {
  const cased = changed(native({ do_lower_case: true }), 'tokenizer.json', { normalizer: null })
  expect(await idsOf(cased, 'A [MASK] B')).toEqual([CLS, Q, 7, MASK, 8, SEP])
  const asItIs = changed(native(), 'tokenizer.json', { normalizer: null })
  expect(await idsOf(asItIs, 'A')).toEqual([CLS, Q, 1, SEP])
})

test('the model’s own pooling is told, and none where it is off or for nothing that is asked here', async () => {
  const pooled = native({}, {}, [...MODULES, POOLING])
  expect((await open(pooled)).spec.pooling).toEqual({ factor: 2, protectedTokens: 0 })
  const path = '5_HierarchicalTokenPooling/config.json'
  expect((await open(changed(pooled, path, { pool_factor: 1 }))).spec.pooling).toBeUndefined()
  expect((await open(changed(pooled, path, { tasks: ['other'] }))).spec.pooling).toBeUndefined()
  expect(await failure(changed(pooled, path, { tasks: ['query', 'document'] }))).toMatchObject({
    code: 'model-unsupported',
  })
  const defaults = await open({ ...pooled, [path]: json({ pool_factor: 3 }) })
  expect(defaults.spec.pooling).toEqual({ factor: 3, protectedTokens: 1 })
})

test('meanmaxsim is told, and changes no vector', async () => {
  const { spec } = await open(changed(native(), GENERAL, { similarity_fn_name: 'meanmaxsim' }))
  expect(spec.similarity).toBe('meanmaxsim')
  expect(spec.fingerprint).toBe((await open(native())).spec.fingerprint)
})

test.each([
  ['a task of another kind', native({ transformer_task: 'retrieval' }), 'retrieval'],
  ['a chat template', native({ modality_config: { message: {} } }), 'chat template'],
  [
    'another way to call the tokenizer',
    native({ processing_kwargs: { text: { add_special_tokens: false } } }),
    'add_special_tokens',
  ],
  ['vectors of any length', native({}, {}, MODULES.slice(0, 4)), 'Normalize'],
  ['a projection after Normalize', native({}, {}, [MODULES[0]!, MODULES[4]!, MODULES[1]!]), 'orders'],
  ['pooling before Normalize', native({}, {}, [...MODULES.slice(0, 4), POOLING, MODULES[4]!]), 'orders'],
  [
    'another module',
    native({}, {}, [...MODULES, { path: 'x', type: 'mine.LambdaTokenPooling' }]),
    'LambdaTokenPooling',
  ],
  [
    'a sentence embedding',
    changed(native(), '4_Normalize/config.json', { module_input_name: 'sentence_embedding' }),
    'Normalize',
  ],
])('%s is called unsupported', async (_, files, named) => {
  const { code, message } = await failure(files as Files)
  expect(code).toBe('model-unsupported')
  expect(message).toContain(named)
})

test.each([
  ['a strategy nobody knows', expanded({ strategy: 'long' }), 'strategy'],
  ['an expansion without a length', expanded({ length: null }), 'length'],
  [
    'a query_length below the expansion',
    native({ query_length: 4, query_expansion: { strategy: 'min', length: 8 } }),
    'query_length',
  ],
  ['ids that are words', native({}, { keep_only_token_ids: ['a'] }), 'keep_only_token_ids'],
  ['no length at all', native({ document_length: null }), 'document_length'],
])('%s is refused as invalid', async (_, files, named) => {
  const { code, message } = await failure(files as Files)
  expect(code).toBe('model-invalid')
  expect(message).toContain(named)
})
