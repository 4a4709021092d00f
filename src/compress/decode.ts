/** Codes to vectors. */
import { LateenError } from '../errors.ts'
import type { TokenMatrix } from '../types.ts'
import {
  bytesPerVector,
  type Codec,
  type CodedVectors,
  type ResidualCodec,
  SHORTEST_VECTOR,
} from './codec.ts'
import { decodePlain } from './plain.ts'
import { unpackCodes } from './residual-row.ts'

/**
 * Decodes vectors `from` to `to`, all of them by default.
 *
 * @throws LateenError `bad-argument` on a range outside 0 … numVectors
 */
export function decodeVectors(
  codec: Codec,
  coded: CodedVectors,
  from = 0,
  to: number = coded.numVectors,
): TokenMatrix {
  if (
    !(Number.isInteger(from) && Number.isInteger(to) && 0 <= from && from <= to && to <= coded.numVectors)
  ) {
    throw new LateenError(
      'bad-argument',
      `Vectors ${from} to ${to} were asked for, but there are ${coded.numVectors}. Use whole numbers in that range.`,
    )
  }
  return codec.kind === 'residual'
    ? decodeResidual(codec, coded, from, to)
    : decodePlain(codec, coded, from, to)
}

function decodeResidual(codec: ResidualCodec, coded: CodedVectors, from: number, to: number): TokenMatrix {
  const { bits, dim } = codec
  const numBytes = bytesPerVector(codec)
  const data = new Float32Array((to - from) * dim)
  const row = new Uint8Array(dim)
  for (let i = from; i < to; i++) {
    unpackCodes(coded.codes, i * numBytes, bits, row)
    const scale = codec.scales[(coded.scales[i >> 1]! >> (4 * (i & 1))) & 15]!
    const restore = codec.exactWeights ? restoreExactly : restoreScaled
    restore(codec, row, coded.centroidIds[i]! * dim, data, (i - from) * dim, scale)
  }
  return { data, numTokens: to - from, dim }
}

function restoreScaled(
  { centroids, weights, weightStep }: ResidualCodec,
  codes: Uint8Array,
  centroid: number,
  into: Float32Array,
  at: number,
  scale: number,
): void {
  for (let d = 0; d < codes.length; d++) {
    into[at + d] = scale * (centroids[centroid + d]! + weightStep * weights[codes[d]!]!)
  }
}

function restoreExactly(
  { centroids, exactWeights }: ResidualCodec,
  codes: Uint8Array,
  centroid: number,
  into: Float32Array,
  at: number,
): void {
  let square = 0
  for (let d = 0; d < codes.length; d++) {
    square += (centroids[centroid + d]! + exactWeights![codes[d]!]!) ** 2
  }
  const length = Math.max(Math.sqrt(square), SHORTEST_VECTOR)
  for (let d = 0; d < codes.length; d++) {
    into[at + d] = (centroids[centroid + d]! + exactWeights![codes[d]!]!) / length
  }
}
