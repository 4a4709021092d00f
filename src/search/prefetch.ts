/** Brings the rest of an index here while nothing else is going on, so that the next visit needs no network. */
import { asLateenError } from '../errors.ts'
import type { IndexStore } from '../store/store.ts'
import type { Fallback } from '../types.ts'

/** How long nothing must have happened: a reader who types is still asking. */
const IDLE_MS = 1_500

export interface Prefetch {
  /** Starts when nothing has happened for a while; once all of a revision is here, never again for that one. */
  schedule(revision: number): void
  /** Leaves the network to a query. */
  pause(): void
  /** Why the last attempt failed. */
  fallbacks(): Fallback[]
}

export function idlePrefetch(store: IndexStore, ended: AbortSignal): Prefetch {
  let timer: ReturnType<typeof setTimeout> | undefined
  let running: AbortController | undefined
  let done: number | undefined
  let failure: Fallback | undefined

  function pause() {
    clearTimeout(timer)
    running?.abort()
    running = undefined
  }

  async function run(revision: number) {
    const mine = new AbortController()
    running = mine
    try {
      await store.keepAll(mine.signal)
      done = revision
      failure = undefined
    } catch (error) {
      const { code, message } = asLateenError(error)
      if (code === 'aborted' || code === 'closed') return
      failure = { from: 'prefetch', code, message }
      // What was brought stays, and the next idle moment goes on with the rest, unless there is no room for it.
      if (code === 'storage-full' || code === 'storage-unavailable') done = revision
    }
  }

  ended.addEventListener('abort', pause, { once: true })
  return {
    schedule(revision) {
      if (revision === done || ended.aborted) return
      pause()
      timer = setTimeout(() => void run(revision), IDLE_MS)
    },
    pause,
    fallbacks: () => (failure ? [failure] : []),
  }
}
