/**
 * Whether meaning has found anything at all. MaxSim always ranks something first, also for keys struck
 * at random; a reader is better served by "no results".
 *
 * The sum of a query says little: markers and function words are answered by every passage. What tells
 * nonsense is that the best passage answers none of its content words well. Words are judged whole:
 * a piece such as `##ing` is at home everywhere.
 */
import type { EncodedText } from '../encode/encoder.ts'
import { isStopWord } from '../lexical/stop-words.ts'
import { fold } from '../lexical/terms.ts'
import type { TokenMatrix } from '../types.ts'
import { similarities } from './explain.ts'
import type { Ranked } from './topk.ts'

const UNKNOWN_TOKENS = new Set(['[UNK]', '<unk>'])

/**
 * The ranking as it is, or nothing when its best passage answers no content word of the query.
 *
 * @param ranked best first
 * @param text what `query` is the encoding of
 * @param floor strength a content word has to be answered with, measured for the model; 0 lets everything pass
 * @param vectorsOf the stored vectors of a passage
 */
export async function meaningful(
  ranked: readonly Ranked[],
  text: string,
  query: EncodedText,
  floor: number,
  vectorsOf: (passage: number) => Promise<TokenMatrix>,
): Promise<readonly Ranked[]> {
  const [best] = ranked
  if (!best || floor <= 0) return ranked
  return answerStrength(text, query, await vectorsOf(best.id)) >= floor ? ranked : []
}

/**
 * How well a passage answers the content word of the query that it answers best, at most 1: the highest
 * floor that would let it pass.
 *
 * A word's similarity to the token that answers it is compared with its similarity to the rest of the
 * passage, as models differ in how near they place words that have nothing to do with each other. 0 is a
 * token like any other, 1 the word itself.
 */
export function answerStrength(text: string, query: EncodedText, passage: TokenMatrix): number {
  const words = contentWords(text, query)
  if (words.length === 0 || passage.numTokens === 0) return -1
  const { numTokens } = passage
  const { grid, best } = similarities(query.matrix, passage)
  const answers = words.map((rows) => {
    const standingOut = rows.map((row) =>
      standsOut(grid.subarray(row * numTokens, (row + 1) * numTokens), best[row]!),
    )
    return standingOut.reduce((total, value) => total + value, 0) / rows.length
  })
  return Math.max(...answers)
}

/** How far one of several similarities lies from the mean of the others towards 1; alone, it is compared with 0. */
function standsOut(all: Float64Array, best: number): number {
  const answer = all[best]!
  const others =
    all.length > 1 ? (all.reduce((total, value) => total + value, 0) - answer) / (all.length - 1) : 0
  return others < 1 ? (answer - others) / (1 - others) : 0
}

/**
 * For every content word the rows of the query that stand for it: all words when there are only function
 * words, none that the model does not know.
 */
function contentWords(text: string, { tokenized }: EncodedText): number[][] {
  const words: { rows: number[]; isFunction: boolean }[] = []
  for (const { 0: word, index } of text.matchAll(/[\p{L}\p{M}\p{N}]+/gu)) {
    const rows: number[] = []
    let isKnown = true
    for (const [row, position] of tokenized.kept.entries()) {
      const span = tokenized.spans[position]
      if (!span || span.end <= index || span.start >= index + word.length) continue
      rows.push(row)
      if (UNKNOWN_TOKENS.has(tokenized.tokens[position]!)) isKnown = false
    }
    if (rows.length > 0 && isKnown) words.push({ rows, isFunction: isStopWord(fold(word)) })
  }
  const content = words.filter(({ isFunction }) => !isFunction)
  return (content.length > 0 ? content : words).map(({ rows }) => rows)
}
