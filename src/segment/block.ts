/** A block of the text file before compression: consecutive passages with their token maps. */
import type { Passage } from '../types.ts'
import { type Check, dictionary, list, number, parseJson, type Refuse, shown, text } from './check.ts'
import { BLOCK_HEADER_BYTES, corrupt } from './layout.ts'

/** What a block stores of a passage; the rest follows from the document table. */
export interface StoredPassage {
  readonly passage: StoredFields
  readonly tokenMap: Uint16Array
}
export type StoredFields = Omit<Passage, 'documentId' | 'ordinal' | 'metadata'>

/** A passage ready to be put into a block. */
export interface PassageRow {
  /** UTF-8 of its JSON row. */
  readonly json: Uint8Array
  readonly tokenMap: Uint16Array
}

/** The row of a passage ends with its text, or goes on with a weight that is not 1 and with details. */
export function passageRow(passage: StoredFields, tokenMap: Uint16Array): PassageRow {
  const { title, headings, url, text, weight = 1, details } = passage
  const row: unknown[] = [title, headings, url, text]
  if (weight !== 1 || details) row.push(weight)
  if (details) row.push(details)
  return { json: new TextEncoder().encode(JSON.stringify(row)), tokenMap: tokenMap.slice() }
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

export function encodeBlock(rows: readonly PassageRow[]): Uint8Array {
  const width = rows.some(({ tokenMap }) => tokenMap.some((row) => row > 0xff)) ? 2 : 1
  const jsonBytes = rows.reduce((sum, { json }) => sum + json.length, 0) + rows.length + 1
  const mapBytes = rows.reduce((sum, { tokenMap }) => sum + tokenMap.length * width, 0)
  const bytes = new Uint8Array(BLOCK_HEADER_BYTES + rows.length * 4 + mapBytes + jsonBytes)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, jsonBytes, true)
  view.setUint32(4, width, true)
  let at = BLOCK_HEADER_BYTES
  for (const { tokenMap } of rows) {
    view.setUint32(at, tokenMap.length, true)
    at += 4
  }
  for (const { tokenMap } of rows) {
    for (const row of tokenMap) {
      if (width === 1) bytes[at] = row
      else view.setUint16(at, row, true)
      at += width
    }
  }
  for (const [i, { json }] of rows.entries()) {
    bytes[at] = (i === 0 ? '[' : ',').charCodeAt(0)
    bytes.set(json, at + 1)
    at += 1 + json.length
  }
  bytes[at] = ']'.charCodeAt(0)
  return bytes
}

/**
 * @param count  passages the directory says the block has, at least 1
 * @throws LateenError `segment-corrupt`
 */
export function decodeBlock(raw: Uint8Array, count: number, name: string): StoredPassage[] {
  const mapsStart = BLOCK_HEADER_BYTES + count * 4
  if (raw.length < mapsStart) throw corrupt(name, `a block of ${count} passages`, `${raw.length} bytes`)
  const view = new DataView(raw.buffer, raw.byteOffset, raw.length)
  const jsonStart = raw.length - view.getUint32(0, true)
  const width = view.getUint32(4, true)
  if (width !== 1 && width !== 2) throw corrupt(name, 'token maps of 1 or 2 bytes per value', `${width}`)

  let at = mapsStart
  const maps = Array.from({ length: count }, (_, i) => {
    const length = view.getUint32(BLOCK_HEADER_BYTES + i * 4, true)
    if (at + length * width > jsonStart)
      throw corrupt(name, 'token maps that end before the text', 'longer ones')
    const start = at
    at += length * width
    return Uint16Array.from({ length }, (_, k) =>
      width === 1 ? raw[start + k]! : view.getUint16(start + 2 * k, true),
    )
  })
  if (at !== jsonStart) throw corrupt(name, `text at byte ${at} of a block`, `${jsonStart}`)

  const refuse: Refuse = (path, expected, found) => {
    throw corrupt(name, `${expected} ${path === '' ? '' : `at ${path} `}in a block`, found)
  }
  const rows = list(checkRow)(parseJson(raw.subarray(jsonStart), refuse), '', refuse)
  if (rows.length !== count) throw corrupt(name, `a block of ${count} passages`, `${rows.length}`)
  return rows.map((passage, i) => ({ passage, tokenMap: maps[i]! }))
}

const weightShape = number(0, 10)
const detailsShape = dictionary(text)

const checkRow: Check<StoredFields> = (value, path, refuse) => {
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
