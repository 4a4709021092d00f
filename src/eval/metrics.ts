/** Retrieval metrics over one query, and summaries over many. Pure functions. */
import { LateenError } from '../errors.ts'
import { seededRandom } from '../util/random.ts'

/** Judgements of one query: grade by document id. Grades are whole numbers; 0 and absent mean not relevant. */
export type Grades = ReadonlyMap<string, number>

/**
 * Normalised discounted cumulative gain: gain 2^grade − 1, discount log2(rank + 1), ranks from 1,
 * divided by the gain of the ideal order of all judged documents.
 *
 * @param ranked ids, best first, without repetition
 * @returns 0 to 1; 0 when nothing is relevant
 */
export function ndcg(ranked: readonly string[], grades: Grades, k: number): number {
  const ideal = discountedGain(
    [...grades.values()].sort((a, b) => b - a),
    k,
  )
  if (ideal === 0) return 0
  return (
    discountedGain(
      ranked.map((id) => grades.get(id) ?? 0),
      k,
    ) / ideal
  )
}

function discountedGain(grades: readonly number[], k: number): number {
  let sum = 0
  for (let i = 0; i < Math.min(k, grades.length); i++) {
    const grade = grades[i]!
    if (grade > 0) sum += (2 ** grade - 1) / Math.log2(i + 2)
  }
  return sum
}

/** Share of the relevant documents (grade above 0) among the first k. 0 when nothing is relevant. */
export function recall(ranked: readonly string[], grades: Grades, k: number): number {
  let relevant = 0
  for (const grade of grades.values()) if (grade > 0) relevant++
  if (relevant === 0) return 0
  let found = 0
  for (const id of ranked.slice(0, k)) if ((grades.get(id) ?? 0) > 0) found++
  return found / relevant
}

/** One over the rank of the first relevant document among the first k, else 0. */
export function reciprocalRank(ranked: readonly string[], grades: Grades, k: number): number {
  const first = ranked.slice(0, k).findIndex((id) => (grades.get(id) ?? 0) > 0)
  return first < 0 ? 0 : 1 / (first + 1)
}

/** Arithmetic mean; 0 of nothing. */
export function mean(values: readonly number[]): number {
  if (values.length === 0) return 0
  let sum = 0
  for (const value of values) sum += value
  return sum / values.length
}

/**
 * The value below which `p` percent of the values lie, interpolated linearly between neighbours.
 *
 * @param p 0 to 100; 0 is the smallest value, 50 the median, 100 the largest
 * @throws LateenError `bad-argument` when there are no values or p is out of range
 */
export function percentile(values: readonly number[], p: number): number {
  if (values.length === 0 || !(p >= 0 && p <= 100)) {
    throw new LateenError(
      'bad-argument',
      `A percentile needs at least one value and p from 0 to 100; got ${values.length} values and p = ${p}.`,
    )
  }
  const sorted = [...values].sort((a, b) => a - b)
  const position = ((sorted.length - 1) * p) / 100
  const low = Math.floor(position)
  const below = sorted[low]!
  const above = sorted[Math.min(low + 1, sorted.length - 1)]!
  return below + (above - below) * (position - low)
}

export interface Interval {
  readonly mean: number
  readonly low: number
  readonly high: number
}

/**
 * Percentile bootstrap interval of a mean: how far it could move with other queries of the same
 * kind. For two systems pass the differences per query; they differ when 0 lies outside.
 *
 * @param values one per query; an empty list gives zeros
 * @param options.confidence 0 to 1 @default 0.95
 * @param options.samples resamplings @default 2000
 * @param options.seed the same seed gives the same interval @default 1
 */
export function bootstrapInterval(
  values: readonly number[],
  options: { confidence?: number; samples?: number; seed?: number } = {},
): Interval {
  const { confidence = 0.95, samples = 2000, seed = 1 } = options
  if (values.length === 0) return { mean: 0, low: 0, high: 0 }
  const random = seededRandom(seed)
  const means: number[] = []
  for (let s = 0; s < samples; s++) {
    let sum = 0
    for (let i = 0; i < values.length; i++) sum += values[Math.floor(random() * values.length)]!
    means.push(sum / values.length)
  }
  const tail = ((1 - confidence) / 2) * 100
  return { mean: mean(values), low: percentile(means, tail), high: percentile(means, 100 - tail) }
}
