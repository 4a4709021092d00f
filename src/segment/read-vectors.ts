/** Opens the vector file of a segment. */
import { bytesPerVector, type Codec, type CodedVectors } from '../compress/codec.ts'
import { LateenError } from '../errors.ts'
import type { ByteSource } from '../store/store.ts'
import { assertRange, expectEqual, readHeader, type SegmentContext } from './common.ts'
import { centroidIdBytes, codecFields, corrupt, decodeVectorHeader, vectorLayout } from './layout.ts'
import { checkCompatible, type SegmentReference } from './manifest.ts'
import type { VectorSectionName, VectorSegment } from './segment.ts'

/**
 * Opens a vector file after checking its header, its sections and its vector counts. The content of
 * the sections is covered by the hash of the file: see `verifySource`.
 *
 * @param codec must be the one the file was written with
 * @throws LateenError `segment-corrupt`, `index-version`, `index-model-mismatch`, and what `source` throws
 */
export async function openVectorSegment(
  source: ByteSource,
  codec: Codec,
  manifest: SegmentContext,
  reference: SegmentReference,
  signal?: AbortSignal,
): Promise<VectorSegment> {
  const name = reference.vectorFile.file
  const header = await readHeader(
    source,
    (bytes) => decodeVectorHeader(bytes, source.byteLength, name),
    signal,
  )
  const identity = { ...header, fingerprint: header.modelFingerprint }
  checkCompatible(manifest, identity)
  checkCompatible(manifest, { ...identity, codecFingerprint: codec.fingerprint })
  expectEqual(name, 'passages', reference.passages, header.numPassages)
  expectEqual(name, 'vectors', reference.vectors, header.numVectors)
  for (const [field, value] of Object.entries(codecFields(codec))) {
    expectEqual(name, field, value, header[field as keyof ReturnType<typeof codecFields>])
  }

  const layout = vectorLayout(header)
  const counts = await source.read(layout.counts.offset, layout.counts.length, signal)
  const offsets = runningOffsets(counts, header.countBytes, header.numVectors, name)
  const idBytes = centroidIdBytes(header.numCentroids)
  return {
    numPassages: header.numPassages,
    numVectors: header.numVectors,
    codec,
    poolFactor: header.poolFactor,
    byteLength: source.byteLength,
    readOffsets: async () => offsets,
    sectionLength: (section) => layout[section].length,
    async read(section: VectorSectionName, offset: number, length: number) {
      assertRange(name, section, offset, length, layout[section].length)
      const bytes = await source.read(layout[section].offset + offset, length)
      if (section === 'centroidIds') assertIds(bytes, offset, idBytes, header.numCentroids, name)
      return bytes
    },
  }
}

/** The stored vectors of rows `start` to `end`, scales starting at a byte of their own. */
export async function readVectors(segment: VectorSegment, start: number, end: number): Promise<CodedVectors> {
  assertRange('The segment', 'rows', start, end - start, segment.numVectors)
  const { codec } = segment
  const numVectors = end - start
  const rowBytes = bytesPerVector(codec)
  const codes = segment.read('codes', start * rowBytes, numVectors * rowBytes)
  if (codec.kind !== 'residual') {
    return { numVectors, codes: await codes, centroidIds: new Uint8Array(0), scales: new Uint8Array(0) }
  }
  const idBytes = centroidIdBytes(codec.numCentroids)
  const firstScale = start >> 1
  const [codeBytes, ids, scales] = await Promise.all([
    codes,
    segment.read('centroidIds', start * idBytes, numVectors * idBytes),
    segment.read('scales', firstScale, Math.ceil(end / 2) - firstScale),
  ])
  const centroidIds =
    idBytes === 1
      ? ids
      : Uint16Array.from({ length: numVectors }, (_, i) => ids[2 * i]! | (ids[2 * i + 1]! << 8))
  return { numVectors, codes: codeBytes, centroidIds, scales: shiftScales(scales, start & 1, numVectors) }
}

function shiftScales(scales: Uint8Array, skip: number, count: number): Uint8Array {
  return Uint8Array.from({ length: Math.ceil(count / 2) }, (_, i) => {
    const nibble = (n: number) => (n < count ? (scales[(n + skip) >> 1]! >> (4 * ((n + skip) & 1))) & 15 : 0)
    return nibble(2 * i) | (nibble(2 * i + 1) << 4)
  })
}

function runningOffsets(counts: Uint8Array, width: 2 | 4, numVectors: number, name: string): Uint32Array {
  const view = new DataView(counts.buffer, counts.byteOffset, counts.length)
  const offsets = new Uint32Array(counts.length / width + 1)
  let sum = 0
  for (let i = 0; i < offsets.length - 1; i++) {
    sum += width === 2 ? view.getUint16(2 * i, true) : view.getUint32(4 * i, true)
    if (sum > numVectors) break
    offsets[i + 1] = sum
  }
  if (sum !== numVectors) throw corrupt(name, `vector counts that add up to ${numVectors}`, `${sum}`)
  return offsets
}

/** A kernel would read outside its table for an id that is too large. */
function assertIds(
  bytes: Uint8Array,
  offset: number,
  idBytes: number,
  numCentroids: number,
  name: string,
): void {
  if (numCentroids === 256 ** idBytes) return
  if (idBytes === 2 && (offset % 2 !== 0 || bytes.length % 2 !== 0)) {
    throw new LateenError(
      'bad-argument',
      'Centroid ids of two bytes must be read whole: expected an even offset and length.',
    )
  }
  for (let i = 0; i < bytes.length; i += idBytes) {
    const id = idBytes === 1 ? bytes[i]! : bytes[i]! | (bytes[i + 1]! << 8)
    if (id >= numCentroids) throw corrupt(name, `centroid ids below ${numCentroids}`, `${id}`)
  }
}
