/** The manifest: the only file of an index that changes. Small JSON, fetched fresh. */

export const FORMAT_MAJOR = 1
export const FORMAT_MINOR = 0

export interface FileReference {
  /** Name within the index: content hash plus extension. */
  readonly file: string
  readonly bytes: number
  readonly sha256: string
}

export interface SegmentReference {
  readonly passages: number
  readonly documents: number
  readonly vectors: number
  readonly vectorFile: FileReference
  readonly textFile: FileReference
  /** Serialised keyword index of the passages, when it was built ahead. */
  readonly lexicalFile?: FileReference
  /** Numbers of the documents of this segment that were removed or replaced since. Ascending. */
  readonly removed: readonly number[]
}

export interface Manifest {
  readonly format: 'lateen-index'
  readonly version: readonly [major: number, minor: number]
  /** Grows by one with every commit. */
  readonly revision: number
  readonly model: {
    readonly name: string
    readonly fingerprint: string
    readonly tokenizerHash: string
    readonly dim: number
    readonly documentLength: number
  }
  readonly codec: {
    readonly kind: 'residual' | 'f32' | 'f16' | 'int8'
    readonly bits: number
    readonly fingerprint: string
    /** Present when the codec was trained for this index; else the model bundle carries it. */
    readonly file?: FileReference
  }
  readonly pooling: { readonly factor: number; readonly protectedTokens: number }
  readonly passages: { readonly policy: string; readonly maxTokens: number }
  readonly segments: readonly SegmentReference[]
}
