import { expect, test } from 'vitest'
import { once } from './once.ts'

test('concurrent callers share one run', async () => {
  let runs = 0
  const get = once(async () => ++runs)
  expect(await Promise.all([get(), get(), get()])).toEqual([1, 1, 1])
  expect(await get()).toBe(1)
})

test('a failure is forgotten, so the next call tries again', async () => {
  let runs = 0
  const get = once(async () => {
    if (++runs === 1) throw new Error('first')
    return runs
  })
  await expect(Promise.all([get(), get()])).rejects.toThrow('first')
  expect(await get()).toBe(2)
})

test('reset() runs again', async () => {
  let runs = 0
  const get = once(async () => ++runs)
  await get()
  get.reset()
  expect(await get()).toBe(2)
})

test('a throw before the first await is a rejection, not an exception', async () => {
  const get = once(() => {
    throw new Error('sync')
  })
  await expect(get()).rejects.toThrow('sync')
})
