import { expect, test } from 'vitest'
import { bootstrapInterval, mean, ndcg, percentile, recall, reciprocalRank } from './metrics.ts'

const grades = new Map([
  ['a', 3],
  ['b', 1],
  ['c', 0],
])

test('ndcg weighs grade 3 with gain 7 and discounts by log2 of rank + 1', () => {
  // DCG: c gives 0, a gives 7 / log2(3), b gives 1 / log2(4). Ideal: 7 / log2(2) + 1 / log2(3).
  const expected = (7 / Math.log2(3) + 1 / 2) / (7 + 1 / Math.log2(3))
  expect(ndcg(['c', 'a', 'b'], grades, 10)).toBeCloseTo(expected, 12)
  expect(expected).toBeCloseTo(0.644287, 6)
})

test('ndcg is 1 for the ideal order and 0 when nothing relevant is found, judged or returned', () => {
  expect(ndcg(['a', 'b', 'x'], grades, 10)).toBe(1)
  expect(ndcg(['x', 'c'], grades, 10)).toBe(0)
  expect(ndcg(['x'], new Map([['x', 0]]), 10)).toBe(0)
  expect(ndcg([], grades, 10)).toBe(0)
})

test('ndcg at k cuts the ideal order as well', () => {
  expect(ndcg(['a'], grades, 1)).toBe(1)
  expect(ndcg(['b', 'a'], grades, 1)).toBeCloseTo(1 / 7, 12)
})

test('recall counts grades above zero only, among the first k', () => {
  expect(recall(['c', 'b', 'a'], grades, 2)).toBe(0.5)
  expect(recall(['c', 'b', 'a'], grades, 3)).toBe(1)
  expect(recall(['c'], new Map([['c', 0]]), 3)).toBe(0)
})

test('reciprocal rank looks at the first relevant document within k', () => {
  expect(reciprocalRank(['c', 'x', 'b', 'a'], grades, 10)).toBeCloseTo(1 / 3, 12)
  expect(reciprocalRank(['c', 'x', 'b'], grades, 2)).toBe(0)
})

test('percentile interpolates between neighbours and does not reorder its input', () => {
  const values = [4, 1, 3, 2]
  expect(percentile(values, 50)).toBe(2.5)
  expect(percentile(values, 0)).toBe(1)
  expect(percentile(values, 100)).toBe(4)
  expect(percentile(values, 95)).toBeCloseTo(3.85, 12)
  expect(values).toEqual([4, 1, 3, 2])
})

test('a percentile of nothing or out of range is a bad argument', () => {
  expect(() => percentile([], 50)).toThrow(expect.objectContaining({ code: 'bad-argument' }))
  expect(() => percentile([1], 101)).toThrow(expect.objectContaining({ code: 'bad-argument' }))
  expect(() => percentile([1], Number.NaN)).toThrow(expect.objectContaining({ code: 'bad-argument' }))
})

test('mean of nothing is 0', () => {
  expect(mean([])).toBe(0)
  expect(mean([1, 2, 6])).toBe(3)
})

test('the bootstrap interval repeats with its seed, holds the mean and narrows with more values', () => {
  const few = Array.from({ length: 20 }, (_, i) => i % 2)
  const many = Array.from({ length: 2000 }, (_, i) => i % 2)
  const interval = bootstrapInterval(few)
  expect(bootstrapInterval(few)).toEqual(interval)
  expect(bootstrapInterval(few, { seed: 2 })).not.toEqual(interval)
  expect(interval.mean).toBe(0.5)
  // 20 coin flips: standard error 0.112, so about 0.28 to 0.72.
  expect(interval.low).toBeGreaterThan(0.2)
  expect(interval.low).toBeLessThan(0.35)
  expect(interval.high).toBeGreaterThan(0.65)
  expect(interval.high).toBeLessThan(0.8)
  const narrow = bootstrapInterval(many, { samples: 500 })
  expect(narrow.high - narrow.low).toBeLessThan((interval.high - interval.low) / 5)
  expect(bootstrapInterval([])).toEqual({ mean: 0, low: 0, high: 0 })
})
