import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { scorerConformance } from './conformance.test-suite.ts'
import { SCORE_TOLERANCE } from './scorer.ts'
import { wasmScorer } from './wasm.ts'

scorerConformance('baseline WASM', () => wasmScorer({ relaxed: false }), { tolerance: SCORE_TOLERANCE })

// Which of the two a machine uses depends on its processor; both are right on all of them.
describe.each([0, 1])('where sumsPairs says %i', (sumsPairs) => {
  const { instantiate } = WebAssembly
  beforeAll(() => {
    WebAssembly.instantiate = (async (module: WebAssembly.Module, imports: WebAssembly.Imports) => {
      const { exports } = await instantiate(module, imports)
      return { exports: { ...exports, sumsPairs: () => sumsPairs } }
    }) as unknown as typeof instantiate
  })
  afterAll(() => {
    WebAssembly.instantiate = instantiate
  })
  scorerConformance('relaxed WASM', () => wasmScorer(), { tolerance: SCORE_TOLERANCE })
})

test('Chromium gets the relaxed kernel', async () => {
  expect((await wasmScorer()).simd).toBe('relaxed')
})
