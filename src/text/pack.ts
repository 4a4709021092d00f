/** Cuts long text into runs that fit the model: at paragraph, then sentence, then word borders. */
import type { Span } from '../types.ts'

/** Tokens of a text, special tokens left out. */
export type CountTokens = (text: string) => number

interface Unit extends Span {
  readonly tokens: number
}

/** Borders from coarse to fine; the last one can cut anything. */
const BORDERS: readonly ((text: string) => Iterable<string>)[] = [paragraphs, sentences, words, characters]

/**
 * Runs of `text` of at most `budget` tokens and about equal length, which cover it in order. A character
 * that alone costs more than the budget is a run of its own.
 *
 * @param text plain text; paragraphs separated by blank lines
 */
export function packText(text: string, budget: number, count: CountTokens): Span[] {
  const units = unitsOf(text, 0, budget, count, 0)
  const total = units.reduce((sum, { tokens }) => sum + tokens, 0)
  // Equal shares, instead of full runs and a short rest that says too little on its own.
  const share = total / Math.ceil(total / budget)
  const runs: Span[] = []
  let start = 0
  let tokens = 0
  let end = 0
  for (const unit of units) {
    const isFull = tokens + unit.tokens > budget
    const isEnough = tokens + unit.tokens / 2 > share
    if (tokens > 0 && (isFull || isEnough)) {
      runs.push({ start, end })
      start = end
      tokens = 0
    }
    tokens += unit.tokens
    end = unit.end
  }
  if (end > start) runs.push({ start, end })
  return runs
}

function unitsOf(text: string, offset: number, budget: number, count: CountTokens, border: number): Unit[] {
  const units: Unit[] = []
  let start = 0
  for (const part of BORDERS[border]!(text)) {
    const tokens = count(part)
    const from = offset + start
    start += part.length
    if (tokens > budget && border + 1 < BORDERS.length)
      units.push(...unitsOf(part, from, budget, count, border + 1))
    else units.push({ start: from, end: from + part.length, tokens })
  }
  return units
}

// Each of these yields parts that add up to the text, white space included.

function* paragraphs(text: string) {
  yield* text.match(/[\s\S]+?(?:\n\s*\n|$)/g) ?? []
}

function* sentences(text: string) {
  for (const { segment } of new Intl.Segmenter(undefined, { granularity: 'sentence' }).segment(text))
    yield segment
}

function* words(text: string) {
  yield* text.match(/\s*\S+\s*/g) ?? [text]
}

function* characters(text: string) {
  yield* text
}
