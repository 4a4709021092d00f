/**
 * What the semantic leg runs on. A host (worker, Node, CLI) knows which encoder and which scorer its
 * environment offers; the engine only knows this.
 */
import type { ResidualBits, ResidualCodec } from '../compress/codec.ts'
import type { Encoder } from '../encode/encoder.ts'
import type { Scorer } from '../score/scorer.ts'
import type { Fallback, OnProgress } from '../types.ts'

export interface Backend {
  readonly encoder: Encoder
  readonly scorer: Scorer
  /** The fixed codec the model ships; undefined when codecs of this model are trained per index. */
  readonly modelCodec: ((bits: ResidualBits) => ResidualCodec) | undefined
  /** Mean similarity per query token below which a passage found by meaning alone is noise. */
  readonly semanticFloor: number
  /** The GPU adapter's own description, when one is used. */
  readonly adapter?: string
  /** Backends that were tried and dropped on the way here. */
  readonly fallbacks: readonly Fallback[]
  dispose(): Promise<void>
}

/**
 * Opens a backend.
 *
 * @param gpuLosses how often the GPU was lost so far: 0 the preferred backend, 1 the same on a new
 *                  device, 2 without the GPU
 * @param indexDim  components of the vectors of the index, when there is one: a model that has more is cut to them
 */
export type OpenBackend = (gpuLosses: number, onProgress?: OnProgress, indexDim?: number) => Promise<Backend>
