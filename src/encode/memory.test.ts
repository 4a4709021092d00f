import { expect, test } from 'vitest'
import type { ModelWeights } from '../model/spec.ts'
import { nodeMemory } from './memory.node.ts'
import { checkMemory, WASM_LIMIT } from './memory.ts'

const GB = 2 ** 30
const WEIGHTS: ModelWeights = { path: 'onnx/model.onnx', dtype: 'fp32' }
const SPEC = { head: [], fullDim: 128, documentLength: 300 }
const graph = (bytes: number) => ({ graph: bytes, external: 0 })

test('a graph that WebAssembly would have to hold twice is refused before it is fetched', () => {
  expect(() => checkMemory(WEIGHTS, graph(2.2 * GB), 'wasm', SPEC, [WASM_LIMIT])).toThrow(
    /4,5\d\d MB of memory for onnx\/model\.onnx \(fp32, 2,253 MB\), and WebAssembly can address 4,096 MB.*q8/,
  )
  expect(() => checkMemory(WEIGHTS, graph(1.9 * GB), 'wasm', SPEC, [WASM_LIMIT])).not.toThrow()
})

test('tensors beside the graph need room once', () => {
  const sizes = { graph: 1e6, external: 3.5 * GB }
  expect(() => checkMemory(WEIGHTS, sizes, 'wasm', SPEC, [WASM_LIMIT])).not.toThrow()
  expect(() => checkMemory(WEIGHTS, { ...sizes, external: 4.2 * GB }, 'wasm', SPEC, [WASM_LIMIT])).toThrow()
})

test('a model that runs everywhere is refused nowhere', () => {
  for (const backend of ['webgpu', 'wasm', 'node'] as const) {
    checkMemory(WEIGHTS, graph(30e6), backend, SPEC, [WASM_LIMIT, { bytes: 0.5 * GB, what: 'a phone has' }])
  }
})

test('nothing is refused where sizes are not stated', () => {
  checkMemory(WEIGHTS, graph(0), 'node', SPEC, [WASM_LIMIT, { bytes: 64e6, what: 'a watch has' }])
})

test('long documents count', () => {
  const limits = [{ bytes: 0.5 * GB, what: 'a phone has' }]
  const long = { ...SPEC, fullDim: 1024, documentLength: 32_768 }
  expect(() => checkMemory(WEIGHTS, graph(30e6), 'wasm', long, limits)).toThrow('a phone has')
})

test('a process has some memory, and no more than a machine can', () => {
  const { bytes } = nodeMemory()
  expect(bytes).toBeGreaterThan(64e6)
  expect(bytes).toBeLessThan(2 ** 46)
})
