import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { LateenError } from '../errors.ts'
import { throwIfAborted } from '../util/abort.ts'
import { shared } from './shared.ts'

/** A job of 20 ms that notices an abort at its end only. */
function slowJob() {
  let runs = 0
  const get = shared(async (signal) => {
    const run = ++runs
    await setTimeout(20)
    throwIfAborted(signal)
    return run
  })
  return { get, runs: () => runs }
}

test('callers share one run and its result', async () => {
  const { get, runs } = slowJob()
  expect(await Promise.all([get(), get()])).toEqual([1, 1])
  expect(await get()).toBe(1)
  expect(runs()).toBe(1)
})

test('a failure is forgotten', async () => {
  let fail = true
  const get = shared(async () => {
    if (fail) throw new LateenError('network', 'offline')
    return 'ok'
  })
  await expect(get()).rejects.toMatchObject({ code: 'network' })
  fail = false
  expect(await get()).toBe('ok')
})

test('one caller that aborts leaves at once, and the others get the result', async () => {
  const { get } = slowJob()
  const controller = new AbortController()
  const first = get(controller.signal)
  const second = get()
  controller.abort()
  await expect(first).rejects.toMatchObject({ code: 'aborted' })
  expect(await second).toBe(1)
})

test('a caller that joins a run which the others have abandoned gets a run of its own', async () => {
  const { get, runs } = slowJob()
  const controller = new AbortController()
  const first = get(controller.signal).catch((error) => error.code)
  controller.abort()
  expect(await first).toBe('aborted')
  expect(await get()).toBe(2)
  expect(runs()).toBe(2)
})

test('an aborted caller starts nothing', async () => {
  const { get, runs } = slowJob()
  await expect(get(AbortSignal.abort())).rejects.toMatchObject({ code: 'aborted' })
  expect(runs()).toBe(0)
})
