/**
 * Explanation: which words of a passage answered which token of the query. Recomputed in plain
 * TypeScript from the vectors of one passage, so the kernels only ever return scores.
 */
import type { EncodedText, TokenizedText } from '../encode/encoder.ts'
import { LateenError } from '../errors.ts'
import type { EncodedPassageText } from '../text/passages.ts'
import type {
  Explanation,
  Passage,
  PassageTokenHeat,
  PassageTokenMatch,
  QueryTokenExplanation,
  Span,
  TokenMatrix,
} from '../types.ts'

export interface ExplainInput {
  readonly query: EncodedText
  readonly passage: Passage
  /** What the model saw of the passage, and how spans of it lead back to the fields. */
  readonly encoded: EncodedPassageText
  readonly tokenized: TokenizedText
  /** One row per kept token of the passage, in order: rows × dim. */
  readonly vectors: TokenMatrix
}

/** numQueryTokens × numRows similarities, and the best row of every query token (−1 without rows). */
export function similarities(
  query: TokenMatrix,
  vectors: TokenMatrix,
): { grid: Float64Array; best: Int32Array } {
  const { numTokens: rows, dim } = vectors
  const grid = new Float64Array(query.numTokens * rows)
  const best = new Int32Array(query.numTokens).fill(-1)
  for (let q = 0; q < query.numTokens; q++) {
    let max = Number.NEGATIVE_INFINITY
    for (let r = 0; r < rows; r++) {
      let dot = 0
      for (let d = 0; d < dim; d++) dot += query.data[q * dim + d]! * vectors.data[r * dim + d]!
      grid[q * rows + r] = dot
      if (dot > max) {
        max = dot
        best[q] = r
      }
    }
  }
  return { grid, best }
}

/**
 * @throws LateenError `index-model-mismatch` when there are not as many vectors as kept tokens: the passage
 *         was stored by another tokenizer.
 */
export function explainPassage(input: ExplainInput): Explanation {
  const { query, passage, encoded, tokenized, vectors } = input
  const rows = vectors.numTokens
  if (rows !== tokenized.kept.length) {
    throw new LateenError(
      'index-model-mismatch',
      `The passage was stored with ${rows} tokens and is now read as ${tokenized.kept.length}: the index was built with another tokenizer. Rebuild it.`,
    )
  }
  const { grid, best } = similarities(query.matrix, vectors)
  const bestSimilarity = Array.from(best, (row, q) => (row < 0 ? 0 : grid[q * rows + row]!))
  const score = bestSimilarity.reduce((sum, similarity) => sum + similarity, 0)
  const positive = bestSimilarity.reduce((sum, similarity) => sum + Math.max(similarity, 0), 0)

  const tokens: PassageTokenHeat[] = Array.from(tokenized.kept, (position, i) => ({
    token: tokenized.tokens[position]!,
    ...place(tokenized.spans[position], encoded),
    similarities: bestSimilarity.map((_, q) => grid[q * rows + i]!),
  }))
  const queryTokens: QueryTokenExplanation[] = Array.from(query.tokenized.kept, (position, q) => {
    const span = query.tokenized.spans[position]
    return {
      token: query.tokenized.tokens[position]!,
      ...(span ? { span } : {}),
      similarity: bestSimilarity[q]!,
      share: positive > 0 ? Math.max(bestSimilarity[q]!, 0) / positive : 0,
      matches: tokens.flatMap(({ similarities: _, ...token }, index): PassageTokenMatch[] =>
        index === best[q] ? [{ ...token, index }] : [],
      ),
    }
  })
  return {
    id: passage.documentId,
    passage: passage.ordinal,
    score,
    queryTokens,
    title: passage.title,
    heading: encoded.heading,
    text: passage.text,
    tokens,
  }
}

function place(span: Span | undefined, encoded: EncodedPassageText) {
  return (span && encoded.locate(span)) ?? {}
}

/**
 * Spans of the passage text worth marking: the best matches of the query's own words, without markers
 * and weak similarities. A paraphrase is marked this way where a keyword could not be.
 *
 * @param minSimilarity similarity below which a best match explains nothing, about −1 to 1
 */
export function markedSpans(explanation: Explanation, minSimilarity: number): Span[] {
  return explanation.queryTokens
    .filter((token) => token.span && token.similarity >= minSimilarity)
    .flatMap((token) => token.matches)
    .flatMap((match) => (match.field === 'text' && match.span ? [match.span] : []))
}
