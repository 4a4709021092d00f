import { expect, test } from 'vitest'
import { isLateenError } from '../errors.ts'
import { plainCodec } from './plain.ts'
import { RESIDUAL_BITS, trainResidualCodecs } from './residual.ts'
import { measureRetention } from './retention.ts'
import { clusteredVectors, matrixOf } from './samples.test-suite.ts'

const DIM = 32
const all = clusteredVectors(3_000, DIM, 1, 40)
const passages = Array.from({ length: 60 }, (_, i) => ({
  data: all.data.subarray(50 * i * DIM, 50 * (i + 1) * DIM),
  numTokens: 50,
  dim: DIM,
}))
const queries = Array.from({ length: 20 }, (_, i) => clusteredVectors(5 + (i % 3), DIM, 100 + i, 40))

test('floats keep the ranking exactly', () => {
  const { overlap, scoreError } = measureRetention({ passages, queries, codec: plainCodec('f32', DIM) })
  expect(overlap).toBe(1)
  expect(scoreError).toBeLessThan(1e-6)
})

test('fewer bits keep less of the ranking', () => {
  const codecs = trainResidualCodecs(all, { numCentroids: 64 })
  const measured = RESIDUAL_BITS.map((bits) => measureRetention({ passages, queries, codec: codecs(bits) }))
  const overlaps = measured.map(({ overlap }) => overlap)
  const errors = measured.map(({ scoreError }) => scoreError)
  expect(overlaps).toEqual([...overlaps].sort((a, b) => b - a))
  expect(errors).toEqual([...errors].sort((a, b) => a - b))
  expect(overlaps[0]).toBeGreaterThan(0.8)
  expect(overlaps[2]).toBeLessThan(0.8)
})

test('score error is per query token, and the overlap counts passages', () => {
  // int8 turns 0.5001 and 0.866 into 64/127 and 110/127, and leaves ±1 as they are.
  const codec = plainCodec('int8', 2)
  const tilted = [0.5, Math.sqrt(0.75)] as const
  const { overlap, scoreError } = measureRetention({
    passages: [matrixOf([1, 0]), matrixOf(tilted)],
    queries: [matrixOf([1, 0], [1, 0])],
    codec,
  })
  const length = Math.hypot(64, 110)
  expect(overlap).toBe(1)
  expect(scoreError).toBeCloseTo(Math.abs(64 / length - 0.5) / 2, 6)
})

test('a passage without vectors scores 0 on both sides', () => {
  const empty = { data: new Float32Array(0), numTokens: 0, dim: DIM }
  const { scoreError } = measureRetention({ passages: [empty], queries, codec: plainCodec('int8', DIM) })
  expect(scoreError).toBe(0)
})

test.each([
  ['no passage', { passages: [], queries }],
  ['no query', { passages, queries: [] }],
  ['a query of another dimension', { passages, queries: [matrixOf([1, 0])] }],
  ['a passage of another dimension', { passages: [matrixOf([1, 0])], queries }],
  [
    'a query that is not finite',
    { passages, queries: [{ ...queries[0]!, data: new Float32Array(5 * DIM).fill(Number.NaN) }] },
  ],
])('%s is refused', (_, sample) => {
  expect(() => measureRetention({ ...sample, codec: plainCodec('f32', DIM) })).toThrow(
    expect.toSatisfy((error) => isLateenError(error, 'bad-argument')),
  )
})
