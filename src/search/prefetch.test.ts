import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { LateenError } from '../errors.ts'
import { memoryStore } from '../store/memory.ts'
import { idlePrefetch } from './prefetch.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const LONG = 60_000

function watched(keepAll: (signal?: AbortSignal) => Promise<void>) {
  const calls = vi.fn(keepAll)
  const ended = new AbortController()
  return { calls, ended, prefetch: idlePrefetch({ ...memoryStore(), keepAll: calls }, ended.signal) }
}

test('the index is brought once nothing has happened for a while, once per revision', async () => {
  const { calls, prefetch } = watched(async () => undefined)
  prefetch.schedule(1)
  await vi.advanceTimersByTimeAsync(100)
  expect(calls).not.toHaveBeenCalled()
  prefetch.schedule(1)
  await vi.advanceTimersByTimeAsync(LONG)
  expect(calls).toHaveBeenCalledTimes(1)
  prefetch.schedule(1)
  await vi.advanceTimersByTimeAsync(LONG)
  expect(calls).toHaveBeenCalledTimes(1)
  prefetch.schedule(2)
  await vi.advanceTimersByTimeAsync(LONG)
  expect(calls).toHaveBeenCalledTimes(2)
})

test('a query that comes has the network to itself, and the rest follows later', async () => {
  const signals: AbortSignal[] = []
  const { calls, prefetch } = watched(
    (signal) =>
      new Promise((_, reject) => {
        signals.push(signal!)
        signal!.addEventListener('abort', () => reject(new LateenError('aborted', 'Stopped.')))
      }),
  )
  prefetch.schedule(1)
  await vi.advanceTimersByTimeAsync(LONG)
  prefetch.pause()
  expect(signals[0]!.aborted).toBe(true)
  prefetch.schedule(1)
  await vi.advanceTimersByTimeAsync(LONG)
  expect(calls).toHaveBeenCalledTimes(2)
  expect(prefetch.fallbacks()).toEqual([])
})

test('why it failed is told, and forgotten when it succeeds', async () => {
  let online = false
  const { prefetch } = watched(async () => {
    if (!online) throw new LateenError('network', 'Offline.')
  })
  prefetch.schedule(1)
  await vi.advanceTimersByTimeAsync(LONG)
  expect(prefetch.fallbacks()).toEqual([{ from: 'prefetch', code: 'network', message: 'Offline.' }])
  online = true
  prefetch.schedule(1)
  await vi.advanceTimersByTimeAsync(LONG)
  expect(prefetch.fallbacks()).toEqual([])
})

test.each(['storage-full', 'storage-unavailable'] as const)(
  'where nothing can be kept (%s) it is not fetched again and again',
  async (code) => {
    const { calls, prefetch } = watched(async () => {
      throw new LateenError(code, 'No room.')
    })
    for (let i = 0; i < 3; i++) {
      prefetch.schedule(1)
      await vi.advanceTimersByTimeAsync(LONG)
    }
    expect(calls).toHaveBeenCalledTimes(1)
    expect(prefetch.fallbacks()).toEqual([{ from: 'prefetch', code, message: 'No room.' }])
  },
)

test('nothing starts after the end', async () => {
  const { calls, ended, prefetch } = watched(async () => undefined)
  prefetch.schedule(1)
  ended.abort()
  prefetch.schedule(1)
  await vi.advanceTimersByTimeAsync(LONG)
  expect(calls).not.toHaveBeenCalled()
})
