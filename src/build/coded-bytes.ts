/** The vectors of a passage as bytes, for a cache: their number, then codes, centroid ids and scales. */
import { bytesPerVector, type Codec, type CodedVectors } from '../compress/codec.ts'

/** Changes with the layout below. Caches make it part of their keys: what has another one is not found. */
export const CODED_LAYOUT = 2
const HEADER_BYTES = 4

export function writeCoded({ numVectors, codes, centroidIds, scales }: CodedVectors): Uint8Array {
  const sections = [codes, centroidIds, scales]
  const bytes = new Uint8Array(sections.reduce((sum, part) => sum + part.byteLength, HEADER_BYTES))
  const view = new DataView(bytes.buffer)
  view.setUint32(0, numVectors, true)
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
export function readCoded(codec: Codec, bytes: Uint8Array): CodedVectors | undefined {
  if (bytes.length < HEADER_BYTES) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const numVectors = view.getUint32(0, true)
  const isResidual = codec.kind === 'residual'
  const idBytes = isResidual && codec.numCentroids > 256 ? 2 : 1
  const numIds = isResidual ? numVectors : 0
  const codeBytes = numVectors * bytesPerVector(codec)
  const scaleBytes = Math.ceil(numIds / 2)
  if (bytes.length !== HEADER_BYTES + codeBytes + numIds * idBytes + scaleBytes) return undefined
  const idsAt = HEADER_BYTES + codeBytes
  const scalesAt = idsAt + numIds * idBytes
  return {
    numVectors,
    codes: bytes.slice(HEADER_BYTES, idsAt),
    centroidIds:
      idBytes === 2
        ? Uint16Array.from({ length: numIds }, (_, i) => view.getUint16(idsAt + 2 * i, true))
        : bytes.slice(idsAt, scalesAt),
    scales: bytes.slice(scalesAt),
  }
}
