import type { GpuTokenMatrix } from '../encode/encoder.ts'
import type { VectorSegment } from '../segment/segment.ts'
import type { ScorerKind, TokenMatrix } from '../types.ts'

/**
 * How far a score may be from the reference, per query token of length one.
 *
 * The WASM kernel rounds the query to int8 for the residual part: a component is off by at most
 * max|q| / 254, evenly spread, so a similarity is off by a standard deviation of
 * max|q| / (127 · √12) · |residual|. With max|q| ≤ 0.7 and residuals up to 0.8 long that is
 * 0.0013; four deviations are 0.005. Every other difference is float32 rounding, below 0.00001.
 * Neighbouring hits differ by more, and the codes themselves are ten times as coarse.
 */
export const SCORE_TOLERANCE = 0.005

/**
 * MaxSim: for every query token the largest dot product over the passage's vectors, summed.
 * Vectors have about unit length, so a score lies in about ±numTokens. A passage without vectors
 * scores 0. All implementations agree with `reference.ts` within `SCORE_TOLERANCE` per query token.
 */
export interface Scorer {
  readonly kind: ScorerKind
  /** Makes the vectors of a segment resident, reading them in parts. Fails with `segment-too-large`, `segment-corrupt`. */
  load(segment: VectorSegment): Promise<LoadedSegment>
  /**
   * @param query    numTokens × dim; a query left on the GPU is accepted by a scorer on the same device only
   * @param passages distinct passage numbers of this segment, any order
   * @returns        one score per passage, same order
   * @throws LateenError `bad-argument` on a dim mismatch, an id out of range or a NaN in the query;
   *         `closed` after dispose; `gpu-lost` when the device went away
   */
  score(
    query: TokenMatrix | GpuTokenMatrix,
    segment: LoadedSegment,
    passages: Uint32Array,
  ): Promise<Float32Array>
  dispose(): void
}

/** A segment made resident by one scorer; only that scorer can use it. */
export interface LoadedSegment {
  readonly numPassages: number
  readonly numVectors: number
  /** Bytes held for it outside the JavaScript heap or in typed arrays. */
  readonly bytes: number
  dispose(): void
}
