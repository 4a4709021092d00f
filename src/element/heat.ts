/** Late interaction as data for the eye: runs of text with a level of heat, and the query as chips. */
import type { Explanation, PassageField, Span } from '../types.ts'

/** Levels go from 0, no tint, to this. */
export const MAX_LEVEL = 9

/** A stretch of one field: a token of the passage, or the text between two. */
export interface HeatRun {
  readonly text: string
  /** 0 to `MAX_LEVEL`. */
  readonly level: number
  /** A selected query token found its best vector here. */
  readonly matched: boolean
  /** Largest similarity to the selected query tokens; absent between tokens. */
  readonly similarity?: number
}

/** A token of the query, or the markers and special tokens together. */
export interface QueryChip {
  readonly label: string
  /** Rows of `queryTokens` it stands for. */
  readonly rows: readonly number[]
  /** 0 to 1. */
  readonly share: number
  readonly similarity: number
  /** The words of the passage it matched, in reading order; empty when it matched a marker. */
  readonly matches: readonly string[]
  readonly special: boolean
}

/** The similarities that level 0 and `MAX_LEVEL` stand for, the same for every token of one explanation. */
export interface HeatScale {
  readonly low: number
  readonly high: number
}

/** The part of all similarities that is background: most pairs of words have nothing to do with each other. */
const BACKGROUND = 0.9
/** A scale narrower than this would show differences that are none. */
const NARROWEST = 0.1

export function heatScale(explanation: Explanation): HeatScale {
  const rows = wordRows(explanation)
  const all = explanation.tokens
    .filter((token) => token.span)
    .flatMap(({ similarities }) => rows.map((row) => similarities[row]!))
    .sort((a, b) => a - b)
  if (all.length === 0) return { low: 0, high: 1 }
  const high = all.at(-1)!
  return { low: Math.min(all[Math.floor(all.length * BACKGROUND)]!, high - NARROWEST), high }
}

/** The query tokens that are words, not markers; all of them when there is no word. */
function wordRows({ queryTokens }: Explanation): number[] {
  const rows = queryTokens.map((_, row) => row)
  const words = rows.filter((row) => queryTokens[row]!.span)
  return words.length > 0 ? words : rows
}

export function heatLevel(similarity: number, { low, high }: HeatScale): number {
  const part = (similarity - low) / (high - low)
  return Math.max(0, Math.min(MAX_LEVEL, Math.round(part * MAX_LEVEL)))
}

/**
 * One field of the explanation cut into runs that join up to the field's text.
 *
 * @param rows query tokens that give the heat; all its words when empty
 */
export function heatRuns(explanation: Explanation, field: PassageField, rows: readonly number[]): HeatRun[] {
  const text = explanation[field]
  const scale = heatScale(explanation)
  const selected = rows.length > 0 ? rows : wordRows(explanation)
  const matched = new Set(
    selected.flatMap((row) => explanation.queryTokens[row]!.matches.map((match) => match.index)),
  )
  const tokens = explanation.tokens
    .map((token, index) => ({ ...token, index }))
    .filter(
      (token): token is typeof token & { span: Span } => token.field === field && token.span !== undefined,
    )
    .sort((a, b) => a.span.start - b.span.start)

  const runs: HeatRun[] = []
  let position = 0
  for (const { span, similarities, index } of tokens) {
    if (span.start < position || span.end <= span.start || span.end > text.length) continue
    if (span.start > position) runs.push(plain(text.slice(position, span.start)))
    const similarity = Math.max(...selected.map((row) => similarities[row]!))
    const level = heatLevel(similarity, scale)
    runs.push({
      text: text.slice(span.start, span.end),
      level,
      // Every word has a best match, even where nothing fits; in the overview those would be noise.
      matched: matched.has(index) && (level > 0 || rows.length > 0),
      similarity,
    })
    position = span.end
  }
  if (position < text.length) runs.push(plain(text.slice(position)))
  return runs
}

/**
 * @param query the text the explanation was made for; token spans point into it
 * @param markers what the markers and special tokens are called together
 */
export function queryChips(explanation: Explanation, query: string, markers: string): QueryChip[] {
  const chips: QueryChip[] = []
  const special: number[] = []
  for (const [row, { token, span, share, similarity }] of explanation.queryTokens.entries()) {
    if (!span) {
      special.push(row)
      continue
    }
    const written = query.slice(span.start, span.end) || token
    const label = token.startsWith('##') ? `…${written}` : written
    chips.push({
      label,
      rows: [row],
      share,
      similarity,
      matches: matchedWords(explanation, row),
      special: false,
    })
  }
  if (special.length > 0) {
    const parts = special.map((row) => explanation.queryTokens[row]!)
    chips.push({
      label: markers,
      rows: special,
      share: parts.reduce((sum, part) => sum + part.share, 0),
      similarity: Math.max(...parts.map((part) => part.similarity)),
      matches: [...new Set(special.flatMap((row) => matchedWords(explanation, row)))],
      special: true,
    })
  }
  return chips
}

/** The words a query token matched: pieces of one word are joined, and a word is said once. */
function matchedWords(explanation: Explanation, row: number): string[] {
  const words = new Set<string>()
  for (const { index } of explanation.queryTokens[row]!.matches) {
    const token = explanation.tokens[index]
    if (token?.field && token.span) words.add(wordAround(explanation[token.field], token.span))
  }
  return [...words]
}

const WORD = /[\p{L}\p{N}\p{M}_]/u

function wordAround(text: string, { start, end }: Span): string {
  if (!WORD.test(text.slice(start, end))) return text.slice(start, end)
  let from = start
  let to = end
  while (from > 0 && WORD.test(text[from - 1]!)) from--
  while (to < text.length && WORD.test(text[to]!)) to++
  return text.slice(from, to)
}

const plain = (text: string): HeatRun => ({ text, level: 0, matched: false })
