import { LateenError } from '../errors.ts'

/** Throws `aborted` when the signal has fired. Call between the steps of a long job. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) {
    throw new LateenError('aborted', 'The operation was aborted by its caller.', {
      cause: signal.reason,
    })
  }
}

/**
 * The promise, or a rejection with `aborted` as soon as the signal fires. The work behind the promise
 * goes on: this is for waiting on something that others share.
 */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise
  throwIfAborted(signal)
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => {
      try {
        throwIfAborted(signal)
      } catch (error) {
        reject(error)
      }
    }
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
