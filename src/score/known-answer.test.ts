import { expect, test } from 'vitest'
import { assertKnownAnswer } from './known-answer.ts'
import { referenceScorer } from './reference.ts'
import type { Scorer } from './scorer.ts'

const spoiled = (spoil: (scores: Float32Array) => Float32Array): Scorer => {
  const scorer = referenceScorer()
  return { ...scorer, score: async (...args) => spoil(await scorer.score(...args)) }
}

test('a scorer that agrees with the reference passes', async () => {
  await expect(assertKnownAnswer(referenceScorer())).resolves.toBeUndefined()
})

test.each<[string, (scores: Float32Array) => Float32Array]>([
  ['one score too high', (scores) => scores.map((score, i) => (i === 1 ? score + 0.1 : score))],
  ['NaN', (scores) => scores.map(() => Number.NaN)],
  ['zeros', (scores) => scores.map(() => 0)],
  ['too few scores', (scores) => scores.subarray(1)],
])('a scorer that answers with %s is found out', async (_what, spoil) => {
  await expect(assertKnownAnswer(spoiled(spoil))).rejects.toMatchObject({ code: 'internal' })
})
