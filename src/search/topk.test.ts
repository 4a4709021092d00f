import fc from 'fast-check'
import { expect, test } from 'vitest'
import { topK } from './topk.ts'

test('the best k come first and ties go to the lower id', () => {
  expect(topK([1, 3, 2, 3, 0], 3)).toEqual([
    { id: 1, score: 3 },
    { id: 3, score: 3 },
    { id: 2, score: 2 },
  ])
})

test('positions are translated to ids, and typed arrays are accepted', () => {
  expect(topK(new Float32Array([0.5, 2]), 1, (i) => 100 + i)).toEqual([{ id: 101, score: 2 }])
})

test.each([0, -1, Number.NaN])('k = %s gives nothing', (k) => {
  expect(topK([1, 2], k)).toEqual([])
})

test('NaN ranks last and never displaces a score', () => {
  expect(topK([Number.NaN, -5, Number.NaN, 1], 2).map((hit) => hit.id)).toEqual([3, 1])
})

test('agrees with sorting everything', () => {
  const score = fc.oneof(fc.integer({ min: -5, max: 5 }), fc.float({ noNaN: true }))
  fc.assert(
    fc.property(fc.array(score, { maxLength: 300 }), fc.nat(310), (scores, k) => {
      const sorted = scores
        .map((value, id) => ({ id, score: value }))
        .sort((a, b) => b.score - a.score || a.id - b.id)
      expect(topK(scores, k)).toEqual(sorted.slice(0, k))
    }),
  )
})
