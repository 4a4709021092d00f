/**
 * The keyword index as a file: gzip around JSON. Terms are sorted and passages ascend, so the same
 * passages give the same bytes in whatever order they were added. Posting lists hold gaps between
 * passages: half the bytes of MiniSearch's own JSON after compression.
 */
import { gunzipSync, gzipSync, strFromU8, strToU8 } from 'fflate'
import type { AsPlainObject } from 'minisearch'
import { LateenError } from '../errors.ts'
import { ANALYZER } from './terms.ts'

const FORMAT = 'lateen-lexical'
const VERSION = 1

export interface LexicalContents {
  /** Ascending passage ids. */
  readonly ids: readonly number[]
  /** Number of distinct words: one list per field, one entry per id. */
  readonly lengths: readonly (readonly number[])[]
  /** Sorted by code unit. */
  readonly terms: readonly string[]
  /** Per term one list per field: positions in `ids` as gaps from the one before, each followed by its number of occurrences. */
  readonly postings: readonly (readonly (readonly number[])[])[]
  /** Words that are not spelled like their term, sorted. The analyzer says which term that is. */
  readonly variants: readonly string[]
}

interface LexicalFile extends LexicalContents {
  readonly format: string
  readonly version: number
  /** Analyzer and fields decide what is in the index: a reader with others would search in vain. */
  readonly analyzer: string
  readonly fields: readonly string[]
}

export function writeLexicalFile(contents: LexicalContents, fields: readonly string[]): Uint8Array {
  const file: LexicalFile = { format: FORMAT, version: VERSION, analyzer: ANALYZER, fields, ...contents }
  return gzipSync(strToU8(JSON.stringify(file)), { level: 9, mtime: 0 })
}

/** @throws LateenError `index-invalid` when damaged, or made by another version or with other fields */
export function readLexicalFile(bytes: Uint8Array, fields: readonly string[]): LexicalContents {
  let file: Partial<LexicalFile> | null
  try {
    file = JSON.parse(strFromU8(gunzipSync(bytes))) as Partial<LexicalFile> | null
  } catch (cause) {
    throw invalid('gzip around JSON', 'something else or a damaged file', cause)
  }
  const expected = `${FORMAT} ${VERSION}, ${ANALYZER}, fields ${fields}`
  const found = `${file?.format} ${file?.version}, ${file?.analyzer}, fields ${file?.fields}`
  if (found !== expected) throw invalid(expected, found)
  const { ids, lengths, terms, postings, variants } = file as LexicalFile
  const complete =
    [ids, lengths, terms, postings, variants].every(Array.isArray) &&
    lengths.length === fields.length &&
    lengths.every((list) => list.length === ids.length) &&
    postings.length === terms.length
  if (!complete) throw invalid('lists that belong together', 'lists of different lengths')
  return { ids, lengths, terms, postings, variants }
}

function invalid(expected: string, found: string, cause?: unknown): LateenError {
  return new LateenError(
    'index-invalid',
    `The keyword index cannot be read: expected ${expected}; found ${found}. Build the index again.`,
    { cause },
  )
}

/** Several indexes as one, their passages numbered anew: part i begins at `firstIds[i]`, which ascend. */
export function mergeContents(
  parts: readonly LexicalContents[],
  firstIds: readonly number[],
): LexicalContents {
  const postingsOf = new Map<string, number[][]>()
  let position = 0
  for (const part of parts) {
    for (const [i, term] of part.terms.entries()) {
      const lists = postingsOf.get(term) ?? part.lengths.map(() => [])
      postingsOf.set(term, lists)
      for (const [field, list] of lists.entries()) appendGaps(list, part.postings[i]![field]!, position)
    }
    position += part.ids.length
  }
  const terms = [...postingsOf.keys()].sort()
  return {
    ids: parts.flatMap(({ ids }, i) => ids.map((id) => id + firstIds[i]!)),
    lengths: parts[0]?.lengths.map((_, field) => parts.flatMap(({ lengths }) => lengths[field]!)) ?? [],
    terms,
    postings: terms.map((term) => postingsOf.get(term)!),
    variants: [...new Set(parts.flatMap(({ variants }) => variants))].sort(),
  }
}

/** Appends a list whose first gap counts from `position` − 1. */
function appendGaps(list: number[], gapsOfPart: readonly number[], position: number) {
  let last = -1
  for (let i = 0; i < list.length; i += 2) last += list[i]!
  for (let i = 0; i < gapsOfPart.length; i += 2) {
    list.push(i === 0 ? position + gapsOfPart[0]! - 1 - last : gapsOfPart[i]!, gapsOfPart[i + 1]!)
  }
}

/** From MiniSearch's plain form. Passages that were discarded but are still listed there are left out. */
export function fromPlain(
  plain: AsPlainObject,
  variants: Iterable<readonly [surface: string, term: string]>,
): LexicalContents {
  const fields = Object.keys(plain.fieldIds).map((_, field) => field)
  const keys = Object.keys(plain.documentIds).sort((a, b) => plain.documentIds[a] - plain.documentIds[b])
  const positionOf = new Map(keys.map((key, position) => [key, position]))
  const terms: string[] = []
  const postings: number[][][] = []
  for (const [term, byField] of [...plain.index].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const lists = fields.map((field) => gaps(byField[field] ?? {}, positionOf))
    if (lists.every((list) => list.length === 0)) continue
    terms.push(term)
    postings.push(lists)
  }
  const living = new Set(terms)
  return {
    ids: keys.map((key) => plain.documentIds[key]),
    lengths: fields.map((field) => keys.map((key) => plain.fieldLength[key]?.[field] ?? 0)),
    terms,
    postings,
    variants: [...variants].flatMap(([surface, term]) => (living.has(term) ? [surface] : [])).sort(),
  }
}

function gaps(occurrences: Record<string, number>, positionOf: ReadonlyMap<string, number>): number[] {
  const list: number[] = []
  let previous = -1
  const entries = Object.entries(occurrences)
    .map(([key, count]) => [positionOf.get(key), count] as const)
    .filter((entry): entry is readonly [number, number] => entry[0] !== undefined)
    .sort(([a], [b]) => a - b)
  for (const [position, count] of entries) {
    list.push(position - previous, count)
    previous = position
  }
  return list
}

/** To MiniSearch's plain form, which it can be loaded from. */
export function toPlain(contents: LexicalContents, fields: readonly string[]): AsPlainObject {
  const { ids, lengths, terms, postings } = contents
  const byPosition = <T>(value: (position: number) => T) =>
    Object.fromEntries(ids.map((_, position) => [position, value(position)]))
  return {
    documentCount: ids.length,
    nextId: ids.length,
    documentIds: byPosition((position) => ids[position]),
    fieldIds: Object.fromEntries(fields.map((name, field) => [name, field])),
    fieldLength: byPosition((position) => lengths.map((list) => list[position]!)),
    averageFieldLength: lengths.map((list) => list.reduce((sum, n) => sum + n, 0) / Math.max(1, ids.length)),
    storedFields: {},
    dirtCount: 0,
    index: terms.map((term, i) => [term, plainPostings(postings[i]!)]),
    serializationVersion: 2,
  }
}

function plainPostings(lists: readonly (readonly number[])[]): Record<string, Record<string, number>> {
  const byField: Record<string, Record<string, number>> = {}
  for (const [field, list] of lists.entries()) {
    if (list.length === 0) continue
    const occurrences: Record<string, number> = {}
    let position = -1
    for (let i = 0; i < list.length; i += 2) {
      position += list[i]!
      occurrences[position] = list[i + 1]!
    }
    byField[field] = occurrences
  }
  return byField
}
