/**
 * One resolved description of a model. Layout readers produce it; no code after them knows which
 * layout, or which model, it came from.
 */
/** A layer of the head beside the ONNX graph: `act(W x + b) + r(x)`. */
export interface DenseLayer {
  readonly inFeatures: number
  readonly outFeatures: number
  /** outFeatures × inFeatures, row-major. */
  readonly weight: Float32Array
  readonly bias?: Float32Array
  readonly activation: 'identity' | 'gelu' | 'relu' | 'tanh' | 'silu'
  /** 'identity' when the sizes agree and no weight is stored. */
  readonly residual?: 'identity' | Float32Array
}

export interface ModelSpec {
  /** A name for people; never branched on. */
  readonly name: string
  /** SHA-256 over everything that decides the vectors: weights, tokenizer, markers, lengths, head, skiplist. */
  readonly fingerprint: string
  /** SHA-256 of `tokenizer.json`. */
  readonly tokenizerHash: string
  readonly dim: number
  /** Maximum tokens including special tokens and marker. */
  readonly queryLength: number
  readonly documentLength: number
  /** Marker ids inserted at position 1; undefined inserts nothing and leaves the full length usable. */
  readonly queryMarkerId?: number
  readonly documentMarkerId?: number
  /** Undefined: queries are not expanded. */
  readonly expansion?: {
    readonly tokenId: number
    readonly attend: boolean
    readonly length: number
    readonly strategy: 'fixed' | 'min'
  }
  /** Ids whose document vectors are dropped after the transformer. */
  readonly skiplistIds: ReadonlySet<number>
  /** Text put in front of the raw input before tokenising; usually empty. */
  readonly queryPrompt: string
  readonly documentPrompt: string
  readonly lowercase: boolean
  /** Fills up the shorter texts of a batch; attention never reaches it. */
  readonly padTokenId: number
  /** The Dense chain stored beside the graph; left alone when the graph's output is `dim` wide already. */
  readonly head: readonly DenseLayer[]
  /** ONNX files the bundle holds. The first decides the fingerprint; `weightsFor` picks one for a backend. */
  readonly weights: readonly ModelWeights[]
  /** Known texts with their vectors, for the self-test. */
  readonly goldens: readonly Golden[]
}

export type WeightsType = 'fp32' | 'fp16' | 'q8' | 'q8-matmulnbits'

export interface ModelWeights {
  readonly path: string
  /** `q8` quantises activations too, over a whole batch; `q8-matmulnbits` and the others keep rows apart. */
  readonly dtype: WeightsType
}

export interface Golden {
  readonly kind: 'query' | 'document'
  readonly text: string
  readonly ids: readonly number[]
  /** numTokens × dim, row-major, one row per id: before the skiplist. */
  readonly vectors: Float32Array
}
