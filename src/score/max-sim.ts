/** MaxSim of vectors that are in no segment, with double accumulation: the truth for every kernel. */
import { LateenError } from '../errors.ts'
import type { TokenMatrix } from '../types.ts'
import { assertQuery } from './query.ts'

export interface RankOptions {
  /** How many at most, a whole number from 1. @default all */
  readonly limit?: number
}

/** A ranked text: its place in the input and its score. */
export interface RankHit {
  readonly index: number
  readonly score: number
}

/**
 * MaxSim of a query and the vectors of one text. For vectors of unit length it lies in ±`query.numTokens`;
 * divided by that number it is what some libraries call MeanMaxSim.
 *
 * @returns the sum over query tokens of the largest dot product, which may be negative; 0 without vectors
 * @throws LateenError `bad-argument` when shapes do not agree or a component of the query is not finite
 */
export function maxSim(query: TokenMatrix, document: TokenMatrix): number {
  assertQuery(query, document.dim)
  const { data, numTokens, dim } = document
  if (data.length !== numTokens * dim) {
    throw new LateenError(
      'bad-argument',
      `Expected ${numTokens} × ${dim} document components, found ${data.length}.`,
    )
  }
  if (numTokens === 0) return 0
  const best = new Float64Array(query.numTokens).fill(Number.NEGATIVE_INFINITY)
  for (let row = 0; row < numTokens; row++) {
    raiseBest(best, query, data.subarray(row * dim, (row + 1) * dim))
  }
  return best.reduce((sum, similarity) => sum + similarity, 0)
}

/**
 * Orders texts by {@link maxSim}, best first, ties in the order of the input. It runs where it is called:
 * for more than a few thousand texts add them to a search, which scores them in its worker.
 *
 * Takes and throws what {@link maxSim} does, and `bad-argument` on a limit out of range.
 */
export function rank(
  query: TokenMatrix,
  documents: readonly TokenMatrix[],
  { limit }: RankOptions = {},
): RankHit[] {
  assertLimit(limit)
  return bestFirst(
    documents.map((document, index) => ({ index, score: maxSim(query, document) })),
    limit,
  )
}

export function bestFirst<T extends RankHit>(hits: readonly T[], limit = hits.length): T[] {
  return [...hits].sort((a, b) => b.score - a.score || a.index - b.index).slice(0, limit)
}

/** @throws LateenError `bad-argument` */
export function assertLimit(limit: number | undefined): void {
  if (limit === undefined || (Number.isInteger(limit) && limit >= 1)) return
  throw new LateenError('bad-argument', `Expected limit as a whole number from 1, found ${limit}.`)
}

/** Raises the best similarity of every query token to that of one vector. */
export function raiseBest(
  best: Float64Array,
  { data, dim }: TokenMatrix,
  vector: Float32Array | Float64Array,
): void {
  for (let token = 0; token < best.length; token++) {
    let dot = 0
    for (let d = 0, at = token * dim; d < dim; d++) dot += data[at + d]! * vector[d]!
    if (dot > best[token]!) best[token] = dot
  }
}
