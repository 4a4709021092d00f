/** Codecs that store every component by itself: what the residual codec is measured against. */
import { LateenError } from '../errors.ts'
import type { TokenMatrix } from '../types.ts'
import { floatToHalf, halfToFloat } from '../util/half.ts'
import { sha256Hex } from '../util/hash.ts'
import { bytesPerVector, type CodedVectors, type PlainCodec } from './codec.ts'

/** @throws LateenError `bad-argument` when `dim` is not a whole number from 1 */
export function plainCodec(kind: PlainCodec['kind'], dim: number): PlainCodec {
  if (!Number.isInteger(dim) || dim < 1) {
    throw new LateenError('bad-argument', `The dimension must be a whole number from 1, but it is ${dim}.`)
  }
  return { kind, dim, fingerprint: sha256Hex(new TextEncoder().encode(`lateen-codec ${kind} ${dim}`)) }
}

/** Stores vectors as they are, whatever their length; int8 clips components beyond ±1. */
export function encodePlain(codec: PlainCodec, { data, numTokens }: TokenMatrix): CodedVectors {
  const codes = new Uint8Array(numTokens * bytesPerVector(codec))
  const view = new DataView(codes.buffer)
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!
    if (codec.kind === 'f32') view.setFloat32(4 * i, value, true)
    else if (codec.kind === 'f16') view.setUint16(2 * i, floatToHalf(value), true)
    else view.setInt8(i, Math.round(127 * Math.max(-1, Math.min(1, value))))
  }
  return { numVectors: numTokens, codes, centroidIds: new Uint8Array(0), scales: new Uint8Array(0) }
}

/** Vectors `from` to `to` as floats. */
export function decodePlain(
  codec: PlainCodec,
  { codes }: CodedVectors,
  from: number,
  to: number,
): TokenMatrix {
  const { kind, dim } = codec
  const data = new Float32Array((to - from) * dim)
  const view = new DataView(codes.buffer, codes.byteOffset + from * bytesPerVector(codec))
  for (let i = 0; i < data.length; i++) {
    if (kind === 'f32') data[i] = view.getFloat32(4 * i, true)
    else if (kind === 'f16') data[i] = halfToFloat(view.getUint16(2 * i, true))
    else data[i] = view.getInt8(i) / 127
  }
  return { data, numTokens: to - from, dim }
}
