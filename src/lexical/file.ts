/** The keyword file: a fixed header, a packed head, packed blocks. The specification is docs/format.md. */
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { byteList } from '../segment/byte-list.ts'
import { corrupt } from '../segment/layout.ts'
import { assertAcceptedVersion, FORMAT_MAJOR, FORMAT_MINOR } from '../segment/manifest.ts'
import { pack } from '../segment/pack.ts'
import type { CuttableFile } from '../segment/parts.ts'
import { unpack } from '../segment/unpack.ts'
import { readChecked } from '../store/source.ts'
import type { ByteSource } from '../store/store.ts'
import { checksumHex, sha256Hex } from '../util/hash.ts'
import { type BlockEntry, decodeBlock } from './block.ts'
import { type BlockReference, decodeHead, encodeHead, type LexicalHead } from './head.ts'

const MAGIC = 'LATEENK\0'
const HEADER_BYTES = 64
/** Bytes of the header in front of its own checksum. */
const CHECKED_BYTES = 56

interface Header {
  readonly fileBytes: number
  readonly headBytes: number
  readonly rawHeadBytes: number
  /** SHA-256 of the packed head. */
  readonly headHash: string
}

export interface OpenFile {
  readonly head: LexicalHead
  /** Fails with `segment-corrupt` and what the source throws. */
  readBlock(index: number): Promise<BlockEntry[]>
}

/**
 * @param blocks raw, each with its first word
 * @returns the file, which may be cut behind the head and behind every block
 */
export function writeFile(
  head: Omit<LexicalHead, 'blocks'>,
  blocks: readonly { readonly firstWord: string; readonly raw: Uint8Array }[],
): CuttableFile {
  const packed = blocks.map(({ raw }) => pack(raw))
  const references = packed.map(
    (bytes, i): BlockReference => ({
      firstWord: blocks[i]!.firstWord,
      packedBytes: bytes.length,
      rawBytes: blocks[i]!.raw.length,
      checksum: checksumHex(bytes),
    }),
  )
  const rawHead = encodeHead({ ...head, blocks: references })
  const packedHead = pack(rawHead)
  const cuts = [HEADER_BYTES + packedHead.length]
  for (const { length } of packed) cuts.push(cuts.at(-1)! + length)
  const header = encodeHeader({
    fileBytes: cuts.at(-1)!,
    headBytes: packedHead.length,
    rawHeadBytes: rawHead.length,
    headHash: sha256Hex(packedHead),
  })
  const file = byteList()
  for (const piece of [header, packedHead, ...packed]) file.append(piece)
  return { bytes: file.bytes().slice(), cuts }
}

/**
 * Reads and checks the head; blocks are checked as they are read.
 *
 * @param name of the file, for messages
 * @throws LateenError `index-version`; `index-invalid` when it was made by another version of the analyzer;
 *         `segment-corrupt`; what `source` throws
 */
export async function openFile(source: ByteSource, name: string, signal?: AbortSignal): Promise<OpenFile> {
  const refuse = (expected: string, found: string): never => {
    throw corrupt(name, expected, found)
  }
  const { byteLength } = source
  const header = await readChecked(
    source,
    0,
    Math.min(HEADER_BYTES, byteLength),
    (bytes) => decodeHeader(bytes, byteLength, name),
    signal,
  )
  const packedHead = await readChecked(
    source,
    HEADER_BYTES,
    header.headBytes,
    (bytes) => {
      if (sha256Hex(bytes) === header.headHash) return bytes
      return refuse('a head with the checksum of the header', 'another checksum')
    },
    signal,
  )
  const head = decodeHead(unpack(packedHead, header.rawHeadBytes, name), name, refuse)
  const offsets = [HEADER_BYTES + header.headBytes]
  for (const { packedBytes } of head.blocks) offsets.push(offsets.at(-1)! + packedBytes)
  if (offsets.at(-1) !== byteLength) refuse(`blocks that end at byte ${byteLength}`, `${offsets.at(-1)}`)
  return {
    head,
    readBlock(index) {
      const block = head.blocks[index]!
      return readChecked(source, offsets[index]!, block.packedBytes, (packed) => {
        if (checksumHex(packed) !== block.checksum) {
          refuse(`block ${index} with the checksum of the directory`, 'another checksum')
        }
        return decodeBlock(unpack(packed, block.rawBytes, name), head.lengths[0]!.length, refuse)
      })
    },
  }
}

function encodeHeader({ fileBytes, headBytes, rawHeadBytes, headHash }: Header): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES)
  const view = new DataView(bytes.buffer)
  bytes.set(new TextEncoder().encode(MAGIC), 0)
  view.setUint16(8, FORMAT_MAJOR, true)
  view.setUint16(10, FORMAT_MINOR, true)
  view.setUint32(12, fileBytes, true)
  view.setUint32(16, headBytes, true)
  view.setUint32(20, rawHeadBytes, true)
  bytes.set(hexToBytes(headHash), 24)
  bytes.set(ownChecksum(bytes), CHECKED_BYTES)
  return bytes
}

function decodeHeader(bytes: Uint8Array, fileBytes: number, name: string): Header {
  if (bytes.length < HEADER_BYTES) throw corrupt(name, `at least ${HEADER_BYTES} bytes`, `${bytes.length}`)
  const magic = String.fromCharCode(...bytes.subarray(0, MAGIC.length))
  if (magic !== MAGIC) {
    throw corrupt(name, `a file that begins with ${JSON.stringify(MAGIC)}`, JSON.stringify(magic))
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES)
  assertAcceptedVersion(name, view.getUint16(8, true), view.getUint16(10, true))
  if (ownChecksum(bytes).some((byte, i) => byte !== bytes[CHECKED_BYTES + i])) {
    throw corrupt(name, 'a header with the checksum it states', 'another checksum')
  }
  const header = {
    fileBytes: view.getUint32(12, true),
    headBytes: view.getUint32(16, true),
    rawHeadBytes: view.getUint32(20, true),
    headHash: bytesToHex(bytes.subarray(24, CHECKED_BYTES)),
  }
  if (header.fileBytes === fileBytes && HEADER_BYTES + header.headBytes <= fileBytes) return header
  throw corrupt(name, `${header.fileBytes} bytes as its header says`, `${fileBytes}`)
}

function ownChecksum(header: Uint8Array): Uint8Array {
  return hexToBytes(sha256Hex(header.subarray(0, CHECKED_BYTES))).subarray(0, HEADER_BYTES - CHECKED_BYTES)
}
