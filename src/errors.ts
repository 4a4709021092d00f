/**
 * The one error class of the library and the closed list of its codes.
 *
 * A message states what was expected, what was found and what to try. Codes are a
 * contract: they survive the worker boundary and are what callers switch on.
 */

/** Every code a {@link LateenError} can carry. New codes are added here and nowhere else. */
export const ERROR_CODES = [
  /** An option or argument is missing, of the wrong type, out of range or unknown. */
  'bad-argument',
  /** A document handed in cannot be read: binary, wrongly encoded, or of an unknown format. */
  'bad-document',
  /** Two documents handed in together carry the same id. */
  'duplicate-id',
  /** A document id that is not in the index. */
  'document-not-found',
  /** A file the model bundle needs is not there. */
  'model-missing-file',
  /** A file of the model bundle cannot be parsed or contradicts another one. */
  'model-invalid',
  /** The model needs something this version does not implement. */
  'model-unsupported',
  /** The model needs more memory than this device can give it. */
  'model-too-large',
  /** The model is not given out to everyone: its host wants a login, or a licence to be accepted. */
  'model-gated',
  /** Every backend failed the known-answer test; no vector of this model can be trusted. */
  'model-self-test-failed',
  /** No index at the given place. */
  'index-not-found',
  /** The manifest is not one of ours or is damaged. */
  'index-invalid',
  /** The index was written in a format version this reader does not accept. */
  'index-version',
  /** The index was built with another model, tokenizer or codec. */
  'index-model-mismatch',
  /** Another tab or process changed the index first; read it again and retry. */
  'index-conflict',
  /** The index cannot be changed: it is opened from a read-only place. */
  'index-read-only',
  /** A segment file named by the manifest is missing. */
  'segment-missing',
  /** A segment file is truncated, bit-flipped or inconsistent. */
  'segment-corrupt',
  /** A segment does not fit the memory or the buffer limits of the scorer. */
  'segment-too-large',
  /** A request failed or answered with an error status. */
  'network',
  /** The storage quota is used up; what was stored before is intact. */
  'storage-full',
  /** Storage cannot be opened here, for example in a private window. */
  'storage-unavailable',
  /** The worker script did not load, did not answer in time, or died. */
  'worker-failed',
  /** No usable GPU adapter or device. */
  'gpu-unavailable',
  /** The GPU device was lost while it was in use. */
  'gpu-lost',
  /** The caller's AbortSignal fired, or a newer query replaced this one. */
  'aborted',
  /** Use after `close()` or `dispose()`. */
  'closed',
  /** A defect of this library. */
  'internal',
] as const

export type ErrorCode = (typeof ERROR_CODES)[number]

/** The only error class this library throws on purpose. */
export class LateenError extends Error {
  readonly code: ErrorCode
  override readonly name = 'LateenError'

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}

/** True when `error` is a {@link LateenError}, of the given code if one is named. */
export function isLateenError(error: unknown, code?: ErrorCode): error is LateenError {
  return error instanceof LateenError && (code === undefined || error.code === code)
}

/** Any thrown value as a {@link LateenError}: one of ours unchanged, anything else under `code`. */
export function asLateenError(error: unknown, code: ErrorCode = 'internal'): LateenError {
  if (error instanceof LateenError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new LateenError(code, message, { cause: error })
}
