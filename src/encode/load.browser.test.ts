import { afterAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Encoder } from './encoder.ts'
import { openGpu } from './gpu.web.ts'
import { type LoadWebEncoderOptions, loadWebEncoder } from './load.web.ts'

const MODEL = '/fixtures/tiny-model/'
const GRAPHS = '/fixtures/graphs/'

const gpu = await openGpu().then(
  (opened) => opened,
  () => undefined,
)
afterAll(() => gpu?.device.destroy())

/** Which files were asked for, in order; `files` stand where others do, or where there are none. */
let asked: string[]
function serve(files: Readonly<Record<string, string>>) {
  const { fetch } = globalThis
  const mock = vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const { pathname } = new URL(String(input), location.href)
    if (!pathname.startsWith(MODEL)) return fetch(input, init)
    const path = pathname.slice(MODEL.length)
    const response = await fetch(files[path] ? GRAPHS + files[path] : input, init)
    // Whether a file is there is asked by its first bytes; one that is read whole is asked once more.
    if (path.includes('onnx')) asked.push(path)
    return response
  })
  onTestFinished(() => mock.mockRestore())
}

beforeEach(async () => {
  asked = []
  await caches.delete('lateen-models')
})

async function load(options: Partial<LoadWebEncoderOptions>) {
  const loaded = await loadWebEncoder({ model: MODEL, prefer: 'wasm', ...options })
  onTestFinished(() => loaded.encoder.dispose())
  return loaded
}

const used = ({ backend, weights }: Encoder) => [backend, weights.dtype]
const timesRead = (path: string) => asked.filter((one) => one === path).length - 1

test('the best weights for WebAssembly are read, and no others', async () => {
  serve({ 'onnx/model_uint8.onnx': 'int32.onnx', 'onnx/model_q4.onnx': 'positions.onnx' })
  const { encoder, fallbacks } = await load({})
  expect(used(encoder)).toEqual(['wasm', 'uint8'])
  expect(fallbacks).toEqual([])
  expect(['uint8', 'q4'].map((dtype) => timesRead(`onnx/model_${dtype}.onnx`))).toEqual([1, 0])
  expect(timesRead('onnx/model.onnx')).toBe(0)
})

test('weights that answer wrongly make way for others on the same backend', async () => {
  serve({ 'onnx/model_int8.onnx': 'wrong-answers.onnx' })
  const { encoder, fallbacks } = await load({})
  expect(used(encoder)).toEqual(['wasm', 'fp32'])
  expect(fallbacks).toEqual([
    {
      from: 'wasm',
      dtype: 'int8',
      code: 'model-self-test-failed',
      message: expect.stringContaining('at least 0.998'),
    },
  ])
})

test('a damaged graph and one with an unknown operator do not take WebAssembly down with them', async () => {
  serve({ 'onnx/model_int8.onnx': 'external.onnx_data', 'onnx/model_q4.onnx': 'unknown-operator.onnx' })
  const { encoder, fallbacks } = await load({})
  expect(used(encoder)).toEqual(['wasm', 'fp32'])
  expect(fallbacks.map(({ dtype, code }) => [dtype, code])).toEqual([
    ['int8', 'model-invalid'],
    ['q4', 'model-unsupported'],
  ])
})

test('a load that fails leaves an encoder of before as it is', async () => {
  const { encoder } = await load({})
  const before = await encoder.encodeQuery('bad cab')
  serve({ 'onnx/model.onnx': 'unknown-operator.onnx' })
  await expect(load({})).rejects.toMatchObject({ code: 'model-unsupported' })
  expect((await encoder.encodeQuery('bad cab')).matrix).toEqual(before.matrix)
})

test('a device that says it has little memory refuses what cannot fit, before it is fetched', async () => {
  const memory = vi.spyOn(navigator as { deviceMemory?: number }, 'deviceMemory', 'get').mockReturnValue(1e-6)
  onTestFinished(() => memory.mockRestore())
  await expect(load({})).rejects.toMatchObject({
    code: 'model-too-large',
    message: expect.stringMatching(/onnx\/model\.onnx.*this device has at most 1 MB/),
  })
})

const EXTERNAL = { 'external.onnx': 'external.onnx', 'external.onnx_data': 'external.onnx_data' }

test('WebAssembly finds tensors beside the graph', async () => {
  serve(EXTERNAL)
  const { encoder } = await load({ weights: 'external.onnx' })
  expect(used(encoder)).toEqual(['wasm', 'fp32'])
  expect(encoder.selfTest.minCosine).toBeGreaterThan(0.999999)
})

test('an output in half precision is read as numbers', async () => {
  serve({ 'onnx/model_fp16.onnx': 'half-output.onnx' })
  const { encoder } = await load({ dtype: 'fp16' })
  expect(used(encoder)).toEqual(['wasm', 'fp16'])
  expect(encoder.selfTest.minCosine).toBeGreaterThan(0.9999)
})

describe.skipIf(!gpu)('on WebGPU', () => {
  const onGpu = { prefer: 'webgpu' } as const

  test('tensors beside the graph are found', async () => {
    serve(EXTERNAL)
    const { encoder } = await load({ ...onGpu, weights: 'external.onnx' })
    expect(used(encoder)).toEqual(['webgpu', 'fp32'])
    expect(encoder.selfTest.minCosine).toBeGreaterThan(0.999999)
  })

  test('its own order holds there, and wrong answers move on to WebAssembly only at the end', async () => {
    serve({
      'onnx/model_matmulnbits.onnx': 'wrong-answers.onnx',
      'onnx/model_q4.onnx': 'int32.onnx',
      'onnx/model_int8.onnx': 'positions.onnx',
    })
    const { encoder, fallbacks } = await load(onGpu)
    expect(used(encoder)).toEqual(['webgpu', 'q4'])
    expect(fallbacks.map(({ from, dtype }) => [from, dtype])).toEqual([['webgpu', 'q8-matmulnbits']])
  })

  test.skipIf(gpu?.device.features.has('shader-f16'))(
    'a device without half floats leaves fp16 alone, and an explicit fp16 runs on WebAssembly',
    async () => {
      serve({ 'onnx/model_fp16.onnx': 'half-output.onnx' })
      const dropped = {
        from: 'webgpu',
        dtype: 'fp16',
        code: 'model-unsupported',
        message: expect.stringContaining('shader-f16'),
      }
      const chosen = await load(onGpu)
      expect(used(chosen.encoder)).toEqual(['webgpu', 'fp32'])
      expect(chosen.fallbacks).toEqual([dropped])
      expect(timesRead('onnx/model_fp16.onnx')).toBe(0)
      const asked = await load({ ...onGpu, dtype: 'fp16' })
      expect(used(asked.encoder)).toEqual(['wasm', 'fp16'])
      expect(asked.fallbacks).toEqual([dropped])
    },
  )
})
