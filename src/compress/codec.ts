/**
 * Codecs: what a stored vector looks like. The residual codec is ColBERTv2's (centroid + a few bits
 * per dimension, arXiv 2112.01488 §3.3) with a length correction stored beside it: decoded vectors have
 * about unit length, also those that pooling made shorter.
 *
 * Training, encoding, decoding and the codec file live beside these types.
 */
import type { TokenMatrix } from '../types.ts'

export type ResidualBits = 4 | 2 | 1

/** A vector with exact weights is divided by no less than this: one without a length has no direction. */
export const SHORTEST_VECTOR = 1e-12

/** Number of entries of a scale table: the scale of a vector is stored in four bits. */
export const SCALE_LEVELS = 16

/**
 * Centroid plus quantised residual:
 * `v ≈ scales[s] · (centroids[c] + weightStep · weights[code[d]])` for every dimension d.
 *
 * With `exactWeights` a vector is `centroids[c] + exactWeights[code[d]]` brought to length 1, as the library
 * that made the codes has it. Decoding and the reference compute that; kernels go on with the line above,
 * which is as near to it as a step of the weights and of the scales.
 */
export interface ResidualCodec {
  readonly kind: 'residual'
  readonly bits: ResidualBits
  readonly dim: number
  readonly numCentroids: number
  /** numCentroids × dim, row-major. */
  readonly centroids: Float32Array
  /** 2^bits − 1 ascending bucket borders of a residual component. */
  readonly cutoffs: Float32Array
  /** 2^bits ascending bucket values in units of `weightStep`, each in −63 … 63, so that every kernel uses the same numbers. */
  readonly weights: Int8Array
  readonly weightStep: number
  /** SCALE_LEVELS ascending factors that bring centroid + residual to unit length. */
  readonly scales: Float32Array
  /** 2^bits ascending bucket values of an index that another library made; absent on codecs of our own. */
  readonly exactWeights?: Float32Array
  /** SHA-256 over all of the above. */
  readonly fingerprint: string
}

/** Uncompressed or per-component codecs, for measuring what the residual codec costs. */
export interface PlainCodec {
  readonly kind: 'f32' | 'f16' | 'int8'
  readonly dim: number
  readonly fingerprint: string
}

export type Codec = ResidualCodec | PlainCodec

/**
 * Stored vectors. Residual codes are planar: with S = dim·bits/8 bytes per vector, byte j of a
 * vector holds the codes of dimensions j, j+S, j+2S, … from the lowest bits up, so that a SIMD lane
 * never crosses planes. int8 stores round(127·v); f16 and f32 are little-endian.
 */
export interface CodedVectors {
  readonly numVectors: number
  /** numVectors × bytesPerVector(codec). */
  readonly codes: Uint8Array
  /** One per vector; empty for plain codecs. Uint8Array when numCentroids ≤ 256. */
  readonly centroidIds: Uint8Array | Uint16Array
  /** Two per byte, even vector in the low nibble; empty for plain codecs. */
  readonly scales: Uint8Array
}

/** The code bytes of one vector, without centroid id and scale. */
export function bytesPerVector(codec: Codec): number {
  switch (codec.kind) {
    case 'residual':
      return (codec.dim * codec.bits) / 8
    case 'int8':
      return codec.dim
    case 'f16':
      return codec.dim * 2
    case 'f32':
      return codec.dim * 4
  }
}

export type { TokenMatrix }
