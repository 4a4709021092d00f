/** Vectors to codes. */
import { LateenError } from '../errors.ts'
import type { TokenMatrix } from '../types.ts'
import { nearestCentroids } from './centroids.ts'
import { bytesPerVector, type Codec, type CodedVectors, type ResidualCodec } from './codec.ts'
import { assertTokenMatrix, unitRows } from './matrix.ts'
import { encodePlain } from './plain.ts'
import { paddedRows } from './products.ts'
import { nearestLevel, packCodes, quantizeResidual } from './residual-row.ts'

/** Rows stretched and searched at a time, so that few doubles are held beside the input. */
const BLOCK_ROWS = 512

/**
 * Encodes vectors. A residual codec keeps directions: what is decoded has about unit length, however
 * short a pooled vector was, which ranks better than its own length. Plain codecs keep vectors as
 * they are.
 *
 * @throws LateenError `bad-argument` on another dimension or a component that is not finite
 */
export function encodeVectors(codec: Codec, matrix: TokenMatrix): CodedVectors {
  assertTokenMatrix(matrix)
  if (matrix.dim !== codec.dim) {
    throw new LateenError(
      'bad-argument',
      `The codec takes vectors of ${codec.dim} dimensions, but these have ${matrix.dim}. Use the codec of the model that made them.`,
    )
  }
  return codec.kind === 'residual' ? encodeResidual(codec, matrix) : encodePlain(codec, matrix)
}

function encodeResidual(codec: ResidualCodec, matrix: TokenMatrix): CodedVectors {
  const { bits, dim, numCentroids } = codec
  const numVectors = matrix.numTokens
  const numBytes = bytesPerVector(codec)
  const codes = new Uint8Array(numVectors * numBytes)
  const centroidIds = new (numCentroids <= 256 ? Uint8Array : Uint16Array)(numVectors)
  const scales = new Uint8Array(Math.ceil(numVectors / 2))
  const centroids = paddedRows(codec.centroids, numCentroids, dim)
  const row = new Uint8Array(dim)
  for (let from = 0; from < numVectors; from += BLOCK_ROWS) {
    const to = Math.min(from + BLOCK_ROWS, numVectors)
    const rows = unitRows(matrix, from, to)
    const { ids } = nearestCentroids(rows, to - from, centroids, numCentroids, dim)
    centroidIds.set(ids, from)
    for (let i = from; i < to; i++) {
      const length = quantizeResidual(codec, rows, (i - from) * dim, centroids, centroidIds[i]! * dim, row)
      packCodes(row, bits, codes, i * numBytes)
      scales[i >> 1]! |= nearestLevel(codec.scales, 1 / length) << (4 * (i & 1))
    }
  }
  return { numVectors, codes, centroidIds, scales }
}
