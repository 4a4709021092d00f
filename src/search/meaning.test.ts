import { expect, test } from 'vitest'
import { weighted } from './meaning.ts'

const RANKED = [
  { id: 4, score: 20 },
  { id: 1, score: 18 },
  { id: 2, score: 16 },
]
const weights = (by: Record<number, number>) => (id: number) => by[id] ?? 1

test('without weights a ranking stays as it is', () => {
  expect(weighted(RANKED, () => 1)).toEqual(RANKED)
})

test('a weight counts from the weakest of the list, so that it moves a passage without drowning the others', () => {
  const ranked = weighted(RANKED, weights({ 1: 3 }))
  expect(ranked).toEqual([
    { id: 1, score: 22 },
    { id: 4, score: 20 },
    { id: 2, score: 16 },
  ])
  expect(weighted(RANKED, weights({ 4: 0.25 })).map(({ id }) => id)).toEqual([1, 4, 2])
})

test('a passage of weight 0 is not found', () => {
  expect(weighted(RANKED, weights({ 4: 0 })).map(({ id }) => id)).toEqual([1, 2])
})
