/**
 * Test collections in the layout of the BEIR benchmark (Thakur et al., arXiv 2104.08663):
 * `corpus.jsonl`, `queries.jsonl`, `qrels.tsv`. Parsing only; callers read the files.
 */
import { LateenError } from '../errors.ts'
import type { Grades } from './metrics.ts'

export interface CorpusEntry {
  readonly id: string
  readonly title: string
  readonly text: string
  readonly url: string
}

export interface EvalQuery {
  readonly id: string
  readonly text: string
}

export interface Collection {
  readonly corpus: readonly CorpusEntry[]
  /** Only queries with at least one judgement; the others cannot be scored. */
  readonly queries: readonly EvalQuery[]
  /** By query id. */
  readonly qrels: ReadonlyMap<string, Grades>
}

/** The text of a file and the name errors call it by. */
export interface NamedText {
  readonly name: string
  readonly text: string
}

/** @throws LateenError `bad-document` naming file and line; also when no query has a judgement */
export function parseCollection(files: {
  corpus: NamedText
  queries: NamedText
  qrels: NamedText
}): Collection {
  const qrels = parseQrels(files.qrels)
  const queries = parseQueries(files.queries).filter((query) => qrels.has(query.id))
  if (queries.length === 0) {
    throw new LateenError(
      'bad-document',
      `No query of ${files.queries.name} has a judgement in ${files.qrels.name}; check that both belong to the same collection.`,
    )
  }
  return { corpus: parseCorpus(files.corpus), queries, qrels }
}

/** One JSON object a line: `_id` and `text`, optionally `title` and `url`. Blank lines are skipped. */
export function parseCorpus(file: NamedText): CorpusEntry[] {
  return parseJsonLines(file, ['_id', 'text'], (record) => ({
    id: record('_id'),
    title: record('title'),
    text: record('text'),
    url: record('url'),
  }))
}

/** One JSON object a line: `_id` and `text`. */
export function parseQueries(file: NamedText): EvalQuery[] {
  return parseJsonLines(file, ['_id', 'text'], (record) => ({ id: record('_id'), text: record('text') }))
}

/** A header line, then `query-id TAB corpus-id TAB grade`; grades are whole numbers from 0. */
export function parseQrels(file: NamedText): Map<string, Map<string, number>> {
  const qrels = new Map<string, Map<string, number>>()
  for (const [line, number] of linesOf(file)) {
    const columns = line.split('\t')
    const [query, document, gradeText] = columns
    if (number === 1 && columns.length === 3 && !isGrade(gradeText)) continue
    if (columns.length !== 3 || !query || !document || !isGrade(gradeText)) {
      throw malformed(file, number, 'query id, corpus id and a whole grade, separated by tabs', line)
    }
    const grades = qrels.get(query) ?? new Map<string, number>()
    qrels.set(query, grades.set(document, Number(gradeText)))
  }
  return qrels
}

function isGrade(text: string | undefined): text is string {
  return text !== undefined && /^\s*\d+\s*$/.test(text)
}

function parseJsonLines<T extends { id: string }>(
  file: NamedText,
  required: readonly string[],
  build: (field: (name: string) => string) => T,
): T[] {
  const entries: T[] = []
  const lineOf = new Map<string, number>()
  for (const { record, line: number, text: line } of jsonLines(file)) {
    const entry = build((name) => {
      const value = record[name]
      // Ids written as JSON numbers are common in published collections and mean the same.
      if (name === '_id' && typeof value === 'number') return String(value)
      if (typeof value === 'string') return value
      if (value === undefined || value === null) {
        if (required.includes(name)) throw malformed(file, number, `a string field "${name}"`, line)
        return ''
      }
      throw malformed(file, number, `"${name}" to be a string`, line)
    })
    const earlier = lineOf.get(entry.id)
    if (earlier !== undefined) {
      throw new LateenError(
        'bad-document',
        `${file.name}, line ${number}: id "${entry.id}" was already used in line ${earlier}; ids must be unique.`,
      )
    }
    lineOf.set(entry.id, number)
    entries.push(entry)
  }
  return entries
}

export interface JsonLine {
  readonly record: Readonly<Record<string, unknown>>
  /** Number of the line in its file, from 1. */
  readonly line: number
  readonly text: string
}

/** The objects of a file of JSON lines; blank lines are skipped. Fails with `bad-document`. */
export function* jsonLines(file: NamedText): Generator<JsonLine> {
  for (const [text, line] of linesOf(file)) {
    const record = parseObject(text)
    if (!record) throw malformed(file, line, 'one JSON object', text)
    yield { record, line, text }
  }
}

function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

/** Lines that are not blank, with their numbers from 1. */
function* linesOf(file: NamedText): Generator<[line: string, number: number]> {
  let number = 0
  for (const line of file.text.replace(/^\uFEFF/, '').split(/\r?\n/)) {
    number++
    if (line.trim() !== '') yield [line, number]
  }
}

/** An error about a line: what was expected there, and how it begins. */
export function malformed(file: NamedText, line: number, expected: string, found: string): LateenError {
  const shown = found.length > 60 ? `${found.slice(0, 60)}…` : found
  return new LateenError(
    'bad-document',
    `${file.name}, line ${line}: expected ${expected}, found ${JSON.stringify(shown)}. Correct or remove this line.`,
  )
}
