/** A coded passage as bytes, for a cache: counts, then token map, codes, centroid ids and scales. */
import { bytesPerVector, type Codec } from '../compress/codec.ts'
import type { CodedPassage } from './coder.ts'

const HEADER_BYTES = 8

export function writeCoded({ vectors, tokenMap }: CodedPassage): Uint8Array {
  const { codes, centroidIds, scales } = vectors
  const sections = [tokenMap, codes, centroidIds, scales]
  const bytes = new Uint8Array(sections.reduce((sum, part) => sum + part.byteLength, HEADER_BYTES))
  const view = new DataView(bytes.buffer)
  view.setUint32(0, vectors.numVectors, true)
  view.setUint32(4, tokenMap.length, true)
  let at = HEADER_BYTES
  for (const values of sections) {
    for (const value of values) {
      if (values.BYTES_PER_ELEMENT === 1) bytes[at] = value
      else view.setUint16(at, value, true)
      at += values.BYTES_PER_ELEMENT
    }
  }
  return bytes
}

/** Undefined when the bytes are none that this codec's vectors give. */
export function readCoded(codec: Codec, bytes: Uint8Array): CodedPassage | undefined {
  if (bytes.length < HEADER_BYTES) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const numVectors = view.getUint32(0, true)
  const numTokens = view.getUint32(4, true)
  const isResidual = codec.kind === 'residual'
  const idBytes = isResidual && codec.numCentroids > 256 ? 2 : 1
  const numIds = isResidual ? numVectors : 0
  const codeBytes = numVectors * bytesPerVector(codec)
  const scaleBytes = Math.ceil(numIds / 2)
  if (bytes.length !== HEADER_BYTES + numTokens * 2 + codeBytes + numIds * idBytes + scaleBytes)
    return undefined
  let at = HEADER_BYTES
  const take = (length: number) => bytes.slice(at, (at += length))
  const take16 = (length: number) => {
    const start = at
    at += length * 2
    return Uint16Array.from({ length }, (_, i) => view.getUint16(start + 2 * i, true))
  }
  return {
    tokenMap: take16(numTokens),
    vectors: {
      numVectors,
      codes: take(codeBytes),
      centroidIds: idBytes === 2 ? take16(numIds) : take(numIds),
      scales: take(scaleBytes),
    },
  }
}
