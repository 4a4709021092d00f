/** Collects the vector file of a segment. */
import { bytesPerVector, type CodedVectors } from '../compress/codec.ts'
import { LateenError } from '../errors.ts'
import { byteList } from './byte-list.ts'
import {
  centroidIdBytes,
  codecFields,
  encodeVectorHeader,
  type VectorHeader,
  vectorLayout,
} from './layout.ts'
import type { SegmentOptions, SegmentPassage } from './segment.ts'

export function vectorWriter({ model, codec, pooling }: SegmentOptions) {
  const fields = codecFields(codec)
  const rowBytes = bytesPerVector(codec)
  const idBytes = centroidIdBytes(fields.numCentroids)
  const counts: number[] = []
  const codes = byteList()
  const centroidIds = byteList()
  const scales = byteList()
  let numVectors = 0

  return {
    get numPassages() {
      return counts.length
    },
    get numVectors() {
      return numVectors
    },
    get byteLength() {
      return codes.length + centroidIds.length + scales.length + 2 * counts.length
    },

    /** Checks everything before anything is added. */
    add(passages: readonly SegmentPassage[], vectors: CodedVectors, documentId: string): void {
      const expected = passages.reduce((sum, passage) => sum + passage.numVectors, 0)
      const residual = fields.numCentroids > 0
      const sizes = {
        numVectors: [vectors.numVectors, expected],
        'codes.length': [vectors.codes.length, expected * rowBytes],
        'centroidIds.length': [vectors.centroidIds.length, residual ? expected : 0],
        'scales.length': [vectors.scales.length, residual ? Math.ceil(expected / 2) : 0],
      } as const
      for (const [name, [found, wanted]] of Object.entries(sizes)) {
        if (found !== wanted) throw wrong(documentId, `${wanted} as ${name}`, found)
      }
      const outside = vectors.centroidIds.find((id) => id >= fields.numCentroids)
      if (outside !== undefined) throw wrong(documentId, `centroid ids below ${fields.numCentroids}`, outside)
      if (numVectors + expected > 0xffff_ffff)
        throw wrong(documentId, 'fewer than 2^32 vectors in a segment', numVectors + expected)

      for (const passage of passages) counts.push(passage.numVectors)
      codes.append(vectors.codes)
      centroidIds.append(littleEndian(vectors.centroidIds, idBytes))
      for (let i = 0; i < vectors.scales.length * 2 && i < expected; i++) {
        const scale = (vectors.scales[i >> 1]! >> (4 * (i & 1))) & 15
        if (((numVectors + i) & 1) === 0) scales.push(scale)
        else scales.orLast(scale << 4)
      }
      numVectors += expected
    },

    finish(): Uint8Array {
      const countBytes = counts.some((count) => count > 0xffff) ? 4 : 2
      const header: VectorHeader = {
        modelFingerprint: model.fingerprint,
        tokenizerHash: model.tokenizerHash,
        numPassages: counts.length,
        numVectors,
        codecFingerprint: codec.fingerprint,
        ...fields,
        poolFactor: pooling.factor,
        protectedTokens: pooling.protectedTokens,
        countBytes,
      }
      const layout = vectorLayout(header)
      const file = new Uint8Array(layout.totalBytes)
      file.set(encodeVectorHeader(header), 0)
      file.set(littleEndian(counts, countBytes), layout.counts.offset)
      file.set(codes.bytes(), layout.codes.offset)
      file.set(centroidIds.bytes(), layout.centroidIds.offset)
      file.set(scales.bytes(), layout.scales.offset)
      return file
    },
  }
}

function littleEndian(values: ArrayLike<number>, width: 0 | 1 | 2 | 4): Uint8Array {
  const bytes = new Uint8Array(values.length * width)
  for (let i = 0; i < values.length; i++) {
    for (let k = 0; k < width; k++) bytes[i * width + k] = values[i]! >>> (8 * k)
  }
  return bytes
}

function wrong(documentId: string, expected: string, found: number): LateenError {
  return new LateenError(
    'bad-argument',
    `The vectors of document "${documentId}" do not agree: expected ${expected}, found ${found}.`,
  )
}
