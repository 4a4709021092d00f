/**
 * Where everything lies in the two files of a segment: the only place byte offsets are computed.
 * The specification is docs/format.md. Nothing here knows what a vector or a passage means.
 */
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import type { Codec } from '../compress/codec.ts'
import { LateenError } from '../errors.ts'
import { sha256Hex } from '../util/hash.ts'
import { assertAcceptedVersion, FORMAT_MAJOR, FORMAT_MINOR } from './manifest.ts'

export const HEADER_BYTES = 256
/** Default offset alignment of WebGPU buffer bindings. */
const SECTION_ALIGNMENT = 256
const CHECKED_BYTES = 224
export const DIRECTORY_ROW_BYTES = 16

const MAGIC = { vectors: 'LATEENV\0', text: 'LATEENT\0' } as const
const CODEC_KINDS = ['residual', 'int8', 'f16', 'f32'] as const
const PLAIN_BITS = { int8: 8, f16: 16, f32: 32 } as const

/** A run of bytes of a file. */
export interface Section {
  readonly offset: number
  readonly length: number
}

/** What both kinds of header say. */
interface CommonHeader {
  readonly modelFingerprint: string
  readonly tokenizerHash: string
  readonly numPassages: number
}

export interface VectorHeader extends CommonHeader {
  readonly numVectors: number
  readonly codecFingerprint: string
  readonly codecKind: Codec['kind']
  /** Bits per dimension. */
  readonly bits: number
  readonly dim: number
  /** 0 for plain codecs. */
  readonly numCentroids: number
  readonly poolFactor: number
  readonly protectedTokens: number
  readonly countBytes: 2 | 4
}

export interface TextHeader extends CommonHeader {
  readonly numDocuments: number
  readonly numBlocks: number
  /** SHA-256 of the resident section. */
  readonly residentHash: string
  /** Length of directory and document table, packed together. */
  readonly residentBytes: number
  readonly documentsRawBytes: number
  readonly blocksBytes: number
}

/** The codec fields of a vector header. */
export function codecFields(codec: Codec): Pick<VectorHeader, 'codecKind' | 'bits' | 'dim' | 'numCentroids'> {
  return codec.kind === 'residual'
    ? { codecKind: codec.kind, bits: codec.bits, dim: codec.dim, numCentroids: codec.numCentroids }
    : { codecKind: codec.kind, bits: PLAIN_BITS[codec.kind], dim: codec.dim, numCentroids: 0 }
}

/** Bytes of one stored centroid id. */
export function centroidIdBytes(numCentroids: number): 0 | 1 | 2 {
  if (numCentroids === 0) return 0
  return numCentroids <= 256 ? 1 : 2
}

/** Sections of a vector file; `totalBytes` is the length of the file. */
export function vectorLayout(header: VectorHeader) {
  const { numVectors, numCentroids } = header
  const [counts, codes, centroidIds, scales] = placeSections(SECTION_ALIGNMENT, [
    header.numPassages * header.countBytes,
    numVectors * ((header.dim * header.bits) / 8),
    numVectors * centroidIdBytes(numCentroids),
    numCentroids > 0 ? Math.ceil(numVectors / 2) : 0,
  ]) as [Section, Section, Section, Section]
  return { counts, codes, centroidIds, scales, totalBytes: scales.offset + scales.length }
}

/** Sections of a text file; `totalBytes` is the length of the file. */
export function textLayout(header: TextHeader) {
  const [resident, blocks] = placeSections(1, [header.residentBytes, header.blocksBytes]) as [
    Section,
    Section,
  ]
  return { resident, blocks, totalBytes: blocks.offset + blocks.length }
}

function placeSections(alignment: number, lengths: readonly number[]): Section[] {
  let end = HEADER_BYTES
  return lengths.map((length) => {
    const offset = Math.ceil(end / alignment) * alignment
    end = offset + length
    return { offset, length }
  })
}

export function encodeVectorHeader(header: VectorHeader): Uint8Array {
  const { counts, codes, centroidIds, scales, totalBytes } = vectorLayout(header)
  const { bytes, view } = commonHeader('vectors', header, header.numVectors, totalBytes, [
    counts,
    codes,
    centroidIds,
    scales,
  ])
  bytes.set(hexToBytes(header.codecFingerprint), 160)
  view.setUint32(192, header.numCentroids, true)
  view.setUint16(196, header.dim, true)
  view.setUint16(198, header.poolFactor, true)
  view.setUint16(200, header.protectedTokens, true)
  bytes[202] = CODEC_KINDS.indexOf(header.codecKind)
  bytes[203] = header.bits
  bytes[204] = header.countBytes
  bytes[205] = centroidIdBytes(header.numCentroids)
  return seal(bytes)
}

export function encodeTextHeader(header: TextHeader): Uint8Array {
  const { resident, blocks, totalBytes } = textLayout(header)
  const { bytes, view } = commonHeader('text', header, header.numDocuments, totalBytes, [resident, blocks])
  bytes.set(hexToBytes(header.residentHash), 160)
  view.setUint32(192, header.numBlocks, true)
  view.setUint32(196, header.documentsRawBytes, true)
  return seal(bytes)
}

/**
 * @param bytes      the first HEADER_BYTES of the file
 * @param fileBytes  length of the file
 * @param name       of the file, for messages
 * @throws LateenError `segment-corrupt`, `index-version`
 */
export function decodeVectorHeader(bytes: Uint8Array, fileBytes: number, name: string): VectorHeader {
  const { view, common, count } = openHeader('vectors', bytes, fileBytes, name)
  const codecKind = CODEC_KINDS[bytes[202]!]
  const countBytes = bytes[204]
  const header = {
    ...common,
    numVectors: count,
    codecFingerprint: bytesToHex(bytes.subarray(160, 192)),
    codecKind: codecKind ?? 'residual',
    bits: bytes[203]!,
    dim: view.getUint16(196, true),
    numCentroids: view.getUint32(192, true),
    poolFactor: view.getUint16(198, true),
    protectedTokens: view.getUint16(200, true),
    countBytes: countBytes === 4 ? 4 : 2,
  } as const
  const { bits, dim, numCentroids } = header
  const bitsFit =
    header.codecKind === 'residual' ? [4, 2, 1].includes(bits) : bits === PLAIN_BITS[header.codecKind]
  const centroidsFit =
    header.codecKind === 'residual' ? numCentroids >= 1 && numCentroids <= 65_536 : numCentroids === 0
  const consistent = bitsFit && centroidsFit && dim > 0 && (dim * bits) % 8 === 0 && header.poolFactor > 0
  if (!consistent)
    throw corrupt(
      name,
      'codec fields that agree with each other',
      `kind ${bytes[202]}, ${bits} bits, dim ${dim}, ${numCentroids} centroids, pool factor ${header.poolFactor}`,
    )
  return sameOrThrow(
    bytes,
    encodeVectorHeader(header),
    vectorLayout(header).totalBytes,
    fileBytes,
    header,
    name,
  )
}

/** As {@link decodeVectorHeader}, for a text file. */
export function decodeTextHeader(bytes: Uint8Array, fileBytes: number, name: string): TextHeader {
  const { view, common, count } = openHeader('text', bytes, fileBytes, name)
  const header = {
    ...common,
    numDocuments: count,
    numBlocks: view.getUint32(192, true),
    residentHash: bytesToHex(bytes.subarray(160, 192)),
    residentBytes: readU64(view, 104),
    documentsRawBytes: view.getUint32(196, true),
    blocksBytes: readU64(view, 120),
  }
  return sameOrThrow(bytes, encodeTextHeader(header), textLayout(header).totalBytes, fileBytes, header, name)
}

/** An error about the content of a segment file. */
export function corrupt(name: string, expected: string, found: string): LateenError {
  return new LateenError(
    'segment-corrupt',
    `${name} is damaged: expected ${expected}, found ${found}. Load it again; if that does not help, build the index again.`,
  )
}

function commonHeader(
  kind: keyof typeof MAGIC,
  header: CommonHeader,
  count: number,
  totalBytes: number,
  sections: readonly Section[],
): { bytes: Uint8Array; view: DataView } {
  const bytes = new Uint8Array(HEADER_BYTES)
  const view = new DataView(bytes.buffer)
  bytes.set(new TextEncoder().encode(MAGIC[kind]), 0)
  view.setUint16(8, FORMAT_MAJOR, true)
  view.setUint16(10, FORMAT_MINOR, true)
  view.setUint32(12, HEADER_BYTES, true)
  view.setBigUint64(16, BigInt(totalBytes), true)
  bytes.set(hexToBytes(header.modelFingerprint), 24)
  bytes.set(hexToBytes(header.tokenizerHash), 56)
  view.setUint32(88, header.numPassages, true)
  view.setUint32(92, count, true)
  sections.forEach(({ offset, length }, i) => {
    view.setBigUint64(96 + 16 * i, BigInt(offset), true)
    view.setBigUint64(104 + 16 * i, BigInt(length), true)
  })
  return { bytes, view }
}

function seal(bytes: Uint8Array): Uint8Array {
  bytes.set(hexToBytes(sha256Hex(bytes.subarray(0, CHECKED_BYTES))), CHECKED_BYTES)
  return bytes
}

function openHeader(kind: keyof typeof MAGIC, bytes: Uint8Array, fileBytes: number, name: string) {
  if (fileBytes < HEADER_BYTES || bytes.length < HEADER_BYTES) {
    throw corrupt(name, `at least ${HEADER_BYTES} bytes`, `${fileBytes}`)
  }
  const magic = String.fromCharCode(...bytes.subarray(0, 8))
  if (magic !== MAGIC[kind]) {
    throw corrupt(name, `a file that begins with ${JSON.stringify(MAGIC[kind])}`, JSON.stringify(magic))
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES)
  assertAcceptedVersion(name, view.getUint16(8, true), view.getUint16(10, true))
  if (
    sha256Hex(bytes.subarray(0, CHECKED_BYTES)) !== bytesToHex(bytes.subarray(CHECKED_BYTES, HEADER_BYTES))
  ) {
    throw corrupt(name, 'a header with the checksum it states', 'another checksum')
  }
  const totalBytes = readU64(view, 16)
  if (totalBytes !== fileBytes) throw corrupt(name, `${totalBytes} bytes as its header says`, `${fileBytes}`)
  const common: CommonHeader = {
    modelFingerprint: bytesToHex(bytes.subarray(24, 56)),
    tokenizerHash: bytesToHex(bytes.subarray(56, 88)),
    numPassages: view.getUint32(88, true),
  }
  return { view, common, count: view.getUint32(92, true) }
}

/** A header is right when writing what was read gives the same bytes: sections, derived fields and zeros included. */
function sameOrThrow<H>(
  found: Uint8Array,
  expected: Uint8Array,
  totalBytes: number,
  fileBytes: number,
  header: H,
  name: string,
): H {
  const differs = expected.findIndex((byte, i) => byte !== found[i])
  if (differs < 0 && totalBytes === fileBytes) return header
  throw corrupt(
    name,
    'a header whose counts, sections and length agree',
    `a contradiction at byte ${Math.max(differs, 0)}`,
  )
}

function readU64(view: DataView, offset: number): number {
  return Number(view.getBigUint64(offset, true))
}
