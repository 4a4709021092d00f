import { LateenError } from '../errors.ts'

/** Throws `aborted` when the signal has fired. Call between the steps of a long job. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) {
    throw new LateenError('aborted', 'The operation was aborted by its caller.', {
      cause: signal.reason,
    })
  }
}
