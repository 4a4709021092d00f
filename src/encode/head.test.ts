import { expect, test } from 'vitest'
import type { DenseLayer } from '../model/spec.ts'
import { cutRows, normalizeRows } from '../util/rows.ts'
import { applyHead, erf } from './head.ts'

const layer = (extra: Partial<DenseLayer>): DenseLayer => ({
  inFeatures: 2,
  outFeatures: 2,
  weight: Float32Array.from([1, 2, 3, 4]),
  activation: 'identity',
  ...extra,
})

test('a layer multiplies every row by its weights, stored one output after another', () => {
  expect([...applyHead([layer({})], Float32Array.from([1, 0, 0, 1]))]).toEqual([1, 3, 2, 4])
})

test('bias comes before the activation, the residual after it', () => {
  const rows = Float32Array.from([1, 1])
  const bias = Float32Array.from([-10, 1])
  expect([...applyHead([layer({ bias, activation: 'relu' })], rows)]).toEqual([0, 8])
  expect([...applyHead([layer({ bias, activation: 'relu', residual: 'identity' })], rows)]).toEqual([1, 9])
  const residual = Float32Array.from([1, 1, 0, 2])
  expect([...applyHead([layer({ bias, activation: 'relu', residual })], rows)]).toEqual([2, 10])
})

test.each([
  ['gelu', [-0.15865525, 0.8413447]],
  ['relu', [0, 1]],
  ['tanh', [-0.7615942, 0.7615942]],
  ['silu', [-0.26894143, 0.7310586]],
  ['identity', [-1, 1]],
  ['gelu-tanh', [-0.158808, 0.841192]],
  ['relu6', [0, 1]],
  ['leaky-relu', [-0.01, 1]],
  ['sigmoid', [0.26894143, 0.7310586]],
  ['elu', [-0.63212055, 1]],
  ['softplus', [0.3132617, 1.3132616]],
  ['mish', [-0.30340147, 0.8650984]],
] as const)('%s has the values of PyTorch at −1 and 1', (activation, expected) => {
  const one = layer({ inFeatures: 1, outFeatures: 1, weight: Float32Array.of(1), activation })
  const values = applyHead([one], Float32Array.of(-1, 1))
  expect(values[0]).toBeCloseTo(expected[0], 6)
  expect(values[1]).toBeCloseTo(expected[1], 6)
})

test('layers follow one another', () => {
  const narrow = layer({ outFeatures: 1, weight: Float32Array.from([1, -1]) })
  expect([...applyHead([layer({}), narrow], Float32Array.from([1, 0, 0, 1]))]).toEqual([-2, -2])
})

test('normalising gives unit rows and leaves zeros', () => {
  expect([...normalizeRows(Float32Array.from([3, 4, 0, 0]), 2)]).toEqual([
    Math.fround(0.6),
    Math.fround(0.8),
    0,
    0,
  ])
})

test('the error function is exact to double precision', () => {
  // Values of PyTorch in float64.
  expect(erf(1e-4)).toBeCloseTo(0.00011283791633342489, 15)
  expect(erf(0.5)).toBeCloseTo(0.5204998778130465, 14)
  expect(erf(-2)).toBeCloseTo(-0.9953222650189527, 14)
  expect(erf(4.5)).toBeCloseTo(0.9999999998033839, 14)
  expect([erf(0), erf(40), erf(-40), erf(Number.POSITIVE_INFINITY), erf(Number.NaN)]).toEqual([
    0,
    1,
    -1,
    1,
    Number.NaN,
  ])
})

test('cutting keeps the leading components of every row', () => {
  const rows = Float32Array.from([1, 2, 3, 4, 5, 6])
  expect([...cutRows(rows, 3, 2)]).toEqual([1, 2, 4, 5])
  expect(cutRows(rows, 3, 3)).toBe(rows)
})
