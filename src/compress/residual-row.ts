/** One vector in residual form: how it is quantised, packed and unpacked. */
import type { ResidualCodec } from './codec.ts'

/** What quantising a residual needs of a codec. */
export type ResidualTable = Pick<ResidualCodec, 'cutoffs' | 'weights' | 'weightStep'>

/**
 * Puts every component of `rows[at…] − centroids[centroid…]` into its bucket: the number of cutoffs
 * below it.
 *
 * @param codes filled with one bucket number per dimension
 * @returns the length of centroid plus quantised residual
 */
export function quantizeResidual(
  table: ResidualTable,
  rows: Float64Array,
  at: number,
  centroids: Float64Array,
  centroid: number,
  codes: Uint8Array,
): number {
  const { cutoffs, weights, weightStep } = table
  let square = 0
  for (let d = 0; d < codes.length; d++) {
    const origin = centroids[centroid + d]!
    const residual = rows[at + d]! - origin
    let code = 0
    for (let half = weights.length >> 1; half > 0; half >>= 1) {
      if (residual > cutoffs[code + half - 1]!) code += half
    }
    codes[d] = code
    const restored = origin + weightStep * weights[code]!
    square += restored * restored
  }
  return Math.sqrt(square)
}

/** Writes the codes of a vector to `packed[at…]`, planar as {@link CodedVectors} says. */
export function packCodes(codes: Uint8Array, bits: number, packed: Uint8Array, at: number): void {
  const numBytes = (codes.length * bits) / 8
  for (let d = 0, shift = 0; shift < 8; shift += bits) {
    for (let j = 0; j < numBytes; j++) packed[at + j]! |= codes[d++]! << shift
  }
}

/** Reads what {@link packCodes} wrote. */
export function unpackCodes(packed: Uint8Array, at: number, bits: number, codes: Uint8Array): void {
  const numBytes = (codes.length * bits) / 8
  const mask = (1 << bits) - 1
  for (let d = 0, shift = 0; shift < 8; shift += bits) {
    for (let j = 0; j < numBytes; j++) codes[d++] = (packed[at + j]! >> shift) & mask
  }
}

/** The entry of an ascending table that is nearest to `value`; of two the lower. */
export function nearestLevel(levels: Float32Array, value: number): number {
  let level = 0
  while (level + 1 < levels.length && value > (levels[level]! + levels[level + 1]!) / 2) level++
  return level
}
