/** Excerpts: the stretch of a passage where most of the query is answered, as runs of plain text. */
import { termsOf, wordsOf } from '../lexical/terms.ts'
import type { ExcerptPart, Span } from '../types.ts'

export interface ExcerptOptions {
  /** Terms of the keyword index; words are marked in whatever form they stand, see `lexical/terms.ts`. */
  readonly terms: readonly string[]
  /** Places to mark as they are, in UTF-16 units of the text. */
  readonly spans?: readonly Span[]
  /** About how long the excerpt may be, in UTF-16 units. @default 200 */
  readonly maxChars?: number
}

const DEFAULT_CHARS = 200
/** A word border is looked for this far from where the excerpt would be cut. */
const BORDER_REACH = 24
const ELLIPSIS = '…'

/** Runs of plain text whose concatenation is a stretch of `text`, white space folded. Linear in the text. */
export function excerpt(text: string, options: ExcerptOptions): ExcerptPart[] {
  const { terms, spans = [], maxChars = DEFAULT_CHARS } = options
  const marks = mergeSpans([
    ...termSpans(text, terms),
    ...spans.filter(({ start, end }) => start >= 0 && start < end && end <= text.length),
  ])
  const window = bestWindow(text, marks, maxChars)
  const parts: ExcerptPart[] = []
  const push = (start: number, end: number, marked: boolean) => {
    const run = text.slice(start, end).replace(/\s+/g, ' ')
    if (run !== '') parts.push({ text: run, marked })
  }
  if (window.start > 0) parts.push({ text: ELLIPSIS, marked: false })
  let at = window.start
  for (const mark of marks) {
    if (mark.start < window.start || mark.end > window.end) continue
    push(at, mark.start, false)
    push(mark.start, mark.end, true)
    at = mark.end
  }
  push(at, window.end, false)
  if (window.end < text.length) parts.push({ text: ELLIPSIS, marked: false })
  return parts
}

/** Words, and parts of identifiers, that the keyword index knows under one of the terms. */
function termSpans(text: string, terms: readonly string[]): Span[] {
  const wanted = new Set(terms)
  if (wanted.size === 0) return []
  const spans: Span[] = []
  const known = new Map<string, readonly Span[]>()
  for (const { text: word, start } of wordsOf(text)) {
    let within = known.get(word)
    if (!within) {
      within = termsOf({ text: word, start: 0, end: word.length }).filter(({ term }) => wanted.has(term))
      known.set(word, within)
    }
    for (const span of within) spans.push({ start: start + span.start, end: start + span.end })
  }
  return spans
}

/** Ascending, without overlaps. */
function mergeSpans(spans: readonly Span[]): Span[] {
  const merged: { start: number; end: number }[] = []
  for (const { start, end } of [...spans].sort((a, b) => a.start - b.start)) {
    const last = merged.at(-1)
    if (last && start <= last.end) last.end = Math.max(last.end, end)
    else merged.push({ start, end })
  }
  return merged
}

/** The stretch that holds most marked characters, the earliest of equals, widened to word borders. */
function bestWindow(text: string, marks: readonly Span[], maxChars: number): Span {
  if (text.length <= maxChars) return { start: 0, end: text.length }
  let best = { from: 0, weight: 0 }
  let weight = 0
  let last = 0
  for (const [first, mark] of marks.entries()) {
    while (last < marks.length && marks[last]!.end - mark.start <= maxChars) {
      weight += marks[last]!.end - marks[last]!.start
      last++
    }
    if (weight > best.weight) best = { from: first, weight }
    if (last > first) weight -= mark.end - mark.start
    else last = first + 1
  }
  const first = marks[best.from]
  // Some words before the first match tell what it is about.
  const lead = first ? Math.floor(maxChars / 5) : 0
  const wanted = Math.max(0, Math.min((first?.start ?? 0) - lead, text.length - maxChars))
  const start = wanted === 0 ? 0 : borderAfter(text, wanted)
  return { start, end: borderBefore(text, Math.min(text.length, start + maxChars)) }
}

function borderAfter(text: string, from: number): number {
  for (let i = from; i < Math.min(from + BORDER_REACH, text.length); i++)
    if (/\s/.test(text[i]!)) return i + 1
  return splitsPair(text, from) ? from + 1 : from
}

function borderBefore(text: string, to: number): number {
  if (to === text.length) return to
  for (let i = to; i > to - BORDER_REACH && i > 0; i--) if (/\s/.test(text[i]!)) return i
  return splitsPair(text, to) ? to - 1 : to
}

function splitsPair(text: string, at: number): boolean {
  return /[\uDC00-\uDFFF]/.test(text[at] ?? '') && /[\uD800-\uDBFF]/.test(text[at - 1] ?? '')
}
