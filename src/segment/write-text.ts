/** Collects the text file of a segment, compressing block by block. */
import { hexToBytes } from '@noble/hashes/utils.js'
import { LateenError } from '../errors.ts'
import { checksumHex, sha256Hex } from '../util/hash.ts'
import { checkExtras, encodeBlock, passageRow } from './block.ts'
import { byteList } from './byte-list.ts'
import type { Refuse } from './check.ts'
import { type DocumentRow, encodeDocuments, metadataShape } from './documents.ts'
import { DIRECTORY_ROW_BYTES, encodeTextHeader, type TextHeader, textLayout } from './layout.ts'
import { pack } from './pack.ts'
import type { SegmentDocument, SegmentOptions } from './segment.ts'

/** A block is closed by the passage that brings its rows to this many bytes. */
const BLOCK_BYTES = 12_288

/** A finished text file. */
export interface WrittenText {
  readonly bytes: Uint8Array
  /** Where it may be divided: behind the document table and behind every block. */
  readonly cuts: readonly number[]
}

export function textWriter({ model }: Pick<SegmentOptions, 'model'>) {
  const documents: DocumentRow[] = []
  const directory = byteList()
  const blocks = byteList()
  const blockEnds: number[] = []
  let rows: Uint8Array[] = []
  let rowBytes = 0
  let numPassages = 0

  const closeBlock = () => {
    const raw = encodeBlock(rows)
    const packed = pack(raw)
    const entry = new Uint8Array(DIRECTORY_ROW_BYTES)
    const view = new DataView(entry.buffer)
    view.setUint32(0, rows.length, true)
    view.setUint32(4, packed.length, true)
    view.setUint32(8, raw.length, true)
    entry.set(hexToBytes(checksumHex(packed)), 12)
    directory.append(entry)
    blocks.append(packed)
    blockEnds.push(blocks.length)
    rows = []
    rowBytes = 0
  }

  return {
    get byteLength() {
      return directory.length + blocks.length
    },

    /** Fails with `bad-argument` when a document cannot be stored or contradicts itself. */
    check({ id, metadata, contentHash, passages }: SegmentDocument): void {
      const refuse: Refuse = (path, expected, found) => {
        throw new LateenError(
          'bad-argument',
          `Document "${id}" cannot be stored: expected ${expected} as ${path}, found ${found}.`,
        )
      }
      metadataShape(metadata, 'metadata', refuse)
      if (!/^[0-9a-f]*$/.test(contentHash)) refuse('contentHash', 'lower-case hex digits', `"${contentHash}"`)
      passages.forEach(({ passage }, ordinal) => {
        if (passage.documentId !== id)
          refuse(`passages[${ordinal}].documentId`, `"${id}"`, `"${passage.documentId}"`)
        if (passage.ordinal !== ordinal)
          refuse(`passages[${ordinal}].ordinal`, `${ordinal}`, `${passage.ordinal}`)
        checkExtras(passage, `passages[${ordinal}]`, refuse)
      })
    },

    add({ id, metadata, contentHash, passages }: SegmentDocument): void {
      documents.push({ id, metadata, contentHash, numPassages: passages.length })
      numPassages += passages.length
      for (const { passage } of passages) {
        const row = passageRow(passage)
        rows.push(row)
        rowBytes += row.length
        if (rowBytes >= BLOCK_BYTES) closeBlock()
      }
    },

    finish(): WrittenText {
      if (rows.length > 0) closeBlock()
      const numBlocks = blockEnds.length
      const documentTable = encodeDocuments(documents)
      directory.append(documentTable)
      const resident = pack(directory.bytes())
      const header: TextHeader = {
        modelFingerprint: model.fingerprint,
        tokenizerHash: model.tokenizerHash,
        numPassages,
        numDocuments: documents.length,
        numBlocks,
        residentHash: sha256Hex(resident),
        residentBytes: resident.length,
        documentsRawBytes: documentTable.length,
        blocksBytes: blocks.length,
      }
      const layout = textLayout(header)
      const file = new Uint8Array(layout.totalBytes)
      file.set(encodeTextHeader(header), 0)
      file.set(resident, layout.resident.offset)
      file.set(blocks.bytes(), layout.blocks.offset)
      const { offset } = layout.blocks
      return { bytes: file, cuts: [offset, ...blockEnds.map((end) => offset + end)] }
    },
  }
}
