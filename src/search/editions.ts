/**
 * A site that is deployed anew takes files away from the pages that are open. Where one is gone, the manifest
 * is read again, and what was asked is asked of the edition it names.
 */
import { isLateenError } from '../errors.ts'
import type { HitList } from '../types.ts'
import { type IndexState, sameSegments } from './state.ts'

export interface Editions {
  /** The value of `work` on an edition whose files are there. Fails with what it fails with on the newest. */
  run<T>(work: (index: IndexState) => Promise<T>): Promise<T>
  /** The lists of `answer`; they begin anew with every edition. */
  lists(answer: (index: IndexState) => AsyncIterable<HitList>): AsyncGenerator<HitList>
}

/**
 * @param current the snapshot in use
 * @param refresh replaces it by what the manifest says now
 */
export function editions(current: () => IndexState, refresh: () => Promise<void>): Editions {
  async function hasNext(index: IndexState): Promise<boolean> {
    // Where the manifest cannot be had, what is missing is still the news.
    if (sameSegments(index, current())) await refresh().catch(() => undefined)
    return !sameSegments(index, current())
  }

  return {
    async run(work) {
      for (;;) {
        const index = current()
        try {
          return await work(index)
        } catch (error) {
          if (!isLateenError(error, 'segment-missing') || !(await hasNext(index))) throw error
        }
      }
    },
    async *lists(answer) {
      let isOver = false
      while (!isOver) {
        const index = current()
        isOver = true
        try {
          for await (const list of answer(index)) {
            isOver = list.degraded?.code !== 'segment-missing' || !(await hasNext(index))
            if (!isOver) break
            yield list
          }
        } catch (error) {
          if (!isLateenError(error, 'segment-missing') || !(await hasNext(index))) throw error
          isOver = false
        }
      }
    },
  }
}
