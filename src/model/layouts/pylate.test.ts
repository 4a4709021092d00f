import { expect, test } from 'vitest'
import {
  changed,
  failure,
  json,
  open,
  parse,
  SETTINGS,
  safetensors,
  tiny,
  tinyWith,
  without,
} from '../bundles.test-suite.ts'

const UNKNOWN = 1
const tokenizing = (change: object) => tinyWith('tokenizer_config.json', change)

test('keys that a checkpoint leaves out, or sets to null, have the defaults of PyLate', async () => {
  const { query_prefix, ...defaults } = {
    query_prefix: null,
    document_prefix: null,
    query_length: null,
    document_length: null,
    do_query_expansion: null,
    attend_to_expansion_tokens: null,
  }
  for (const settings of [{}, { query_prefix, ...defaults }]) {
    const { spec } = await open({ ...tiny(), [SETTINGS]: json(settings) })
    expect(spec).toMatchObject({
      queryLength: 32,
      documentLength: 180,
      queryMarkerId: 5,
      documentMarkerId: 6,
      expansion: { tokenId: 4, attend: false, length: 32, strategy: 'fixed' },
      similarity: 'maxsim',
    })
    expect([...spec.kept.document.skip].sort()).toEqual([23, 24])
  }
})

test('an empty marker inserts nothing and leaves its place to the text', async () => {
  const { spec } = await open(tinyWith(SETTINGS, { query_prefix: '', document_prefix: '' }))
  expect(spec.queryMarkerId).toBeUndefined()
  expect(spec.documentMarkerId).toBeUndefined()
})

test('a skiplist word that is not in the vocabulary drops unknown tokens, as it does in PyLate', async () => {
  const { spec } = await open(tokenizing({ unk_token: '[UNK]' }))
  expect([...spec.kept.document.skip].sort()).toEqual([UNKNOWN, 23, 24])
  expect([...spec.kept.query.skip]).toEqual([])
  const { spec: without } = await open(tokenizing({ unk_token: null }))
  expect([...without.kept.document.skip].sort()).toEqual([23, 24])
})

test('an empty skiplist drops nothing', async () => {
  const { spec } = await open(tinyWith(SETTINGS, { skiplist_words: [] }))
  expect(spec.kept.document.skip.size).toBe(0)
})

test.each([
  ['the mask token', { mask_token: '[MASK]', eos_token: '[SEP]' }, 4],
  ['the end token where there is no mask', { mask_token: null, eos_token: '[SEP]' }, 3],
  ['the padding token where there is neither', { mask_token: null, eos_token: null, pad_token: '[PAD]' }, 0],
])('queries are expanded with %s', async (_, tokens, id) => {
  const { spec } = await open(tokenizing(tokens))
  expect(spec.expansion?.tokenId).toBe(id)
  expect(spec.padTokenId).toBe(id)
})

test('a tokenizer class brings the tokens that its files do not name', async () => {
  const files = { ...tiny(), 'tokenizer_config.json': json({ tokenizer_class: 'BertTokenizer' }) }
  expect((await open(files)).spec.expansion?.tokenId).toBe(4)
  const old = { ...tiny(), 'tokenizer_config.json': json({}) }
  expect((await open(changed(old, 'config.json', { model_type: 'bert' }))).spec.expansion?.tokenId).toBe(4)
  const named = { ...old, 'special_tokens_map.json': json({ mask_token: { content: '[MASK]' } }) }
  expect((await open(named)).spec.expansion?.tokenId).toBe(4)
})

test('without any token to expand with, expansion is refused and its absence is not', async () => {
  const none = tokenizing({ mask_token: null, pad_token: null })
  expect(await failure(none)).toMatchObject({
    code: 'model-invalid',
    message: expect.stringContaining('mask_token'),
  })
  const { spec } = await open(changed(none, SETTINGS, { do_query_expansion: false }))
  expect(spec.expansion).toBeUndefined()
})

test('prompts are taken by kind, else by the default name', async () => {
  const promptsOf = async (settings: object) => {
    const { spec } = await open(tinyWith(SETTINGS, settings))
    return [spec.queryPrompt, spec.documentPrompt]
  }
  expect(await promptsOf({ prompts: { query: 'q: ', document: 'd: ' } })).toEqual(['q: ', 'd: '])
  expect(await promptsOf({ prompts: { query: 'q: ', passage: 'p: ' } })).toEqual(['q: ', 'p: '])
  expect(await promptsOf({ prompts: { all: 'x: ' }, default_prompt_name: 'all' })).toEqual(['x: ', 'x: '])
  expect(await promptsOf({ prompts: { all: 'x: ' } })).toEqual(['', ''])
  expect(await promptsOf({ prompts: { query: '' }, default_prompt_name: null })).toEqual(['', ''])
})

test('lowercasing is asked for in sentence_bert_config.json, and reaches special tokens too', async () => {
  const { spec, tokenizer } = await open(tinyWith('sentence_bert_config.json', { do_lower_case: true }))
  expect(spec.lowercase).toBe(true)
  expect([...tokenizer.tokenize('[MASK]').ids]).not.toContain(4)
  expect([...(await open(tiny())).tokenizer.tokenize('[MASK]').ids]).toEqual([2, 4, 3])
})

test('a marker of the vocabulary is one token where a text spells it out', async () => {
  const files = tiny()
  const json1 = parse(files['tokenizer.json']) as { added_tokens: { content: string }[] }
  const plain = changed(files, 'tokenizer.json', {
    added_tokens: json1.added_tokens.filter(({ content }) => !content.startsWith('[Q')),
  })
  const { tokenizer, spec } = await open(changed(plain, SETTINGS, { query_prefix: 'cab' }))
  expect(spec.queryMarkerId).toBe(25)
  // Within a word, only an added token is found.
  expect([...tokenizer.tokenize('gcabg').ids]).toEqual([2, 13, 25, 13, 3])
})

test('a marker that the tokenizer lacks is refused: PyLate would add it with random numbers', async () => {
  const { code, message } = await failure(tinyWith(SETTINGS, { document_prefix: '[X] ' }))
  expect(code).toBe('model-invalid')
  expect(message).toContain('"[X] "')
})

test.each([
  ['queries', { query_length: 2 }],
  ['documents', { document_length: 2 }],
])('a length for %s that leaves no room for special tokens and marker is refused', async (what, settings) => {
  const { code, message } = await failure(tinyWith(SETTINGS, settings))
  expect(code).toBe('model-invalid')
  expect(message).toContain(what)
  expect(message).toMatch(/to 2 tokens.* are 3/)
})

test.each([
  ['a length of zero', { query_length: 0 }, 'query_length'],
  ['a length that is no whole number', { document_length: 1.5 }, 'document_length'],
  ['a flag that is text', { do_query_expansion: 'false' }, 'do_query_expansion'],
  ['a skiplist that is text', { skiplist_words: '.,' }, 'skiplist_words'],
  ['a prompt that is no text', { prompts: { query: 3 } }, 'prompts'],
  ['prompts that are a list', { prompts: ['q: '] }, 'prompts'],
])('%s is refused by its key', async (_, settings, key) => {
  const { code, message } = await failure(tinyWith(SETTINGS, settings))
  expect(code).toBe('model-invalid')
  expect(message).toContain(SETTINGS)
  expect(message).toContain(key)
})

test('a key nobody knows is ignored', async () => {
  const { spec } = await open(tinyWith(SETTINGS, { colour: 'blue' }))
  expect(spec.fingerprint).toBe((await open(tiny())).spec.fingerprint)
})

test('the Dense of either library is read, and its bias and activation have that library’s defaults', async () => {
  const weights = safetensors({
    'linear.weight': { shape: [4, 8], data: Array<number>(32).fill(1) },
    'linear.bias': { shape: [4], data: [1, 2, 3, 4] },
  })
  const single = (type: string, config: object) => ({
    ...without(tiny(), '2_Dense/config.json', '2_Dense/model.safetensors'),
    'modules.json': json([
      { type: 'sentence_transformers.models.Transformer', path: '' },
      { type, path: '1_Dense' },
    ]),
    '1_Dense/config.json': json({ in_features: 8, out_features: 4, ...config }),
    '1_Dense/model.safetensors': weights,
  })
  const { spec } = await open(single('sentence_transformers.models.Dense', {}))
  expect(spec.head).toMatchObject([{ activation: 'tanh', bias: Float32Array.from([1, 2, 3, 4]) }])
  const named = { activation_function: 'torch.nn.modules.linear.Identity', bias: false }
  expect((await open(single('pylate.models.Dense.Dense', named))).spec.head).toMatchObject([
    { activation: 'identity' },
  ])
  expect(await failure(single('pylate.models.Dense.Dense', {}))).toMatchObject({
    message: expect.stringContaining('activation_function'),
  })
  expect(
    await failure(single('sentence_transformers.models.Dense', { module_input_name: 'sentence_embedding' })),
  ).toMatchObject({ code: 'model-unsupported' })
})

test('a chain that does not start with what the transformer gives is refused', async () => {
  const { code, message } = await failure(tinyWith('config.json', { hidden_size: 16 }))
  expect(code).toBe('model-invalid')
  expect(message).toMatch(/1_Dense\/config.json takes 8 values.*transformer gives 16/)
})

test('a model with a Pooling module is called what it is', async () => {
  const modules = json([
    { type: 'sentence_transformers.models.Transformer', path: '' },
    { type: 'sentence_transformers.models.Pooling', path: '1_Pooling' },
  ])
  const { code, message } = await failure({ ...tiny(), 'modules.json': modules })
  expect(code).toBe('model-unsupported')
  expect(message).toContain('one vector of a whole text')
})

const bare = () => ({
  ...tiny(),
  'modules.json': json([{ type: 'sentence_transformers.models.Transformer', path: '' }]),
})

test('a checkpoint without a projection is refused: PyLate would add random numbers', async () => {
  const { code, message } = await failure(bare())
  expect(code).toBe('model-unsupported')
  expect(message).toContain('Dense')
})

test('a Stanford checkpoint behind modules.json lends its projection and what the settings leave out', async () => {
  const artifact = { dim: 4, query_token_id: '[Q] ', doc_token_id: '[D] ', query_maxlen: 7, doc_maxlen: 9 }
  const files = without(bare(), 'reference.json')
  const { spec } = await open({
    ...changed(files, 'config.json', { architectures: ['HF_ColBERT'] }),
    'artifact.metadata': json({ ...artifact, attend_to_mask_tokens: true }),
    'model.safetensors': safetensors({ 'linear.weight': { shape: [4, 8], data: Array<number>(32).fill(2) } }),
    [SETTINGS]: json({ query_length: 6, document_length: null, skiplist_words: ['.'] }),
  })
  expect(spec).toMatchObject({
    dim: 4,
    queryLength: 6,
    documentLength: 9,
    queryMarkerId: 5,
    expansion: { attend: true, length: 6 },
    head: [{ inFeatures: 8, outFeatures: 4 }],
  })
  expect([...spec.kept.document.skip]).toEqual([23])
})

test('a head stored as a Python pickle only is asked for when the graph turns out to need it', async () => {
  const files = {
    ...without(tiny(), '2_Dense/model.safetensors'),
    '2_Dense/pytorch_model.bin': new Uint8Array(9),
  }
  const { spec } = await open(files)
  expect(spec.head).toEqual([])
  expect(spec.missingHead).toMatchObject({
    code: 'model-unsupported',
    reason: expect.stringMatching(/2_Dense\/pytorch_model.bin.*safetensors/),
  })
  const { spec: gone } = await open(without(tiny(), '1_Dense/model.safetensors'))
  expect(gone.missingHead).toMatchObject({
    code: 'model-invalid',
    reason: expect.stringContaining('1_Dense/model.safetensors'),
  })
})

test('a tokenizer that pads on the left expands there; one that cuts there is called unsupported', async () => {
  expect((await open(tokenizing({ padding_side: 'left' }))).spec.expansion).toMatchObject({ side: 'left' })
  expect((await open(tokenizing({ padding_side: 'right' }))).spec.expansion).not.toHaveProperty('side')
  expect(await failure(tokenizing({ truncation_side: 'left' }))).toMatchObject({
    code: 'model-unsupported',
    message: expect.stringContaining('left'),
  })
})
