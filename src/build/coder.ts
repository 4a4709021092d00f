/** The expensive half of a build, passage by passage: a text becomes vectors, pooled and quantised. */
import { bytesPerVector, type Codec, type CodedVectors } from '../compress/codec.ts'
import { encodeVectors } from '../compress/encode.ts'
import { poolTokens } from '../compress/pool.ts'
import type { EncodeOptions, Encoder } from '../encode/encoder.ts'
import type { Manifest } from '../segment/manifest.ts'

/** Codes texts; results are in their order, and a text always gives the same codes. Fails as the encoder does. */
export type Coder = (texts: readonly string[], options?: EncodeOptions) => Promise<CodedVectors[]>

/** Codes texts with an encoder in this thread. */
export function passageCoder(
  encoder: Pick<Encoder, 'encodeDocuments'>,
  codec: Codec,
  pooling: Manifest['pooling'],
): Coder {
  return async (texts, options) => {
    const encoded = await encoder.encodeDocuments(texts, options)
    return encoded.map(({ matrix }) => encodeVectors(codec, poolTokens(matrix, pooling)))
  }
}

/** The vectors of several passages as one run. Scales share bytes, so those of a later one may shift by half a byte. */
export function joinVectors(codec: Codec, parts: readonly CodedVectors[]): CodedVectors {
  const numVectors = parts.reduce((sum, part) => sum + part.numVectors, 0)
  const rowBytes = bytesPerVector(codec)
  const isResidual = codec.kind === 'residual'
  const codes = new Uint8Array(numVectors * rowBytes)
  const Ids = isResidual && codec.numCentroids > 256 ? Uint16Array : Uint8Array
  const centroidIds = new Ids(isResidual ? numVectors : 0)
  const scales = new Uint8Array(isResidual ? Math.ceil(numVectors / 2) : 0)
  let row = 0
  for (const part of parts) {
    codes.set(part.codes, row * rowBytes)
    if (isResidual) {
      centroidIds.set(part.centroidIds, row)
      for (let i = 0; i < part.numVectors; i++) {
        const scale = (part.scales[i >> 1]! >> (4 * (i & 1))) & 15
        scales[(row + i) >> 1]! |= scale << (4 * ((row + i) & 1))
      }
    }
    row += part.numVectors
  }
  return { numVectors, codes, centroidIds, scales }
}
