/**
 * The codec file: centroids and the tables of 4, 2 and 1 bits. Its specification is
 * docs/format.md, "Codec file".
 */
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { LateenError } from '../errors.ts'
import { sha256Stream } from '../util/hash.ts'
import { type ResidualBits, type ResidualCodec, SCALE_LEVELS } from './codec.ts'
import {
  type CodecTable,
  centroidBytes,
  codecFingerprint,
  parseCentroids,
  parseTable,
  tableBytes,
  tableLength,
} from './codec-bytes.ts'
import { RESIDUAL_BITS, type ResidualCodecs } from './residual.ts'

const MAGIC = 'LATEENC\0'
const MAJOR = 1
const MINOR = 0
const HEADER_BYTES = 64
const CHECKSUM = 32
const MAX_CENTROIDS = 65_536

/** The file of codecs trained together. The same codecs give the same bytes. */
export function writeCodecFile(codecs: ResidualCodecs): Uint8Array {
  const { dim, numCentroids, centroids } = codecs(4)
  const bytes = new Uint8Array(fileLength(numCentroids, dim))
  const view = new DataView(bytes.buffer)
  bytes.set(new TextEncoder().encode(MAGIC))
  view.setUint16(8, MAJOR, true)
  view.setUint16(10, MINOR, true)
  view.setUint32(12, HEADER_BYTES, true)
  view.setBigUint64(16, BigInt(bytes.length), true)
  view.setUint32(24, numCentroids, true)
  view.setUint16(28, dim, true)
  bytes.set(centroidBytes(centroids), HEADER_BYTES)
  let at = HEADER_BYTES + 2 * centroids.length
  for (const bits of RESIDUAL_BITS) {
    bytes.set(tableBytes(codecs(bits)), at)
    at += tableLength(bits)
  }
  bytes.set(hexToBytes(checksum(bytes)), CHECKSUM)
  return bytes
}

/**
 * Reads a codec file after checking all of it.
 *
 * @throws LateenError `model-invalid` when it is damaged or not a codec file, `model-unsupported` when
 *         its version is not accepted
 */
export function readCodecFile(bytes: Uint8Array): ResidualCodecs {
  const { numCentroids, dim } = readHeader(bytes)
  let at = HEADER_BYTES + 2 * numCentroids * dim
  const centroids = parseCentroids(bytes.subarray(HEADER_BYTES, at))
  if (!centroids.every(Number.isFinite)) throw invalid('finite centroids', 'one that is not')
  const codecs = new Map<ResidualBits, ResidualCodec>()
  for (const bits of RESIDUAL_BITS) {
    const table = parseTable(bytes.subarray(at, at + tableLength(bits)), bits)
    assertTable(table, bits)
    at += tableLength(bits)
    const parts = { bits, dim, numCentroids, centroids, ...table }
    codecs.set(bits, { kind: 'residual', ...parts, fingerprint: codecFingerprint(parts) })
  }
  const read: ResidualCodecs = (bits) => codecs.get(bits)!
  // Covers what no field above says: the bytes that must be zero.
  if (!writeCodecFile(read).every((byte, i) => byte === bytes[i])) {
    throw invalid('zeros between the fields', 'other bytes')
  }
  return read
}

function readHeader(bytes: Uint8Array): { numCentroids: number; dim: number } {
  if (bytes.length < HEADER_BYTES) throw invalid(`at least ${HEADER_BYTES} bytes`, `${bytes.length}`)
  const magic = String.fromCharCode(...bytes.subarray(0, MAGIC.length))
  if (magic !== MAGIC) {
    throw invalid(`a file that begins with ${JSON.stringify(MAGIC)}`, JSON.stringify(magic))
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const [major, minor] = [view.getUint16(8, true), view.getUint16(10, true)]
  if (major !== MAJOR || minor !== MINOR) {
    throw new LateenError(
      'model-unsupported',
      `The codec file has version ${major}.${minor}, but this reader accepts ${MAJOR}.${MINOR}. Update lateen or build the index again.`,
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
  if (dim < 8 || dim % 8 !== 0) throw invalid('a dimension that is a multiple of 8', `${dim}`)
  const expected = fileLength(numCentroids, dim)
  if (expected !== bytes.length) {
    throw invalid(`${expected} bytes for ${numCentroids} centroids × ${dim}`, `${bytes.length}`)
  }
  return { numCentroids, dim }
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

function fileLength(numCentroids: number, dim: number): number {
  return RESIDUAL_BITS.reduce((sum, bits) => sum + tableLength(bits), HEADER_BYTES + 2 * numCentroids * dim)
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
