/** Tries backends in order, and says why each one before the chosen one was dropped. */
import { asLateenError, isLateenError, LateenError } from '../errors.ts'
import type { Fallback } from '../types.ts'
import { throwIfAborted } from '../util/abort.ts'
import type { Encoder } from './encoder.ts'

export interface Rung<T> {
  readonly name: string
  start(): Promise<T>
}

/**
 * @returns the first rung that started, and the failures before it
 * @throws LateenError `aborted`; `model-self-test-failed` when no rung could be trusted; else the code
 *         of the last failure
 */
export async function climb<T extends { readonly encoder: Encoder }>(
  rungs: readonly Rung<T>[],
  signal?: AbortSignal,
): Promise<{ value: T; fallbacks: Fallback[] }> {
  const fallbacks: Fallback[] = []
  for (const { name, start } of rungs) {
    throwIfAborted(signal)
    try {
      const value = await start()
      if (signal?.aborted) await value.encoder.dispose()
      throwIfAborted(signal)
      return { value, fallbacks }
    } catch (error) {
      if (isLateenError(error, 'aborted')) throw error
      const { code, message } = asLateenError(error)
      fallbacks.push({ from: name, code, message })
    }
  }
  // A device without a GPU is nothing that anybody could repair.
  const failures = fallbacks.filter(({ code }) => code !== 'gpu-unavailable')
  const isWrong = failures.some(({ code }) => code === 'model-self-test-failed')
  const last = fallbacks.at(-1)!
  const code = isWrong ? 'model-self-test-failed' : last.code
  throw new LateenError(
    code as LateenError['code'],
    failures.length > 1
      ? `No backend can run the model. ${failures.map(({ from, message }) => `${from}: ${message}`).join(' ')}`
      : (failures[0] ?? last).message,
  )
}
