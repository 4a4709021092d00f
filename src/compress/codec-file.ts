/**
 * The codec file: centroids and the tables of 4, 2 and 1 bits, or of an imported codec its one table with the
 * exact weights. Its specification is docs/format.md, "Codec file".
 */
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { LateenError } from '../errors.ts'
import { sha256Stream } from '../util/hash.ts'
import { type ResidualBits, type ResidualCodec, SCALE_LEVELS } from './codec.ts'
import {
  type CodecTable,
  centroidBytes,
  centroidWidth,
  codecFingerprint,
  floatBytes,
  parseCentroids,
  parseFloats,
  parseTable,
  tableBytes,
  tableLength,
} from './codec-bytes.ts'
import { RESIDUAL_BITS, type ResidualCodecs } from './residual.ts'

const MAGIC = 'LATEENC\0'
const MAJOR = 1
/** With three tables, and with one and exact weights. */
const MINOR = { trained: 0, exact: 1 } as const
const HEADER_BYTES = 64
const CHECKSUM = 32
const MAX_CENTROIDS = 65_536

interface Layout {
  readonly numCentroids: number
  readonly dim: number
  /** Bytes of a component of a centroid. */
  readonly width: 2 | 4
  /** Of the only table; absent: tables of 4, 2 and 1 bits. */
  readonly exactBits?: ResidualBits
}

/** The file of codecs trained together. The same codecs give the same bytes. */
export function writeCodecFile(codecs: ResidualCodecs): Uint8Array {
  const { dim, numCentroids, centroids } = codecs(4)
  const tables = RESIDUAL_BITS.map((bits) => tableBytes(codecs(bits)))
  return writeFile({ numCentroids, dim, width: 2 }, [centroidBytes(centroids), ...tables])
}

/**
 * The file of a codec with exact weights, which has tables for its own bits only.
 *
 * @throws LateenError `bad-argument` when it has no exact weights
 */
export function writeExactCodecFile(codec: ResidualCodec): Uint8Array {
  const { dim, numCentroids, centroids, bits, exactWeights } = codec
  if (!exactWeights) {
    throw new LateenError('bad-argument', 'Expected a codec with exact weights, found one that was trained.')
  }
  const width = centroidWidth(centroids)
  return writeFile({ numCentroids, dim, width, exactBits: bits }, [
    centroidBytes(centroids, width),
    tableBytes(codec),
    floatBytes(exactWeights),
  ])
}

function writeFile(layout: Layout, parts: readonly Uint8Array[]): Uint8Array {
  const { numCentroids, dim, width, exactBits } = layout
  const bytes = new Uint8Array(fileLength(layout))
  const view = new DataView(bytes.buffer)
  bytes.set(new TextEncoder().encode(MAGIC))
  view.setUint16(8, MAJOR, true)
  view.setUint16(10, exactBits ? MINOR.exact : MINOR.trained, true)
  view.setUint32(12, HEADER_BYTES, true)
  view.setBigUint64(16, BigInt(bytes.length), true)
  view.setUint32(24, numCentroids, true)
  view.setUint16(28, dim, true)
  if (exactBits) bytes.set([exactBits, width], 30)
  let at = HEADER_BYTES
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  bytes.set(hexToBytes(checksum(bytes)), CHECKSUM)
  return bytes
}

/**
 * Reads a codec file after checking all of it. Of an imported codec there is that of its own bits only.
 *
 * @throws LateenError `model-invalid` when it is damaged or not a codec file, `model-unsupported` when
 *         its version is not accepted
 */
export function readCodecFile(bytes: Uint8Array): ResidualCodecs {
  const layout = readHeader(bytes)
  const { numCentroids, dim, width, exactBits } = layout
  let at = HEADER_BYTES
  const next = (length: number) => bytes.subarray(at, (at += length))
  const centroids = parseCentroids(next(width * numCentroids * dim), width)
  if (!centroids.every(Number.isFinite)) throw invalid('finite centroids', 'one that is not')
  const codecs = new Map<ResidualBits, ResidualCodec>()
  for (const bits of exactBits ? [exactBits] : RESIDUAL_BITS) {
    const table = parseTable(next(tableLength(bits)), bits)
    assertTable(table, bits)
    const exactWeights = exactBits && parseFloats(next(4 * 2 ** bits))
    if (exactWeights && !isAscending(exactWeights)) {
      throw invalid('ascending exact weights', `${exactWeights}`)
    }
    const parts = { bits, dim, numCentroids, centroids, ...table, ...(exactWeights && { exactWeights }) }
    codecs.set(bits, { kind: 'residual', ...parts, fingerprint: codecFingerprint(parts) })
  }
  const read: ResidualCodecs = (bits) => {
    const codec = codecs.get(bits)
    if (!codec) throw invalid(`a codec of ${bits} bits`, `one of ${exactBits} alone`)
    return codec
  }
  const again = exactBits ? writeExactCodecFile(read(exactBits)) : writeCodecFile(read)
  // Covers what no field above says: the bytes that must be zero.
  if (again.length !== bytes.length || !again.every((byte, i) => byte === bytes[i])) {
    throw invalid('zeros between the fields', 'other bytes')
  }
  return read
}

/**
 * Components of the vectors that a codec file is for.
 *
 * @throws LateenError as {@link readCodecFile} does
 */
export function codecFileDim(bytes: Uint8Array): number {
  return readHeader(bytes).dim
}

function readHeader(bytes: Uint8Array): Layout {
  if (bytes.length < HEADER_BYTES) throw invalid(`at least ${HEADER_BYTES} bytes`, `${bytes.length}`)
  const magic = String.fromCharCode(...bytes.subarray(0, MAGIC.length))
  if (magic !== MAGIC) {
    throw invalid(`a file that begins with ${JSON.stringify(MAGIC)}`, JSON.stringify(magic))
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const [major, minor] = [view.getUint16(8, true), view.getUint16(10, true)]
  if (major !== MAJOR || minor > MINOR.exact) {
    throw new LateenError(
      'model-unsupported',
      `The codec file has version ${major}.${minor}, but this reader accepts 1.0 and 1.1. Update lateen or build the index again.`,
    )
  }
  const headerBytes = view.getUint32(12, true)
  if (headerBytes !== HEADER_BYTES) throw invalid(`a header of ${HEADER_BYTES} bytes`, `${headerBytes}`)
  const totalBytes = view.getBigUint64(16, true)
  if (totalBytes !== BigInt(bytes.length)) {
    throw invalid(`${totalBytes} bytes as its header says`, `${bytes.length}`)
  }
  if (checksum(bytes) !== bytesToHex(bytes.subarray(CHECKSUM, HEADER_BYTES))) {
    throw invalid('content with the checksum its header states', 'another checksum')
  }
  const numCentroids = view.getUint32(24, true)
  const dim = view.getUint16(28, true)
  if (numCentroids < 1 || numCentroids > MAX_CENTROIDS) {
    throw invalid(`1 to ${MAX_CENTROIDS} centroids`, `${numCentroids}`)
  }
  const layout: Layout = { numCentroids, dim, ...(minor === MINOR.exact ? exactFields(bytes) : { width: 2 }) }
  const bits = layout.exactBits ?? 1
  if (dim < 1 || (dim * bits) % 8 !== 0) {
    throw invalid(`a dimension that is a multiple of ${8 / bits}`, `${dim}`)
  }
  const expected = fileLength(layout)
  if (expected !== bytes.length) {
    throw invalid(`${expected} bytes for ${numCentroids} centroids × ${dim}`, `${bytes.length}`)
  }
  return layout
}

function exactFields(bytes: Uint8Array): Required<Pick<Layout, 'width' | 'exactBits'>> {
  const exactBits = RESIDUAL_BITS.find((bits) => bits === bytes[30])
  const width = bytes[31]
  if (!exactBits) throw invalid('4, 2 or 1 bits', `${bytes[30]}`)
  if (width !== 2 && width !== 4) throw invalid('2 or 4 bytes per component', `${width}`)
  return { exactBits, width }
}

function assertTable({ weightStep, scales, cutoffs, weights }: CodecTable, bits: ResidualBits): void {
  const table = `the table of ${bits} bits`
  if (!(weightStep > 0 && Number.isFinite(weightStep))) {
    throw invalid(`a weight step above 0 in ${table}`, `${weightStep}`)
  }
  if (!(isAscending(scales) && scales[0]! > 0)) {
    throw invalid(`${SCALE_LEVELS} ascending scales above 0 in ${table}`, `${scales}`)
  }
  if (!isAscending(cutoffs)) throw invalid(`ascending cutoffs in ${table}`, `${cutoffs}`)
  if (!(isAscending(weights) && weights.every((weight) => Math.abs(weight) <= 63))) {
    throw invalid(`ascending weights from −63 to 63 in ${table}`, `${weights}`)
  }
}

/** Finite, and none smaller than the one before it. */
function isAscending(values: Float32Array | Int8Array): boolean {
  return values.every((value, i) => Number.isFinite(value) && (i === 0 || value >= values[i - 1]!))
}

function fileLength({ numCentroids, dim, width, exactBits }: Layout): number {
  const tables = exactBits
    ? tableLength(exactBits) + 4 * 2 ** exactBits
    : RESIDUAL_BITS.reduce((sum, bits) => sum + tableLength(bits), 0)
  return HEADER_BYTES + width * numCentroids * dim + tables
}

/** SHA-256 of everything but the checksum itself. */
function checksum(bytes: Uint8Array): string {
  const hash = sha256Stream()
  hash.update(bytes.subarray(0, CHECKSUM))
  hash.update(bytes.subarray(HEADER_BYTES))
  return hash.hex()
}

function invalid(expected: string, found: string): LateenError {
  return new LateenError(
    'model-invalid',
    `The codec file is damaged: expected ${expected}, found ${found}. Load it again; if that does not help, train the codec again.`,
  )
}
