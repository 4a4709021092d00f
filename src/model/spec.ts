/**
 * One resolved description of a model. Layout readers produce it; no code after them knows which
 * layout, or which model, it came from.
 */

/** Models encode a query otherwise than a document. */
export type TextKind = 'query' | 'document'

export type Activation =
  | 'identity'
  | 'gelu'
  | 'gelu-tanh'
  | 'relu'
  | 'relu6'
  | 'leaky-relu'
  | 'tanh'
  | 'sigmoid'
  | 'silu'
  | 'elu'
  | 'softplus'
  | 'mish'

/** A layer of the head beside the ONNX graph: `act(W x + b) + r(x)`. */
export interface DenseLayer {
  readonly inFeatures: number
  readonly outFeatures: number
  /** outFeatures × inFeatures, row-major. */
  readonly weight: Float32Array
  readonly bias?: Float32Array
  readonly activation: Activation
  /** 'identity' when the sizes agree. */
  readonly residual?: 'identity' | Float32Array
}

/** Which token vectors of a text survive the transformer. */
export interface TokenFilter {
  /** Ids whose vectors are dropped. */
  readonly skip: ReadonlySet<number>
  /** When present, all other ids are dropped. */
  readonly only?: ReadonlySet<number>
}

export interface ModelSpec {
  /** A name for people; never branched on. */
  readonly name: string
  /** SHA-256 over everything that decides the vectors: weights, tokenizer, markers, lengths, head, skiplist. */
  readonly fingerprint: string
  /** SHA-256 of `tokenizer.json`. */
  readonly tokenizerHash: string
  /** Components of the vectors, after cutting. */
  readonly dim: number
  /** Components the model computes; where `dim` is smaller, vectors are cut and scaled to length 1 again. */
  readonly fullDim: number
  /** Maximum tokens including special tokens and marker. */
  readonly queryLength: number
  readonly documentLength: number
  /** Tokens of the longest text the transformer has positions for; undefined where that is not known. */
  readonly positions?: number
  /** Marker ids inserted at position 1; undefined inserts nothing and leaves the full length usable. */
  readonly queryMarkerId?: number
  readonly documentMarkerId?: number
  /** Undefined: queries are not expanded. */
  readonly expansion?: {
    readonly tokenId: number
    readonly attend: boolean
    readonly length: number
    /** `fixed` cuts longer queries to `length` as well; `min` leaves them, up to `queryLength`. */
    readonly strategy: 'fixed' | 'min'
    /** Stands before the query, where its tokenizer pads on the left. @default 'right' */
    readonly side?: 'left'
    /** An id that becomes `tokenId` where a query spells it out. */
    readonly replaces?: number
  }
  readonly kept: { readonly query: TokenFilter; readonly document: TokenFilter }
  /** The model's own pooling of documents: the default of an index built with it. */
  readonly pooling?: { readonly factor: number; readonly protectedTokens: number }
  /** `meanmaxsim` divides by the number of query vectors: the same order, another scale. */
  readonly similarity: 'maxsim' | 'meanmaxsim'
  /** Text put in front of the raw input before tokenising; usually empty. */
  readonly queryPrompt: string
  readonly documentPrompt: string
  readonly lowercase: boolean
  /** Fills up the shorter texts of a batch; attention never reaches it. */
  readonly padTokenId: number
  /** The Dense chain stored beside the graph; left alone when the graph's output is `fullDim` wide already. */
  readonly head: readonly DenseLayer[]
  /** Why the head cannot be read, for when the graph turns out not to hold it either. */
  readonly missingHead?: { readonly code: 'model-invalid' | 'model-unsupported'; readonly reason: string }
  /** ONNX files the bundle holds. The first decides the fingerprint; `rungsFor` orders them for a backend. */
  readonly weights: readonly ModelWeights[]
  /** Known texts with their vectors, for the self-test. */
  readonly goldens: readonly Golden[]
}

/**
 * How weights are stored, in the names of transformers.js. `q8`, `int8` and `uint8` quantise activations too,
 * over a whole batch; the others keep rows apart.
 */
export type WeightsType =
  | 'fp32'
  | 'fp16'
  | 'q8'
  | 'int8'
  | 'uint8'
  | 'q8-matmulnbits'
  | 'q4'
  | 'q4f16'
  | 'bnb4'

export interface ModelWeights {
  readonly path: string
  readonly dtype: WeightsType
  /** Files beside it that hold its tensors, where they are not in the file itself. */
  readonly external?: readonly string[]
}

export interface Golden {
  readonly kind: TextKind
  readonly text: string
  readonly ids: readonly number[]
  /** numTokens × dim, row-major, one row per id: before the skiplist. */
  readonly vectors: Float32Array
}
