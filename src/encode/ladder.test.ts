import { expect, test, vi } from 'vitest'
import { type ErrorCode, isLateenError, LateenError } from '../errors.ts'
import type { ModelWeights } from '../model/spec.ts'
import type { Encoder } from './encoder.ts'
import { type BackendRungs, climb } from './ladder.ts'

const Q8: ModelWeights = { path: 'q8.onnx', dtype: 'q8' }
const FP32: ModelWeights = { path: 'fp32.onnx', dtype: 'fp32' }
const started = (): { encoder: Encoder } => ({ encoder: { dispose: vi.fn() } as unknown as Encoder })
const fails =
  (code: ErrorCode, message: string = code) =>
  async () => {
    throw new LateenError(code, message)
  }

function rungs(
  backend: BackendRungs<{ encoder: Encoder }>['backend'],
  outcomes: Record<string, () => Promise<{ encoder: Encoder }>>,
  more: Partial<BackendRungs<{ encoder: Encoder }>> = {},
) {
  const tried: string[] = []
  return {
    tried,
    backend,
    weights: [Q8, FP32].filter(({ dtype }) => dtype in outcomes),
    start: async ({ dtype }: ModelWeights) => {
      tried.push(dtype)
      return outcomes[dtype]!()
    },
    close: vi.fn(),
    ...more,
  }
}

test('weights that answer wrongly make way for others on the same backend, and the reason is kept', async () => {
  const gpu = rungs('webgpu', { q8: fails('model-self-test-failed', 'lies'), fp32: async () => started() })
  const cpu = rungs('wasm', { q8: async () => started() })
  const { fallbacks } = await climb([gpu, cpu])
  expect(fallbacks).toEqual([
    { from: 'webgpu', dtype: 'q8', code: 'model-self-test-failed', message: 'lies' },
  ])
  expect(cpu.tried).toEqual([])
  expect(gpu.close).not.toHaveBeenCalled()
})

test.each(['gpu-lost', 'network'] as const)(
  '%s gives up the backend, whatever weights are left',
  async (code) => {
    const gpu = rungs('webgpu', { q8: fails(code), fp32: async () => started() })
    const cpu = rungs('wasm', { q8: async () => started() })
    const { fallbacks } = await climb([gpu, cpu])
    expect(gpu.tried).toEqual(['q8'])
    expect(gpu.close).toHaveBeenCalledOnce()
    expect(fallbacks).toEqual([{ from: 'webgpu', code, message: code }])
  },
)

test('a backend that does not open has no weights read for it', async () => {
  const gpu = rungs('webgpu', { q8: async () => started() }, { open: fails('gpu-unavailable', 'no GPU') })
  const cpu = rungs('wasm', { q8: async () => started() })
  const { fallbacks } = await climb([gpu, cpu])
  expect(gpu.tried).toEqual([])
  expect(fallbacks).toEqual([{ from: 'webgpu', code: 'gpu-unavailable', message: 'no GPU' }])
})

test('a damaged file is not read again for the next backend', async () => {
  const gpu = rungs('webgpu', { q8: fails('model-invalid'), fp32: fails('model-unsupported') })
  const cpu = rungs('wasm', { q8: async () => started(), fp32: async () => started() })
  const { fallbacks } = await climb([gpu, cpu])
  expect(cpu.tried).toEqual(['fp32'])
  expect(fallbacks.map(({ from, dtype, code }) => [from, dtype, code])).toEqual([
    ['webgpu', 'q8', 'model-invalid'],
    ['webgpu', 'fp32', 'model-unsupported'],
  ])
})

test('when all lie the load fails, naming every backend with its weights', async () => {
  const lies = fails('model-self-test-failed', 'lies.')
  await expect(
    climb([
      rungs('webgpu', { q8: lies, fp32: fails('model-too-large', 'big.') }),
      rungs('wasm', { q8: lies }),
    ]),
  ).rejects.toMatchObject({
    code: 'model-self-test-failed',
    message:
      'No backend can run the model. webgpu with q8 weights: lies. webgpu with fp32 weights: big. wasm with q8 weights: lies.',
  })
})

test('a failure that is no lie keeps its own code, and its own words where it is the only one', async () => {
  const gpu = rungs('webgpu', {}, { open: fails('gpu-unavailable') })
  await expect(climb([gpu, rungs('wasm', { q8: fails('network', 'no route') })])).rejects.toMatchObject({
    code: 'network',
    message: 'no route',
  })
})

test('files that are missing are told of once, by the one that suits best, and blame no backend', async () => {
  const cpu = rungs('wasm', {
    q8: fails('model-missing-file', 'no q8'),
    fp32: fails('model-invalid', 'half'),
  })
  await expect(climb([cpu])).rejects.toMatchObject({ code: 'model-missing-file', message: 'no q8' })
  expect(cpu.tried).toEqual(['q8', 'fp32'])
})

test('an abort while a rung starts ends the climb, disposes what started and closes the backend', async () => {
  const controller = new AbortController()
  const value = started()
  const cpu = rungs('wasm', {
    async q8() {
      controller.abort()
      return value
    },
    fp32: async () => started(),
  })
  await expect(climb([cpu], controller.signal)).rejects.toSatisfy((error) => isLateenError(error, 'aborted'))
  expect(value.encoder.dispose).toHaveBeenCalledOnce()
  expect(cpu.close).toHaveBeenCalledOnce()
  expect(cpu.tried).toEqual(['q8'])
})
