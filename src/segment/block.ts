/** A block of the text file before compression: the rows of consecutive passages as JSON. */
import type { Passage } from '../types.ts'
import { type Check, dictionary, list, number, parseJson, type Refuse, shown, text } from './check.ts'
import { corrupt } from './layout.ts'

/** What a block stores of a passage; the rest follows from the document table. */
export type StoredPassage = Omit<Passage, 'documentId' | 'ordinal' | 'metadata'>

/**
 * The row of a passage as UTF-8. It ends with the text, or goes on with a weight that is not 1 and with
 * details.
 */
export function passageRow(passage: StoredPassage): Uint8Array {
  const { title, headings, url, text, weight = 1, details } = passage
  const row: unknown[] = [title, headings, url, text]
  if (weight !== 1 || details) row.push(weight)
  if (details) row.push(details)
  return new TextEncoder().encode(JSON.stringify(row))
}

/** Refuses a weight or details that cannot be stored. */
export function checkExtras(
  { weight, details }: Pick<Passage, 'weight' | 'details'>,
  path: string,
  refuse: Refuse,
) {
  if (weight !== undefined) weightShape(weight, `${path}.weight`, refuse)
  if (details) detailsShape(details, `${path}.details`, refuse)
}

/** @param rows one or more, see {@link passageRow} */
export function encodeBlock(rows: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(rows.reduce((sum, row) => sum + row.length, rows.length + 1))
  let at = 0
  for (const [i, row] of rows.entries()) {
    bytes[at] = (i === 0 ? '[' : ',').charCodeAt(0)
    bytes.set(row, at + 1)
    at += 1 + row.length
  }
  bytes[at] = ']'.charCodeAt(0)
  return bytes
}

/**
 * @param count  passages the directory says the block has, at least 1
 * @throws LateenError `segment-corrupt`
 */
export function decodeBlock(raw: Uint8Array, count: number, name: string): StoredPassage[] {
  const refuse: Refuse = (path, expected, found) => {
    throw corrupt(name, `${expected} ${path === '' ? '' : `at ${path} `}in a block`, found)
  }
  const passages = list(checkRow)(parseJson(raw, refuse), '', refuse)
  if (passages.length !== count) throw corrupt(name, `a block of ${count} passages`, `${passages.length}`)
  return passages
}

const weightShape = number(0, 10)
const detailsShape = dictionary(text)

const checkRow: Check<StoredPassage> = (value, path, refuse) => {
  if (!Array.isArray(value) || value.length < 4 || value.length > 6)
    return refuse(path, 'four to six fields', shown(value))
  const [title, headings, url, body, weight = 1, details] = value as unknown[]
  return {
    title: text(title, `${path}[0]`, refuse),
    headings: list(text)(headings, `${path}[1]`, refuse),
    url: text(url, `${path}[2]`, refuse),
    text: text(body, `${path}[3]`, refuse),
    ...(weight === 1 ? {} : { weight: weightShape(weight, `${path}[4]`, refuse) }),
    ...(details === undefined ? {} : { details: detailsShape(details, `${path}[5]`, refuse) }),
  }
}
