import { expect, test } from 'vitest'
import type { BundleFiles } from './bundle-files.ts'
import { isWanted, quantizesActivations } from './dtype.ts'
import type { ModelSource } from './source.ts'
import type { ModelWeights } from './spec.ts'
import { findWeights, rungsFor, weightsFor, weightsIdentity } from './weights.ts'

const SOURCE = { location: 'memory:' } as ModelSource

function filesWith(...paths: string[]) {
  const hashed: string[] = []
  const files = {
    has: async (path: string) => paths.includes(path),
    async hash(path: string) {
      hashed.push(path)
      return `hash of ${path}`
    },
  } as BundleFiles
  return { files, hashed }
}

const find = (paths: readonly string[], file?: string) => findWeights(filesWith(...paths).files, SOURCE, file)

const HUB = ['', '_fp16', '_quantized', '_int8', '_uint8', '_q4', '_q4f16', '_bnb4'].map(
  (suffix) => `onnx/model${suffix}.onnx`,
)
const typesOf = (weights: readonly ModelWeights[]) => weights.map(({ dtype }) => dtype)

test('every variant has the name and the type that transformers.js gives it', async () => {
  const weights = await find([...HUB, 'onnx/model_matmulnbits.onnx'])
  expect(Object.fromEntries(weights.map(({ path, dtype }) => [path, dtype]))).toEqual({
    'onnx/model.onnx': 'fp32',
    'onnx/model_fp16.onnx': 'fp16',
    'onnx/model_quantized.onnx': 'q8',
    'onnx/model_int8.onnx': 'int8',
    'onnx/model_uint8.onnx': 'uint8',
    'onnx/model_q4.onnx': 'q4',
    'onnx/model_q4f16.onnx': 'q4f16',
    'onnx/model_bnb4.onnx': 'bnb4',
    'onnx/model_matmulnbits.onnx': 'q8-matmulnbits',
  })
})

test('files at the root count where there are none below onnx/', async () => {
  const root = ['model.onnx', 'model_int8.onnx']
  expect((await find(root)).map(({ path }) => path)).toEqual(['model_int8.onnx', 'model.onnx'])
  expect((await find([...root, 'onnx/model.onnx'])).map(({ path }) => path)).toEqual(['onnx/model.onnx'])
})

test('tensors beside a graph belong to it, by the names of two exporters', async () => {
  const paths = [
    'model.onnx',
    'model.onnx_data',
    'model.onnx_data_1',
    'model_fp16.onnx',
    'model_fp16.onnx.data',
  ]
  expect(await find(paths)).toEqual([
    { path: 'model.onnx', dtype: 'fp32', external: ['model.onnx_data', 'model.onnx_data_1'] },
    { path: 'model_fp16.onnx', dtype: 'fp16', external: ['model_fp16.onnx.data'] },
  ])
})

test.each([
  ['vespa_colbert.onnx', 'fp32'],
  ['onnx/model_qint8_avx512_vnni.onnx', 'int8'],
  ['onnx/model_quint8_avx2.onnx', 'uint8'],
  ['onnx/colbert-Quantized.onnx', 'q8'],
  ['onnx/model_O4_float16.onnx', 'fp16'],
  ['q8/encoder.onnx', 'fp32'],
] as const)('a file that is named takes the type its name tells: %s', async (file, dtype) => {
  expect(await find([file, ...HUB], file)).toEqual([{ path: file, dtype }])
})

test('without a file the error names what was looked for', async () => {
  await expect(find([])).rejects.toMatchObject({
    code: 'model-missing-file',
    message: expect.stringMatching(/model_quantized\.onnx, .*model\.onnx, .* in onnx\//),
  })
  await expect(find(HUB, 'vespa_colbert.onnx')).rejects.toMatchObject({
    code: 'model-missing-file',
    message: expect.stringContaining('looked for vespa_colbert.onnx.'),
  })
})

test('each backend has its own order, and all variants are in it', async () => {
  const spec = { name: 'm', weights: await find([...HUB, 'onnx/model_matmulnbits.onnx']) }
  const [gpu, wasm, node] = (['webgpu', 'wasm', 'node'] as const).map((on) => typesOf(rungsFor(spec, on)))
  expect(gpu!.slice(0, 5)).toEqual(['q8-matmulnbits', 'fp16', 'q4f16', 'q4', 'fp32'])
  expect(wasm!.slice(0, 6)).toEqual(['q8', 'int8', 'uint8', 'q8-matmulnbits', 'q4', 'fp32'])
  expect(node).toEqual(wasm)
  expect([...gpu!].sort()).toEqual([...wasm!].sort())
  expect(gpu!.length).toBe(9)
})

test('weights that are asked for are the only ones, and q8 stands for its family', async () => {
  const spec = { name: 'm', weights: await find(HUB) }
  expect(typesOf(rungsFor(spec, 'wasm', 'fp16'))).toEqual(['fp16'])
  expect(typesOf(rungsFor(spec, 'wasm', 'q8'))).toEqual(['q8', 'int8', 'uint8'])
  expect(typesOf(rungsFor(spec, 'wasm', 'uint8'))).toEqual(['uint8'])
  expect(isWanted('int8', 'q8')).toBe(false)
})

test('weights a model has not are refused by what it has', async () => {
  const spec = { name: 'tiny', weights: await find(['model.onnx']) }
  expect(() => rungsFor(spec, 'wasm', 'q4')).toThrow('tiny has no q4 weights; it has fp32 (model.onnx)')
})

test('texts are kept apart where, and only where, activations are quantised', async () => {
  const types = typesOf(await find([...HUB, 'onnx/model_matmulnbits.onnx']))
  expect(types.filter(quantizesActivations)).toEqual(['q8', 'int8', 'uint8'])
})

test('a copy with only the files that browsers prefer has the same reference variant', async () => {
  for (let subset = 1; subset < 1 << HUB.length; subset++) {
    const whole = await find(HUB.filter((_, i) => subset & (1 << i)))
    const spec = { name: 'm', weights: whole }
    const copied = new Set((['wasm', 'webgpu'] as const).map((on) => weightsFor(spec, on).path))
    expect((await find([...copied]))[0]).toEqual(whole[0])
  }
})

test('the fingerprint takes one variant, with the tensors beside it', async () => {
  const { files, hashed } = filesWith('model.onnx', 'model.onnx_data', 'model_fp16.onnx')
  const weights = await findWeights(files, SOURCE)
  expect(await weightsIdentity(files, weights)).toEqual(['hash of model.onnx_data', 'hash of model.onnx'])
  expect(hashed).not.toContain('model_fp16.onnx')
})
