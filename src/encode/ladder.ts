/** Tries backends in order, each with every file of weights that suits it, and says what was dropped and why. */
import { asLateenError, isLateenError, LateenError } from '../errors.ts'
import type { ModelWeights } from '../model/spec.ts'
import type { EncoderBackend, Fallback } from '../types.ts'
import { throwIfAborted } from '../util/abort.ts'
import type { Encoder } from './encoder.ts'

export interface BackendRungs<T> {
  readonly backend: EncoderBackend
  /** Best first. */
  readonly weights: readonly ModelWeights[]
  /** Finds out whether the backend is there at all, before weights are read for it. */
  open?(): Promise<void>
  start(weights: ModelWeights): Promise<T>
  /** Called after `open` when no rung of the backend has started. */
  close?(): void
}

/** What another file of weights cannot mend on the same backend. */
const OF_BACKEND: readonly string[] = ['gpu-unavailable', 'gpu-lost', 'network']
/** What another backend cannot mend for the same file of weights. */
const OF_WEIGHTS: readonly string[] = ['model-missing-file', 'model-invalid']

/**
 * @returns the first rung that started, and the failures before it
 * @throws LateenError `aborted`; `model-self-test-failed` when no rung could be trusted; else the code
 *         of the last failure
 */
export async function climb<T extends { readonly encoder: Encoder }>(
  backends: readonly BackendRungs<T>[],
  signal?: AbortSignal,
): Promise<{ value: T; fallbacks: Fallback[] }> {
  const fallbacks: Fallback[] = []
  const broken = new Set<ModelWeights>()

  async function attempt<R>(from: EncoderBackend, work: () => Promise<R>, weights?: ModelWeights) {
    throwIfAborted(signal)
    try {
      return { value: await work() }
    } catch (error) {
      if (isLateenError(error, 'aborted')) throw error
      const { code, message } = asLateenError(error)
      const isOfBackend = !weights || OF_BACKEND.includes(code)
      if (weights && OF_WEIGHTS.includes(code)) broken.add(weights)
      fallbacks.push({ from, ...(isOfBackend ? {} : { dtype: weights.dtype }), code, message })
      return { isOver: isOfBackend }
    }
  }

  for (const side of backends) {
    let started: T | undefined
    try {
      const opened = await attempt(side.backend, async () => side.open?.())
      if (opened.isOver) continue
      for (const weights of side.weights) {
        if (broken.has(weights)) continue
        const { value, isOver } = await attempt(side.backend, () => side.start(weights), weights)
        if (value && signal?.aborted) await value.encoder.dispose()
        throwIfAborted(signal)
        started = value
        if (value) return { value, fallbacks }
        if (isOver) break
      }
    } finally {
      if (!started) side.close?.()
    }
  }
  throw failure(fallbacks)
}

function failure(fallbacks: readonly Fallback[]): LateenError {
  // A device without a GPU is nothing that anybody could repair.
  const failures = fallbacks.filter(({ code }) => code !== 'gpu-unavailable')
  const isWrong = failures.some(({ code }) => code === 'model-self-test-failed')
  const last = fallbacks.at(-1)!
  // Files that are not there or not whole are no matter of backends: what the best of them lacks is said, once.
  if (failures.length > 1 && failures.every(({ code }) => code === 'network' || OF_WEIGHTS.includes(code))) {
    return new LateenError(failures[0]!.code as LateenError['code'], failures[0]!.message)
  }
  const code = isWrong ? 'model-self-test-failed' : last.code
  const nameOf = ({ from, dtype }: Fallback) => (dtype ? `${from} with ${dtype} weights` : from)
  return new LateenError(
    code as LateenError['code'],
    failures.length > 1
      ? `No backend can run the model. ${failures.map((one) => `${nameOf(one)}: ${one.message}`).join(' ')}`
      : (failures[0] ?? last).message,
  )
}
