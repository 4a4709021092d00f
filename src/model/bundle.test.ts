import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { sha256Hex } from '../util/hash.ts'
import { readModelBundle } from './bundle.ts'
import {
  type Files,
  failure,
  filesOf,
  json,
  memorySource,
  open,
  parse,
  SETTINGS,
  TINY,
  tiny,
  tinyWith,
} from './bundles.test-suite.ts'
import { folderSource } from './folder.node.ts'
import { weightsFor } from './weights.ts'

const SHIPPED = fileURLToPath(new URL('../../public/models/lateen-mini', import.meta.url))

function manifestFor(files: Files, keys: object = {}): Uint8Array {
  const facts = Object.entries(files).map(([path, bytes]) => [
    path,
    { bytes: bytes.length, sha256: sha256Hex(bytes) },
  ])
  return json({ format: 'lateen-model', version: 1, name: 'tiny', files: Object.fromEntries(facts), ...keys })
}

test('a PyLate folder becomes one description with every setting resolved to ids', async () => {
  const { spec } = await readModelBundle(folderSource(TINY))
  expect(spec).toMatchObject({
    name: 'tiny-model',
    dim: 4,
    queryLength: 8,
    documentLength: 10,
    queryMarkerId: 5,
    documentMarkerId: 6,
    expansion: { tokenId: 4, attend: false, length: 8, strategy: 'fixed' },
    lowercase: false,
    padTokenId: 4,
    weights: [{ path: 'onnx/model.onnx', dtype: 'fp32' }],
  })
  expect(
    spec.head.map(({ inFeatures, outFeatures, activation }) => [inFeatures, outFeatures, activation]),
  ).toEqual([
    [8, 6, 'gelu'],
    [6, 4, 'tanh'],
  ])
  expect(spec.head.map(({ bias, residual }) => [bias?.length, residual?.length])).toEqual([
    [6, undefined],
    [undefined, 24],
  ])
  expect(spec.goldens.map(({ kind, ids }) => [kind, ids.length])).toEqual([
    ['query', 8],
    ['document', 10],
  ])
})

test('the shipped model is described by its own files', async () => {
  const { spec } = await readModelBundle(folderSource(SHIPPED))
  expect(spec).toMatchObject({
    name: 'lateen-mini',
    dim: 64,
    queryLength: 128,
    documentLength: 220,
    queryMarkerId: 5,
    documentMarkerId: 6,
    head: [],
  })
  expect(spec.expansion).toBeUndefined()
  expect(weightsFor(spec, 'webgpu').dtype).toBe('q8-matmulnbits')
  expect(weightsFor(spec, 'wasm').dtype).toBe('q8')
})

test('the manifest of the shipped model names every file of it as it is', async () => {
  const files = filesOf(SHIPPED)
  const facts = parse(files['lateen.json'])['files'] as Record<string, object>
  const shipped = Object.keys(files).filter((path) => path !== 'lateen.json' && !path.endsWith('.md'))
  expect(Object.keys(facts).sort()).toEqual(shipped.sort())
  const { readFile } = await readModelBundle(folderSource(SHIPPED))
  for (const path of shipped) expect((await readFile(path)).length).toBe(files[path]!.length)
})

test('a file the manifest does not name is not there', async () => {
  const { readFile } = await open({
    ...tiny(),
    'lateen.json': manifestFor(tiny()),
    'extra.bin': new Uint8Array(1),
  })
  await expect(readFile('extra.bin')).rejects.toMatchObject({ code: 'model-missing-file' })
})

test.each([
  ['nothing', null],
  ['no length', { 'config.json': { sha256: 'ab' } }],
  ['no object', { 'config.json': null }],
  ['a hash that is a path', { 'config.json': { bytes: 2, sha256: '../../x' } }],
  ['a path outside of it', { '../config.json': { bytes: 2 } }],
])('a manifest that states %s of its files is refused', async (_, files) => {
  const manifest = json({ format: 'lateen-model', version: 1, name: 'tiny', files })
  const { code, message } = await failure({ ...tiny(), 'lateen.json': manifest })
  expect([code, message]).toEqual(['model-invalid', expect.stringContaining('lateen.json of the model')])
})

test('a manifest may say how long a text its graphs take', async () => {
  const withPositions = (positions: number) => ({
    ...tiny(),
    'lateen.json': manifestFor(tiny(), { positions }),
  })
  const { spec } = await readModelBundle(memorySource(withPositions(12)))
  expect(spec.positions).toBe(12)
  expect(await failure(withPositions(0))).toMatchObject({
    code: 'model-invalid',
    message: expect.stringContaining('positions'),
  })
})

test('a name that every object has is no file of a manifest', async () => {
  const files = { ...tiny(), 'lateen.json': manifestFor(tiny()) }
  await expect((await open(files)).readFile('constructor')).rejects.toMatchObject({
    code: 'model-missing-file',
  })
})

test.each(['/etc', '../outside', 'a/../../outside', '..\\outside', 'C:/outside'])(
  'nothing is read in %s, whoever names it',
  async (path) => {
    const read: string[] = []
    const modules = parse(tiny()['modules.json']) as unknown as { path: string }[]
    const moved = Object.values(modules).map((module, i) => (i === 1 ? { ...module, path } : module))
    await expect(
      readModelBundle(memorySource({ ...tiny(), 'modules.json': json(moved) }, read)),
    ).rejects.toMatchObject({ code: 'model-invalid', message: expect.stringContaining('outside of it') })
    expect(read.filter((one) => one.includes('outside') || one.startsWith('/'))).toEqual([])
  },
)

test.each([
  ['another list', [{ id: 1 }]],
  ['no vectors', { a: { kind: 'query', text: 'x', input_ids: [1] } }],
  ['words', { a: 'b' }],
])('a reference.json with %s in it is refused by name', async (_, reference) => {
  const { code, message } = await failure({ ...tiny(), 'reference.json': json(reference) })
  expect([code, message]).toEqual(['model-invalid', expect.stringContaining('reference.json should have')])
})

test('everything that decides the vectors decides the fingerprint, and nothing else does', async () => {
  const fingerprintOf = async (files: Files) => (await open(files)).spec.fingerprint
  const plain = await fingerprintOf(tiny())
  const same = { ...tiny(), 'README.md': json({}), 'onnx/model_fp16.onnx': new Uint8Array(3) }
  expect(await fingerprintOf(same)).toBe(plain)
  expect(await fingerprintOf({ ...tiny(), 'lateen.json': manifestFor(tiny()) })).toBe(plain)
  const changed = [
    tinyWith(SETTINGS, { query_length: 9 }),
    tinyWith(SETTINGS, { document_prefix: '' }),
    tinyWith(SETTINGS, { attend_to_expansion_tokens: true }),
    tinyWith(SETTINGS, { skiplist_words: ['.'] }),
    tinyWith('1_Dense/config.json', { activation_function: 'torch.nn.ReLU' }),
    { ...tiny(), 'onnx/model.onnx': new Uint8Array(9) },
    { ...tiny(), 'onnx/model_quantized.onnx': new Uint8Array(8) },
    tinyWith('tokenizer.json', { padding: {} }),
  ]
  const fingerprints = await Promise.all(changed.map(fingerprintOf))
  expect(new Set([plain, ...fingerprints]).size).toBe(changed.length + 1)
})

test('with a manifest nothing is read to find out what is there', async () => {
  const read: string[] = []
  const files = tiny()
  await readModelBundle(memorySource({ ...files, 'lateen.json': manifestFor(files) }, read))
  expect(read).not.toContain('onnx/model.onnx')
  expect(new Set(read).size).toBe(read.length)
})

test('without a manifest the weights are read once, for their hash and for use', async () => {
  const read: string[] = []
  const { spec, readWeights } = await readModelBundle(memorySource(tiny(), read))
  expect((await readWeights(weightsFor(spec, 'node'))).length).toBe(tiny()['onnx/model.onnx']!.length)
  expect(read.filter((path) => path === 'onnx/model.onnx').length).toBe(1)
})

test('progress counts up to the bytes of all files, and names a total once it is known', async () => {
  const files = tiny()
  const steps: { done: number; total?: number }[] = []
  const source = memorySource({ ...files, 'lateen.json': manifestFor(files) })
  const { spec, readWeights, bytesRead } = await readModelBundle(source, { onProgress: (p) => steps.push(p) })
  await readWeights(weightsFor(spec, 'wasm'))
  expect(steps.every(({ done }, i) => i === 0 || done >= steps[i - 1]!.done)).toBe(true)
  expect(steps[0]!.total).toBeUndefined()
  expect(steps.at(-1)).toMatchObject({ stage: 'onnx/model.onnx', done: bytesRead(), total: bytesRead() })
})

test.each(['modules.json', SETTINGS, 'config.json', 'tokenizer.json', '1_Dense/config.json'])(
  'without %s the error names the file and what to do',
  async (path) => {
    const { [path]: _, ...files } = tiny()
    const { code, message } = await failure(files)
    expect(code).toBe('model-missing-file')
    expect(message).toContain(path)
    expect(message).toContain('Check')
  },
)

test.each([
  [
    'a file that is cut off',
    { ...tiny(), 'tokenizer.json': tiny()['tokenizer.json']!.slice(0, 900) },
    'tokenizer.json',
  ],
  [
    'a web page in place of a file',
    { ...tiny(), 'modules.json': new TextEncoder().encode('<!doctype html>') },
    'modules.json',
  ],
  ['a setting of the wrong type', tinyWith(SETTINGS, { query_length: '32' }), 'query_length'],
  ['a marker the tokenizer does not know', tinyWith(SETTINGS, { query_prefix: '[X]' }), '[X]'],
  [
    'layers that do not fit together',
    tinyWith('2_Dense/config.json', { in_features: 5 }),
    '2_Dense/config.json',
  ],
  [
    'weights that do not fit their layer',
    tinyWith('2_Dense/config.json', { out_features: 5 }),
    '2_Dense/model.safetensors',
  ],
  [
    'known vectors of another width',
    { ...tiny(), 'reference.json': json([{ kind: 'query', text: 'a', input_ids: [1], vectors: [[1]] }]) },
    'reference.json',
  ],
  [
    'a known vector with something else than numbers',
    {
      ...tiny(),
      'reference.json': json([{ kind: 'query', text: 'a', input_ids: [1], vectors: [[1, null, 0, 0]] }]),
    },
    'reference.json',
  ],
  [
    'a path that leaves the folder',
    { ...tiny(), 'modules.json': json([{ type: 'x.Transformer', path: '../..' }]) },
    '../../',
  ],
  ['a manifest of something else', { ...tiny(), 'lateen.json': json({ format: 'x' }) }, 'lateen.json'],
])('%s is refused as invalid', async (_, files, named) => {
  const { code, message } = await failure(files as Files)
  expect(code).toBe('model-invalid')
  expect(message).toContain(named)
})

test.each([
  [
    'a module',
    {
      ...tiny(),
      'modules.json': json([
        { type: 'x.Transformer', path: '' },
        { type: 'x.CNN', path: '' },
      ]),
    },
    'CNN',
  ],
  ['an activation', tinyWith('1_Dense/config.json', { activation_function: 'torch.nn.PReLU' }), 'PReLU'],
  [
    'a manifest version',
    { ...tiny(), 'lateen.json': json({ format: 'lateen-model', version: 2, files: {} }) },
    '2',
  ],
])('%s that is not implemented is called unsupported', async (_, files, named) => {
  const { code, message } = await failure(files as Files)
  expect(code).toBe('model-unsupported')
  expect(message).toContain(named)
})

test.each([
  ['another length', (bytes: Uint8Array) => bytes.slice(1), 'bytes'],
  ['another content', (bytes: Uint8Array) => bytes.map((byte, i) => (i === 5 ? byte ^ 1 : byte)), 'SHA-256'],
])('a file of %s than the manifest says is refused', async (_, change, named) => {
  const files = tiny()
  const source = memorySource({
    ...files,
    'lateen.json': manifestFor(files),
    'onnx/model.onnx': change(files['onnx/model.onnx']!),
  })
  const { spec, readWeights } = await readModelBundle(source)
  await expect(readWeights(weightsFor(spec, 'wasm'))).rejects.toMatchObject({
    code: 'model-invalid',
    message: expect.stringMatching(new RegExp(`onnx/model.onnx.*${named}`)),
  })
})

test('a bundle that is stored compressed is the same model, and its progress is that of the transfer', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lateen-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const files = tiny()
  const facts: Record<string, object> = {}
  let stored = 0
  for (const [path, bytes] of Object.entries(files)) {
    const packed = gzipSync(bytes)
    facts[path] = { bytes: bytes.length, sha256: sha256Hex(bytes), gzip: packed.length }
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, `${path}.gzip`), packed)
    stored += packed.length
  }
  const manifest = { format: 'lateen-model', version: 1, name: 'tiny', files: facts }
  writeFileSync(join(folder, 'lateen.json'), JSON.stringify(manifest))

  const totals: (number | undefined)[] = []
  const dones: number[] = []
  const bundle = await readModelBundle(folderSource(folder), {
    onProgress({ done, total }) {
      dones.push(done)
      totals.push(total)
    },
  })
  await bundle.readWeights(weightsFor(bundle.spec, 'wasm'))
  const plain = await open(files)
  expect(bundle.spec.fingerprint).toBe(plain.spec.fingerprint)
  expect([...dones].sort((a, b) => a - b)).toEqual(dones)
  expect(dones.at(-1)).toBe(totals.at(-1))
  expect(totals.at(-1)).toBeLessThanOrEqual(stored)
  expect(bundle.bytesRead()).toBeGreaterThan(totals.at(-1)!)
})

test('what else is downloaded counts in the progress of a bundle', async () => {
  const seen: [stage: string, done: number, total: number | undefined][] = []
  const bundle = await readModelBundle(memorySource(filesOf(SHIPPED)), {
    onProgress: ({ stage, done, total }) => seen.push([stage, done, total]),
  })
  const before = seen.at(-1)![1]
  bundle.track('runtime', 1_000, 5_000)
  expect(seen.at(-1)).toEqual(['runtime', before + 1_000, undefined])
  await bundle.readWeights(weightsFor(bundle.spec, 'wasm'))
  const [, done, total] = seen.at(-1)!
  expect(total! - done).toBe(4_000)
})

test('cut vectors have their own fingerprint, and known answers that are cut and of length 1 again', async () => {
  const full = await open(tiny())
  const { spec } = await open(tiny(), { dim: 2 })
  expect([full.spec.dim, full.spec.fullDim, spec.dim, spec.fullDim]).toEqual([4, 4, 2, 4])
  expect(spec.fingerprint).not.toBe(full.spec.fingerprint)
  expect((await open(tiny(), { dim: 4 })).spec.fingerprint).toBe(full.spec.fingerprint)
  const { ids, vectors } = spec.goldens[0]!
  expect(vectors.length).toBe(ids.length * 2)
  const [a, b] = full.spec.goldens[0]!.vectors
  expect(vectors[0]).toBeCloseTo(a! / Math.hypot(a!, b!), 6)
  expect(Math.hypot(vectors[0]!, vectors[1]!)).toBeCloseTo(1, 6)
})

test.each([0, 5, 1.5, -1, Number.NaN])('a dim of %s is refused', async (dim) => {
  const { code, message } = await failure(tiny(), { dim })
  expect(code).toBe('bad-argument')
  expect(message).toContain('1 to the 4 components')
})
