import fc from 'fast-check'
import { expect, test } from 'vitest'
import { padBatch, planBatches } from './batch.ts'

const lengths = fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 60 })

test('every text is in exactly one batch, and no batch exceeds its rows unless it is one text', () => {
  fc.assert(
    fc.property(lengths, fc.integer({ min: 1, max: 1000 }), (list, maxTokens) => {
      const batches = planBatches(list, { maxTokens })
      expect(batches.flat().sort((a, b) => a - b)).toEqual(list.map((_, i) => i))
      for (const batch of batches) {
        const longest = Math.max(...batch.map((i) => list[i]!))
        expect(batch.length === 1 || longest * batch.length <= maxTokens).toBe(true)
      }
    }),
  )
})

test('texts of like length share a batch', () => {
  expect(planBatches([10, 200, 11, 199], { maxTokens: 400 })).toEqual([
    [0, 2],
    [3, 1],
  ])
})

test('the number of texts of a batch can be limited', () => {
  expect(planBatches([5, 5, 5], { maxTokens: 1000, maxTexts: 1 })).toEqual([[0], [1], [2]])
})

test('shorter texts are filled up with ids that get no attention', () => {
  const text = (...ids: number[]) => ({
    ids: Int32Array.from(ids),
    attention: new Uint8Array(ids.length).fill(1),
  })
  expect(padBatch([text(7, 8), text(9, 10, 11)], 4)).toEqual({
    ids: Int32Array.from([7, 8, 4, 9, 10, 11]),
    attention: Uint8Array.from([1, 1, 0, 1, 1, 1]),
    batch: 2,
    seq: 3,
  })
})
