/** The parts of a residual codec as bytes: what its fingerprint covers and what a codec file stores. */

import { floatToHalf, halfToFloat, roundToHalf } from '../util/half.ts'
import { sha256Stream } from '../util/hash.ts'
import { type ResidualBits, type ResidualCodec, SCALE_LEVELS } from './codec.ts'

export type CodecParts = Omit<ResidualCodec, 'kind' | 'fingerprint'>
export type CodecTable = Pick<ResidualCodec, 'weightStep' | 'scales' | 'cutoffs' | 'weights'>

/**
 * SHA-256 over a tag, bits, dim and number of centroids (u32 each), the centroids and the table; of a codec
 * with exact weights these too, under a tag of its own.
 */
export function codecFingerprint(parts: CodecParts): string {
  const { exactWeights } = parts
  const sizes = new DataView(new ArrayBuffer(12))
  sizes.setUint32(0, parts.bits, true)
  sizes.setUint32(4, parts.dim, true)
  sizes.setUint32(8, parts.numCentroids, true)
  const hash = sha256Stream()
  hash.update(new TextEncoder().encode(`lateen-codec residual${exactWeights ? ' exact' : ''}`))
  hash.update(new Uint8Array(sizes.buffer))
  hash.update(centroidBytes(parts.centroids, exactWeights ? centroidWidth(parts.centroids) : 2))
  hash.update(tableBytes(parts))
  if (exactWeights) hash.update(floatBytes(exactWeights))
  return hash.hex()
}

/** Bytes that keep every component of the centroids as it is. */
export function centroidWidth(centroids: Float32Array): 2 | 4 {
  return centroids.every((value) => roundToHalf(value) === value) ? 2 : 4
}

/** Little-endian singles. */
export function floatBytes(values: Float32Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * values.length))
  values.forEach((value, i) => {
    view.setFloat32(4 * i, value, true)
  })
  return new Uint8Array(view.buffer)
}

/** Reads what {@link floatBytes} wrote. */
export function parseFloats(bytes: Uint8Array): Float32Array {
  const view = viewOf(bytes)
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true))
}

/** Centroids as little-endian halves, or as singles where halves would round them. */
export function centroidBytes(centroids: Float32Array, width: 2 | 4 = 2): Uint8Array {
  if (width === 4) return floatBytes(centroids)
  const view = new DataView(new ArrayBuffer(2 * centroids.length))
  centroids.forEach((value, i) => {
    view.setUint16(2 * i, floatToHalf(value), true)
  })
  return new Uint8Array(view.buffer)
}

/** Reads what {@link centroidBytes} wrote. */
export function parseCentroids(bytes: Uint8Array, width: 2 | 4 = 2): Float32Array {
  if (width === 4) return parseFloats(bytes)
  const view = viewOf(bytes)
  return Float32Array.from({ length: bytes.length / 2 }, (_, i) => halfToFloat(view.getUint16(2 * i, true)))
}

/** Length of a table in bytes, a multiple of 4. */
export function tableLength(bits: ResidualBits): number {
  const numWeights = 2 ** bits
  return Math.ceil((4 * (1 + SCALE_LEVELS + numWeights - 1) + numWeights) / 4) * 4
}

/** Weight step, scales and cutoffs as little-endian floats, then weights as signed bytes, then zeros. */
export function tableBytes({ weightStep, scales, cutoffs, weights }: CodecTable): Uint8Array {
  const floats = [weightStep, ...scales, ...cutoffs]
  const bytes = new Uint8Array(tableLength(Math.log2(weights.length) as ResidualBits))
  const view = viewOf(bytes)
  floats.forEach((value, i) => {
    view.setFloat32(4 * i, value, true)
  })
  new Int8Array(bytes.buffer).set(weights, 4 * floats.length)
  return bytes
}

/** Reads what {@link tableBytes} wrote. */
export function parseTable(bytes: Uint8Array, bits: ResidualBits): CodecTable {
  const view = viewOf(bytes)
  const numWeights = 2 ** bits
  const firstCutoff = 1 + SCALE_LEVELS
  const firstWeight = 4 * (firstCutoff + numWeights - 1)
  const floats = (start: number, length: number) =>
    Float32Array.from({ length }, (_, i) => view.getFloat32(4 * (start + i), true))
  return {
    weightStep: view.getFloat32(0, true),
    scales: floats(1, SCALE_LEVELS),
    cutoffs: floats(firstCutoff, numWeights - 1),
    weights: Int8Array.from({ length: numWeights }, (_, i) => view.getInt8(firstWeight + i)),
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
