/** The document table of the text file: one JSON list per field. */
import type { Metadata, MetadataValue } from '../types.ts'
import {
  type Check,
  dictionary,
  integer,
  list,
  object,
  parseJson,
  type Refuse,
  shown,
  text,
} from './check.ts'
import { corrupt } from './layout.ts'
import type { DocumentEntry } from './segment.ts'

/** A document entry before its place is known. */
export type DocumentRow = Omit<DocumentEntry, 'firstPassage'>

export function encodeDocuments(documents: readonly DocumentRow[]): Uint8Array {
  const table: DocumentTable = {
    ids: documents.map(({ id }) => id),
    hashes: documents.map(({ contentHash }) => contentHash),
    passages: documents.map(({ numPassages }) => numPassages),
    metadata: documents.map(({ metadata }) => metadata),
  }
  return new TextEncoder().encode(JSON.stringify(table))
}

/** Fails with `segment-corrupt`. */
export function decodeDocuments(
  raw: Uint8Array,
  numDocuments: number,
  numPassages: number,
  name: string,
): DocumentEntry[] {
  const refuse: Refuse = (path, expected, found) => {
    throw corrupt(name, `${expected} ${path === '' ? '' : `at ${path} `}in the document table`, found)
  }
  const { ids, hashes, passages, metadata } = tableShape(parseJson(raw, refuse), '', refuse)
  for (const [field, { length }] of Object.entries({ ids, hashes, passages, metadata })) {
    if (length !== numDocuments) refuse(field, `${numDocuments} documents`, `${length}`)
  }
  if (new Set(ids).size !== ids.length) refuse('ids', 'distinct ids', 'the same one twice')
  let firstPassage = 0
  const documents = ids.map((id, i) => {
    const entry = {
      id,
      metadata: metadata[i]!,
      contentHash: hashes[i]!,
      firstPassage,
      numPassages: passages[i]!,
    }
    firstPassage += entry.numPassages
    return entry
  })
  if (firstPassage !== numPassages) refuse('passages', `${numPassages} in all`, `${firstPassage}`)
  return documents
}

/** A value that can be stored and comes back the same. */
export const metadataValue: Check<MetadataValue> = (value, path, refuse) => {
  if (typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value))
    return value as MetadataValue
  if (Array.isArray(value)) return list(text)(value, path, refuse)
  return refuse(path, 'a string, a finite number, a boolean or a list of strings', shown(value))
}

export const metadataShape: Check<Metadata> = dictionary(metadataValue)

interface DocumentTable {
  readonly ids: readonly string[]
  readonly hashes: readonly string[]
  readonly passages: readonly number[]
  readonly metadata: readonly Metadata[]
}

const contentHash: Check<string> = (value, path, refuse) =>
  typeof value === 'string' && /^[0-9a-f]*$/.test(value)
    ? value
    : refuse(path, 'lower-case hex digits', shown(value))

const tableShape = object<DocumentTable>({
  ids: list(text),
  hashes: list(contentHash),
  passages: list(integer()),
  metadata: list(metadataShape),
})
