/** Opens the text file of a segment. */
import { readChecked } from '../store/source.ts'
import type { ByteSource } from '../store/store.ts'
import type { Passage } from '../types.ts'
import { checksumHex, sha256Hex } from '../util/hash.ts'
import { type Once, once } from '../util/once.ts'
import { decodeBlock, type StoredPassage } from './block.ts'
import { assertRange, expectEqual, readHeader, type SegmentContext } from './common.ts'
import { decodeDocuments } from './documents.ts'
import { corrupt, DIRECTORY_ROW_BYTES, decodeTextHeader, type Section, textLayout } from './layout.ts'
import { checkCompatible, type SegmentReference } from './manifest.ts'
import type { TextSegment } from './segment.ts'
import { unpack } from './unpack.ts'

/** Inflated blocks a text segment keeps, so that the passages of one answer do not read a block twice. */
const KEPT_BLOCKS = 16

/**
 * Opens a text file after checking its header, directory and document table, which stay in memory.
 * Blocks are checked as they are read.
 *
 * @throws LateenError `segment-corrupt`, `index-version`, `index-model-mismatch`, and what `source` throws
 */
export async function openTextSegment(
  source: ByteSource,
  manifest: SegmentContext,
  reference: SegmentReference,
  signal?: AbortSignal,
): Promise<TextSegment> {
  const name = reference.textFile.file
  const header = await readHeader(source, (bytes) => decodeTextHeader(bytes, source.byteLength, name), signal)
  checkCompatible(manifest, {
    fingerprint: header.modelFingerprint,
    tokenizerHash: header.tokenizerHash,
    codecFingerprint: manifest.codec.fingerprint,
  })
  expectEqual(name, 'passages', reference.passages, header.numPassages)
  expectEqual(name, 'documents', reference.documents, header.numDocuments)

  const layout = textLayout(header)
  const packedResident = await readChecked(
    source,
    layout.resident.offset,
    layout.resident.length,
    (bytes) => {
      if (sha256Hex(bytes) === header.residentHash) return bytes
      throw corrupt(
        name,
        'a directory and document table with the checksum of the header',
        'another checksum',
      )
    },
    signal,
  )
  const directoryBytes = header.numBlocks * DIRECTORY_ROW_BYTES
  const resident = unpack(packedResident, directoryBytes + header.documentsRawBytes, name)
  const blocks = readDirectory(resident, header.numBlocks, layout.blocks, header.numPassages, name)
  const documents = decodeDocuments(
    resident.subarray(directoryBytes),
    header.numDocuments,
    header.numPassages,
    name,
  )

  const documentOf = (passage: number): number => {
    assertRange(name, 'passages', passage, 1, header.numPassages)
    return lastAtMost(documents.length, (i) => documents[i]!.firstPassage, passage)
  }
  const readBlock = ({ offset, packedBytes, rawBytes, checksum, count }: BlockEntry) =>
    readChecked(source, offset, packedBytes, (packed) => {
      if (checksumHex(packed) === checksum) return decodeBlock(unpack(packed, rawBytes, name), count, name)
      throw corrupt(name, 'a block with the checksum of the directory', 'another checksum')
    })
  /** Blocks that were read once: their bytes stay where the source has them. */
  const here = new Set<number>()
  const kept = keepRecent(KEPT_BLOCKS, async (index: number) => {
    const block = await readBlock(blocks[index]!)
    here.add(index)
    return block
  })
  const blockOf = (passage: number): number => {
    assertRange(name, 'passages', passage, 1, header.numPassages)
    return lastAtMost(blocks.length, (i) => blocks[i]!.firstPassage, passage)
  }
  const stored = async (passage: number): Promise<StoredPassage> => {
    const index = blockOf(passage)
    return (await kept(index))[passage - blocks[index]!.firstPassage]!
  }
  const complete = (number: number, passage: StoredPassage): Passage => {
    const { id, metadata, firstPassage } = documents[documentOf(number)]!
    return { documentId: id, ordinal: number - firstPassage, ...passage, metadata }
  }
  return {
    numPassages: header.numPassages,
    documents,
    documentOf,
    readPassage: async (passage) => complete(passage, await stored(passage)),
    isHere: (passage) => !reference.textFile.parts || here.has(blockOf(passage)),
    async *passages() {
      for (const block of blocks) {
        let passage = block.firstPassage
        for (const row of await readBlock(block)) yield complete(passage++, row)
      }
    },
  }
}

interface BlockEntry {
  readonly firstPassage: number
  readonly count: number
  readonly offset: number
  readonly packedBytes: number
  readonly rawBytes: number
  readonly checksum: string
}

function readDirectory(
  bytes: Uint8Array,
  numBlocks: number,
  section: Section,
  numPassages: number,
  name: string,
): BlockEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let firstPassage = 0
  let { offset } = section
  const blocks = Array.from({ length: numBlocks }, (_, i): BlockEntry => {
    const row = i * DIRECTORY_ROW_BYTES
    const entry = {
      firstPassage,
      count: view.getUint32(row, true),
      offset,
      packedBytes: view.getUint32(row + 4, true),
      rawBytes: view.getUint32(row + 8, true),
      checksum: view
        .getUint32(row + 12)
        .toString(16)
        .padStart(8, '0'),
    }
    if (entry.count === 0) throw corrupt(name, 'blocks of 1 passage or more', `none in block ${i}`)
    firstPassage += entry.count
    offset += entry.packedBytes
    return entry
  })
  if (firstPassage !== numPassages)
    throw corrupt(name, `${numPassages} passages in all blocks`, `${firstPassage}`)
  if (offset !== section.offset + section.length) {
    throw corrupt(name, `blocks that end at byte ${section.offset + section.length}`, `${offset}`)
  }
  return blocks
}

/** The last index whose (ascending) value is at most `limit`. */
function lastAtMost(length: number, value: (index: number) => number, limit: number): number {
  let low = 0
  let high = length
  while (low < high) {
    const middle = (low + high) >> 1
    if (value(middle) <= limit) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** Memoises `run` for the `size` most recently used numbers. */
function keepRecent<T>(size: number, run: (index: number) => Promise<T>): (index: number) => Promise<T> {
  const recent = new Map<number, Once<T>>()
  return (index) => {
    const get = recent.get(index) ?? once(() => run(index))
    recent.delete(index)
    recent.set(index, get)
    if (recent.size > size) recent.delete(recent.keys().next().value!)
    return get()
  }
}
