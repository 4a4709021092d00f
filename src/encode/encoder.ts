/**
 * The encoder contract: strings in, unit-length token vectors out, with the exact semantics of the
 * model's home library. The ONNX adapters implement it; everything else depends only on this file.
 */

import type { ModelSpec, ModelWeights, TextKind } from '../model/spec.ts'
import type { EncoderBackend, Span, TokenMatrix } from '../types.ts'

/** A text as the model sees it: markers inserted, truncated, nothing dropped yet. */
export interface TokenizedText {
  /** Token ids including special tokens and the marker. */
  readonly ids: Int32Array
  /** 1 where attention is paid, 0 on expansion tokens that are not attended. */
  readonly attention: Uint8Array
  /** One vocabulary string per id. */
  readonly tokens: readonly string[]
  /** Where each token stands in the input string; undefined for special tokens and markers. */
  readonly spans: readonly (Span | undefined)[]
  /** Ascending positions whose vectors survive (documents: skiplist dropped). Row i of the matrix is position `kept[i]`. */
  readonly kept: Uint32Array
}

/** Token vectors of one text with the tokens they belong to. */
export interface EncodedText {
  readonly matrix: TokenMatrix
  readonly tokenized: TokenizedText
}

/** Query vectors that stay on the GPU for a scorer on the same device. */
export interface GpuTokenMatrix {
  readonly device: unknown
  /** A GPUBuffer holding at least numTokens × dim float32, row-major; it may be larger. */
  readonly buffer: unknown
  readonly numTokens: number
  readonly dim: number
  /** Reads the vectors back. */
  read(): Promise<TokenMatrix>
  dispose(): void
}

export interface EncodeOptions {
  readonly signal?: AbortSignal
  /** Called after every batch with the number of texts finished so far. */
  readonly onBatch?: (done: number) => void
}

export interface SelfTestResult {
  readonly passed: boolean
  /** False when the bundle brings no known answers: then vectors are known to be numbers, and no more. */
  readonly verified: boolean
  /** Smallest cosine of a token vector to its known one; NaN when there are none. */
  readonly minCosine: number
}

export interface Encoder {
  readonly spec: ModelSpec
  readonly backend: EncoderBackend
  readonly weights: ModelWeights
  /** What the known-answer test measured when the session started. */
  readonly selfTest: SelfTestResult
  /** Bytes of the model files that were loaded. */
  readonly bytes: number
  tokenize(text: string, kind: TextKind): TokenizedText
  /** Tokens of a document before it is cut: special tokens, prompt and marker included. */
  countTokens(text: string): number
  encodeQuery(text: string, options?: EncodeOptions): Promise<EncodedText>
  /** Encodes in length-bucketed batches; results are in the order of `texts`. */
  encodeDocuments(texts: readonly string[], options?: EncodeOptions): Promise<EncodedText[]>
  /** Like `encodeQuery`, with the vectors left on the GPU. Present only on a WebGPU backend. */
  encodeQueryOnGpu?(text: string, options?: EncodeOptions): Promise<GpuTokenMatrix>
  dispose(): Promise<void>
}
