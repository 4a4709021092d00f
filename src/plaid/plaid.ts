/** What an index of the PLAID family says, whichever library wrote it. */
import type { ResidualBits } from '../compress/codec.ts'

/** `numpy`: fast-plaid, next-plaid, and PyLate over fast-plaid. `torch`: Stanford's, and PyLate over that. */
export type PlaidLayout = 'numpy' | 'torch'

export interface PlaidIndex {
  /** The folder its files lie in. */
  readonly folder: string
  readonly layout: PlaidLayout
  readonly dim: number
  readonly bits: ResidualBits
  readonly numCentroids: number
  /** numCentroids × dim, row-major. */
  readonly centroids: Float32Array
  /** 2^bits − 1 ascending borders of a residual component. */
  readonly cutoffs: Float32Array
  /** 2^bits ascending values of a residual component. */
  readonly weights: Float32Array
  /** Vectors of each passage; 0 for one that was removed by Stanford's updater. */
  readonly doclens: Uint32Array
  readonly numVectors: number
  /** `metadata.json` as it is; Stanford's holds the model's settings under `config`. */
  readonly metadata: Readonly<Record<string, unknown>>
  /** By passage number the id that PyLate keeps beside the index; undefined for a removed one. Absent without such a file. */
  readonly ids?: readonly (string | undefined)[]
  /** The stored vectors in order. One chunk is in memory at a time. */
  chunks(): AsyncGenerator<PlaidChunk>
  /** The inverted lists: for every centroid the passages that have a vector there. */
  readLists(): Promise<PlaidLists>
}

export interface PlaidChunk {
  /** Number of its first passage. */
  readonly firstPassage: number
  readonly doclens: Uint32Array
  /** Centroid of each vector. */
  readonly codes: Uint32Array
  /** numVectors × dim·bits/8, in the library's bit order. */
  readonly residuals: Uint8Array
}

export interface PlaidLists {
  /** One length per centroid. */
  readonly lengths: Uint32Array
  /** The lists one after the other. */
  readonly passages: Uint32Array
}
