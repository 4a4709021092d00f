import { expect, test } from 'vitest'
import { isLateenError } from '../errors.ts'
import { roundToHalf } from '../util/half.ts'
import { decodeVectors } from './decode.ts'
import { encodeVectors } from './encode.ts'
import { RESIDUAL_BITS, type ResidualTraining, trainResidualCodecs } from './residual.ts'
import { clusteredVectors, dot, lengthOf, matrixOf, rowOf } from './samples.test-suite.ts'

const DIM = 16
const sample = clusteredVectors(3_000, DIM, 1)
const codecs = trainResidualCodecs(sample, { numCentroids: 32 })

test('the same sample and options give the same codecs', () => {
  const again = trainResidualCodecs({ ...sample, data: sample.data.slice() }, { numCentroids: 32 })
  for (const bits of RESIDUAL_BITS) expect(again(bits)).toEqual(codecs(bits))
})

test('another seed, another number of centroids or other bits give another fingerprint', () => {
  const others = [{ numCentroids: 32, seed: 2 }, { numCentroids: 31 }]
  const fingerprints = others.map((options) => trainResidualCodecs(sample, options)(4).fingerprint)
  const all = [...RESIDUAL_BITS.map((bits) => codecs(bits).fingerprint), ...fingerprints]
  expect(new Set(all).size).toBe(5)
  for (const fingerprint of all) expect(fingerprint).toMatch(/^[0-9a-f]{64}$/)
})

test.each(RESIDUAL_BITS)('tables of %d bits are ascending and made of the numbers kernels use', (bits) => {
  const { centroids, weights, cutoffs, scales, weightStep, numCentroids } = codecs(bits)
  expect([numCentroids, weights.length, cutoffs.length, scales.length]).toEqual([
    32,
    2 ** bits,
    2 ** bits - 1,
    16,
  ])
  expect(centroids).toEqual(centroids.map(roundToHalf))
  expect(centroids).toBe(codecs(4).centroids)
  expect(Math.max(...weights.map(Math.abs))).toBe(63)
  expect(weightStep).toBe(Math.fround(weightStep))
  for (const table of [weights, cutoffs, scales]) expect([...table]).toEqual([...table].sort((a, b) => a - b))
  cutoffs.forEach((cutoff, k) => {
    expect(cutoff).toBeCloseTo(((weights[k]! + weights[k + 1]!) / 2) * weightStep, 6)
  })
})

test('a vector comes back closer with every bit, and with about unit length', () => {
  const unseen = clusteredVectors(500, DIM, 1)
  const errors = RESIDUAL_BITS.map((bits) => {
    const decoded = decodeVectors(codecs(bits), encodeVectors(codecs(bits), unseen))
    let error = 0
    for (let i = 0; i < unseen.numTokens; i++) {
      expect(lengthOf(rowOf(decoded, i))).toBeGreaterThan(0.9)
      expect(lengthOf(rowOf(decoded, i))).toBeLessThan(1.1)
      error += 1 - dot(rowOf(unseen, i), rowOf(decoded, i)) / lengthOf(rowOf(decoded, i))
    }
    return error / unseen.numTokens
  })
  expect(errors[0]).toBeLessThan(0.005)
  expect(errors[1]).toBeLessThan(0.05)
  expect(errors[2]).toBeLessThan(0.15)
  expect(errors[0]).toBeLessThan(errors[1]!)
  expect(errors[1]).toBeLessThan(errors[2]!)
})

test('a small sample gets fewer centroids, so that residuals remain', () => {
  expect(trainResidualCodecs(clusteredVectors(100, 8, 2))(2).numCentroids).toBe(6)
  expect(trainResidualCodecs(clusteredVectors(3, 8, 2))(2).numCentroids).toBe(1)
})

test('constant vectors can be trained on, stored and read', () => {
  const row = Array.from({ length: 8 }, (_, d) => (d === 2 ? 1 : 0))
  const matrix = matrixOf(...Array.from({ length: 64 }, () => row))
  const constant = trainResidualCodecs(matrix, { numCentroids: 4 })
  for (const bits of RESIDUAL_BITS) {
    const { data } = decodeVectors(constant(bits), encodeVectors(constant(bits), matrix))
    data.forEach((value, i) => {
      expect(value).toBeCloseTo(row[i % 8]!, 3)
    })
  }
})

test('zero vectors can be trained on and stay finite', () => {
  const zeros = { data: new Float32Array(64 * 8), numTokens: 64, dim: 8 }
  const codec = trainResidualCodecs(zeros)(2)
  expect(decodeVectors(codec, encodeVectors(codec, zeros)).data.every(Number.isFinite)).toBe(true)
})

test.each([
  ['no vector', { ...sample, data: new Float32Array(0), numTokens: 0 }, {}],
  ['a component that is not a number', matrixOf([0, 0, 0, 0, 0, 0, 0, Number.NaN]), {}],
  ['an infinite component', matrixOf([0, 0, 0, 0, 0, 0, 0, Number.NEGATIVE_INFINITY]), {}],
  ['a dimension that does not fill bytes', clusteredVectors(40, 12, 1), {}],
  ['no centroid', sample, { numCentroids: 0 }],
  ['half a centroid', sample, { numCentroids: 1.5 }],
  ['more centroids than ids', sample, { numCentroids: 65_537 }],
  ['a negative seed', sample, { seed: -1 }],
  ['endless iterations', sample, { iterations: Number.POSITIVE_INFINITY }],
] as const)('%s is refused', (_, matrix, options: ResidualTraining) => {
  expect(() => trainResidualCodecs(matrix, options)).toThrow(
    expect.toSatisfy((error) => isLateenError(error, 'bad-argument')),
  )
})
