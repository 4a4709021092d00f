/** One job that several callers wait for, each with a signal of its own. */
import { isLateenError } from '../errors.ts'
import { abortable, throwIfAborted } from '../util/abort.ts'
import { once } from '../util/once.ts'

/**
 * Concurrent callers share one run; its result is kept, a failure is forgotten. A caller that aborts
 * leaves at once; when the last one has left, the run itself is aborted.
 */
export function shared<T>(run: (signal: AbortSignal) => Promise<T>): (signal?: AbortSignal) => Promise<T> {
  let waiting = 0
  let controller = new AbortController()
  const get = once(() => {
    controller = new AbortController()
    return run(controller.signal)
  })
  return async (signal) => {
    for (;;) {
      throwIfAborted(signal)
      waiting++
      try {
        return await abortable(get(), signal)
      } catch (error) {
        // A run that others left may be ending just as this caller joins it.
        if (!isLateenError(error, 'aborted') || signal?.aborted) throw error
      } finally {
        waiting--
        if (waiting === 0) controller.abort()
      }
    }
  }
}
