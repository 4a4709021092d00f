import { expect, test } from 'vitest'
import { scorerConformance } from './conformance.test-suite.ts'
import { SCORE_TOLERANCE } from './scorer.ts'
import { wasmScorer } from './wasm.ts'

scorerConformance('baseline WASM', () => wasmScorer({ relaxed: false }), { tolerance: SCORE_TOLERANCE })

const { simd } = await wasmScorer()
scorerConformance('relaxed WASM', simd === 'relaxed' ? () => wasmScorer() : undefined, {
  tolerance: SCORE_TOLERANCE,
})

test('relaxed SIMD can be declined', async () => {
  expect((await wasmScorer({ relaxed: false })).simd).toBe('baseline')
})
