/** Cuts long text into runs that fit the model: at paragraph, line, sentence, then word borders. */
import type { Span } from '../types.ts'

/** Tokens of a text, special tokens left out. */
export type CountTokens = (text: string) => number

interface Unit extends Span {
  readonly tokens: number
}

/**
 * However few tokens a text has, more characters than this per token of the budget do not fit: encoded
 * data can be one unknown token of a million characters. It also spares counting what is surely too long.
 */
const MAX_CHARS_PER_TOKEN = 16

/** Ways to cut, from coarse to fine; the last one can cut anything. The parts add up to the text. */
const CUTS: readonly ((text: string) => Iterable<string>)[] = [paragraphs, lines, sentences, halves]

/**
 * Runs of `text` of at most `budget` tokens and about equal length, which cover it in order. A character
 * that alone costs more than the budget is a run of its own.
 *
 * The same on every machine: it does not ask the platform what a sentence is.
 *
 * @param text plain text; paragraphs separated by blank lines
 */
export function packText(text: string, budget: number, count: CountTokens): Span[] {
  const units = unitsOf(text, 0, 0)
  const total = units.reduce((sum, { tokens }) => sum + tokens, 0)
  // Equal shares, instead of full runs and a short rest that says too little on its own.
  const share = total / Math.ceil(total / budget)
  const runs: Span[] = []
  let start = 0
  let end = 0
  let tokens = 0
  for (const unit of units) {
    const isFull = tokens + unit.tokens > budget || unit.end - start > budget * MAX_CHARS_PER_TOKEN
    const isEnough = tokens + unit.tokens / 2 > share
    if (end > start && (isFull || isEnough)) {
      runs.push({ start, end })
      start = end
      tokens = 0
    }
    tokens += unit.tokens
    end = unit.end
  }
  if (end > start) runs.push({ start, end })
  return runs

  function unitsOf(part: string, start: number, level: number): Unit[] {
    const tokens = part.length > budget * MAX_CHARS_PER_TOKEN ? Number.POSITIVE_INFINITY : count(part)
    if (tokens <= budget) return [{ start, end: start + part.length, tokens }]
    const smaller = [...CUTS[level]!(part)]
    if (smaller.length === 1 && level === CUTS.length - 1) {
      return [{ start, end: start + part.length, tokens: budget }]
    }
    const units: Unit[] = []
    let from = start
    for (const piece of smaller) {
      for (const unit of unitsOf(piece, from, Math.min(level + 1, CUTS.length - 1))) units.push(unit)
      from += piece.length
    }
    return units
  }
}

function paragraphs(text: string) {
  return cutAt(text, (gap) => gap.indexOf('\n') !== gap.lastIndexOf('\n'))
}

function lines(text: string) {
  return cutAt(text, (gap) => gap.includes('\n'))
}

function sentences(text: string) {
  return cutAt(text, (gap, before) => gap.trim() !== '' || /[.!?…]["'”’)\]]*$/.test(before))
}

/** Cuts behind those gaps (white space, or a full stop that needs none) that are borders. */
function* cutAt(text: string, isBorder: (gap: string, before: string) => boolean): Generator<string> {
  let start = 0
  for (const { 0: gap, index } of text.matchAll(/\s+|[。！？]+/g)) {
    const end = index + gap.length
    if (end === text.length || !isBorder(gap, text.slice(Math.max(start, index - 4), index))) continue
    yield text.slice(start, end)
    start = end
  }
  if (start < text.length) yield text.slice(start)
}

/** Two parts, cut at the white space nearest to the middle, else between two characters. */
function halves(text: string): string[] {
  const middle = text.length >> 1
  const before = text.slice(0, middle).search(/\s\S*$/)
  const after = text.slice(middle).search(/\S\s+\S/)
  const candidates = [...(before > 0 ? [before + 1] : []), ...(after >= 0 ? [middle + after + 1] : [])].sort(
    (a, b) => Math.abs(a - middle) - Math.abs(b - middle),
  )
  const isPair = /^[\uD800-\uDBFF][\uDC00-\uDFFF]/.test(text.slice(middle - 1))
  const cut = candidates[0] ?? (isPair ? middle - 1 : middle)
  return cut > 0 && cut < text.length ? [text.slice(0, cut), text.slice(cut)] : [text]
}
