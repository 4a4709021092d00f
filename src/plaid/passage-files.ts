/** Files that name the passages of a PLAID index, beside it: Stanford's collections and lists of ids. */
import { LateenError } from '../errors.ts'
import type { DocumentInput } from '../types.ts'

interface NamedText {
  readonly name: string
  readonly text: string
}

/**
 * Reads a collection of Stanford's ColBERT, one passage a line: number, text and perhaps a title, with tabs
 * between them.
 *
 * @throws LateenError `bad-document` naming the line whose number is not its own
 */
export function parsePassageTexts({ name, text }: NamedText): DocumentInput[] {
  return lines(text).map((line, i) => {
    const [number, passage, title] = line.split('\t')
    if (number?.trim() !== `${i}` || passage === undefined) {
      throw malformed(name, i, `the passage number ${i}, a tab and a text`, line)
    }
    return { id: `${i}`, text: passage, ...(title ? { title } : {}) }
  })
}

/**
 * Reads ids in the order of their passages: a JSON list, or a JSON value a line. A value is a string, a number,
 * or an object with one of these as `_id`.
 *
 * @throws LateenError `bad-document` naming the line or place of a value that is none
 */
export function parsePassageIds({ name, text }: NamedText): string[] {
  const isList = text.trimStart().startsWith('[')
  const values = isList ? parseJson(name, 0, text) : lines(text).map((line, i) => parseJson(name, i, line))
  return (values as unknown[]).map((value, i) => {
    const id = typeof value === 'object' && value !== null ? (value as { _id?: unknown })._id : value
    if ((typeof id === 'string' && id !== '') || typeof id === 'number') return String(id)
    throw malformed(name, i, 'an id, or an object with "_id"', JSON.stringify(value))
  })
}

function lines(text: string): string[] {
  return text.split(/\r?\n/).filter((line, i, all) => line !== '' || i < all.length - 1)
}

function parseJson(name: string, line: number, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw malformed(name, line, 'JSON', text)
  }
}

function malformed(name: string, line: number, expected: string, found: string): LateenError {
  return new LateenError(
    'bad-document',
    `${name}, line ${line + 1}: expected ${expected}, found ${found.slice(0, 60)}.`,
  )
}
