import { expect, test } from 'vitest'
import { maxSim, rank } from './max-sim.ts'
import { syntheticQuery } from './synthetic.ts'

const matrix = (dim: number, ...rows: number[][]) => ({
  data: Float32Array.from(rows.flat()),
  numTokens: rows.length,
  dim,
})

test('maxSim adds up the best similarity of every query token', () => {
  const query = matrix(2, [1, 0], [0, 1])
  expect(maxSim(query, matrix(2, [0.6, 0.8], [0.8, -0.6]))).toBeCloseTo(1.6)
})

test('maxSim keeps a negative best similarity and gives 0 without vectors', () => {
  expect(maxSim(matrix(2, [1, 0]), matrix(2, [-0.5, 0], [-0.25, 0]))).toBe(-0.25)
  expect(maxSim(matrix(2, [1, 0]), matrix(2))).toBe(0)
})

test('maxSim refuses vectors of another dimension', () => {
  expect(() => maxSim(syntheticQuery(2, 8, 1), matrix(2, [1, 0]))).toThrow(
    expect.objectContaining({ code: 'bad-argument' }),
  )
})

test('maxSim accumulates in more than float32, so that long queries keep what tells neighbours apart', () => {
  // Three terms that float32 adds up to 0 in this order.
  const query = matrix(3, [1, 1, 1])
  expect(maxSim(query, matrix(3, [2 ** 25, 1, -(2 ** 25)]))).toBe(1)
})

test('a passage whose similarities are all negative is not lifted to zero by what it is compared with', () => {
  const query = matrix(2, [1, 0], [0.6, 0.8])
  const documents = [matrix(2, [-0.6, -0.8]), matrix(2, [-0.1, 0]), matrix(2, [0, -0.1])]
  expect(rank(query, documents).map(({ index }) => index)).toEqual([2, 1, 0])
  expect(rank(query, documents).every(({ score }) => score < 0)).toBe(true)
})

test('rank puts the best first, ties in the order of the input, and stops at its limit', () => {
  const query = matrix(2, [1, 0])
  const documents = [matrix(2, [0.5, 0]), matrix(2, [1, 0]), matrix(2, [0.5, 0]), matrix(2)]
  expect(rank(query, documents)).toEqual([
    { index: 1, score: 1 },
    { index: 0, score: 0.5 },
    { index: 2, score: 0.5 },
    { index: 3, score: 0 },
  ])
  expect(rank(query, documents, { limit: 2 }).map(({ index }) => index)).toEqual([1, 0])
  expect(rank(query, [])).toEqual([])
})

test.each([0, -1, 1.5, Number.NaN])('rank refuses limit %s', (limit) => {
  expect(() => rank(matrix(2, [1, 0]), [], { limit })).toThrow(
    expect.objectContaining({ code: 'bad-argument' }),
  )
})

test('vectors that are not as many as they say are refused', () => {
  const query = matrix(2, [1, 0])
  expect(() => maxSim(query, { data: new Float32Array(3), numTokens: 2, dim: 2 })).toThrow(
    expect.objectContaining({ code: 'bad-argument' }),
  )
})
