import { expect, test } from 'vitest'
import { DTYPES } from '../model/dtype.ts'
import type { Golden, WeightsType } from '../model/spec.ts'
import { runSelfTest } from './self-test.ts'

const GOLDEN: Golden = { kind: 'query', text: 'a', ids: [7, 8], vectors: Float32Array.of(1, 0, 0, 1) }

/** The second token is turned away from its known vector by this cosine. */
const answers = (cosine: number) => async () => ({
  ids: Int32Array.from(GOLDEN.ids),
  vectors: Float32Array.of(1, 0, Math.sqrt(1 - cosine ** 2), cosine),
})

const types = DTYPES.filter((dtype): dtype is WeightsType => dtype !== 'auto')

test.each(types)('%s weights are given what they cost, and no more', async (dtype) => {
  const bound = { fp32: 0.9999, fp16: 0.999, q4: 0.95, q4f16: 0.95, bnb4: 0.95 }[dtype as string] ?? 0.998
  const { passed, verified, minCosine } = await runSelfTest([GOLDEN], dtype, answers(bound + 2e-5))
  expect([passed, verified]).toEqual([true, true])
  expect(minCosine).toBeCloseTo(bound, 4)
  await expect(runSelfTest([GOLDEN], dtype, answers(bound - 2e-5))).rejects.toMatchObject({
    code: 'model-self-test-failed',
    message: expect.stringContaining(`at least ${bound}`),
  })
})

test('a known vector that has no length is not met by any', async () => {
  const golden = { ...GOLDEN, vectors: Float32Array.of(1, 0, 0, 0) }
  await expect(runSelfTest([golden], 'fp32', answers(1))).rejects.toMatchObject({
    code: 'model-self-test-failed',
    message: expect.stringContaining('found NaN'),
  })
})

test('numbers are all that is known without known answers', async () => {
  const result = await runSelfTest([], 'fp32', answers(0.5))
  expect(result).toEqual({ passed: true, verified: false, minCosine: Number.NaN })
})
