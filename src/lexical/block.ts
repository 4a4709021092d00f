/**
 * A block of the keyword file: consecutive words, and for those that are terms where they occur. Numbers of
 * one kind lie together, so that what is alike is compressed together.
 */
import type { ByteList } from '../segment/byte-list.ts'
import { EVERYTHING, FIELDS, type Postings } from './keywords.ts'
import { byteReader, bytesOf, putVarint, putVarints, putWords, type Refuse, varintBytes } from './varint.ts'

/** A word with its postings, or a spelling that only leads to its term. */
export interface BlockEntry {
  readonly word: string
  readonly postings?: Postings
}

const REPEATING_FIELDS = FIELDS.flatMap((_, field) => (field === EVERYTHING ? [] : [field]))
const ALL_REPEATING = REPEATING_FIELDS.reduce((mask, field) => mask | (1 << field), 0)

/** @param entries sorted by code unit of their words */
export function encodeBlock(entries: readonly BlockEntry[]): Uint8Array {
  const terms = entries.flatMap(({ postings }) => postings ?? [])
  return bytesOf((list) => {
    putWords(
      list,
      entries.map(({ word }) => word),
    )
    for (const { postings } of entries) putVarint(list, postings?.rows.length ?? 0)
    for (const { counts } of terms) putVarint(list, fieldMask(counts))
    for (const { rows } of terms) putGaps(list, rows)
    for (const { counts } of terms) putVarints(list, counts[EVERYTHING]!)
    for (const { counts } of terms) {
      for (const field of REPEATING_FIELDS) if (counts[field]) putVarints(list, counts[field])
    }
  })
}

/** About the bytes an entry takes before compression. */
export function entryBytes({ word, postings }: BlockEntry): number {
  let bytes = word.length / 2 + 3
  let previous = -1
  for (let i = 0; i < (postings?.rows.length ?? 0); i++) {
    const row = postings!.rows[i]!
    bytes += varintBytes(row - previous) + 1
    previous = row
  }
  return bytes
}

/** @param numRows passages in the file, which rows must be below */
export function decodeBlock(bytes: Uint8Array, numRows: number, refuse: Refuse): BlockEntry[] {
  const reader = byteReader(bytes, refuse)
  const words = reader.words()
  const sizes = reader.varints(words.length)
  const terms = sizes.filter((size) => size > 0)
  const masks = reader.varints(terms.length)
  if (masks.some((mask) => mask > ALL_REPEATING)) refuse(`fields up to ${ALL_REPEATING}`, `${masks}`)
  const rows = Array.from(terms, (size) => fromGaps(reader.varints(size), numRows, refuse))
  const everywhere = Array.from(terms, (size) => reader.varints(size))
  if (everywhere.some((counts) => counts.includes(0))) refuse('1 occurrence or more', '0')
  const postings = rows.map((list, i): Postings => {
    const counts: (Uint32Array | undefined)[] = FIELDS.map(() => undefined)
    counts[EVERYTHING] = everywhere[i]!
    for (const field of REPEATING_FIELDS) {
      if (masks[i]! & (1 << field)) counts[field] = reader.varints(list.length)
    }
    return { rows: list, counts }
  })
  reader.end()
  let term = 0
  return words.map((word, i) => (sizes[i]! > 0 ? { word, postings: postings[term++]! } : { word }))
}

function fieldMask(counts: Postings['counts']): number {
  return REPEATING_FIELDS.reduce((mask, field) => mask | (counts[field] ? 1 << field : 0), 0)
}

function putGaps(list: ByteList, rows: ArrayLike<number>) {
  let previous = -1
  for (let i = 0; i < rows.length; i++) {
    putVarint(list, rows[i]! - previous - 1)
    previous = rows[i]!
  }
}

function fromGaps(gaps: Uint32Array, numRows: number, refuse: Refuse): Uint32Array {
  let row = -1
  for (let i = 0; i < gaps.length; i++) {
    row += gaps[i]! + 1
    if (row >= numRows) refuse(`passages below ${numRows}`, `${row}`)
    gaps[i] = row
  }
  return gaps
}
