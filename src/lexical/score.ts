/** BM25 over the postings of a query's terms. */
import { FIELDS, type Keywords, type PassageRows, type Postings } from './keywords.ts'
import type { LexicalQuery } from './query.ts'

/** By field. */
export const BOOST = { title: 0.3, heading: 0.3, everything: 1 }
/** Okapi BM25 with Lucene's parameters. */
export const BM25 = { k: 1.2, b: 0.75 }

export interface Scored {
  /** Number of the passage. */
  readonly id: number
  readonly score: number
  /** The content terms of the query that it holds, in their order. */
  readonly terms: readonly string[]
}

export interface ScoreOptions {
  /** How many at most. */
  readonly limit: number
  /** True for passages that may be found. */
  readonly filter?: (id: number) => boolean
}

/** What the query has found of one set so far, by row. */
interface Found {
  readonly keywords: Keywords
  readonly scores: Float64Array
  /** `words` of 32 bits for each row: term t is bit t % 32 of word t / 32. */
  readonly terms: Uint32Array
}

/**
 * The passages that hold a content term, best first, ties by lower id, without those of weight 0.
 *
 * Rarity and average lengths are those of all passages of all sets; only the postings of these terms are
 * touched, so the cost grows with the matches and hardly with the index.
 */
export function bestPassages(
  sets: readonly Keywords[],
  { weights, content }: LexicalQuery,
  { limit, filter }: ScoreOptions,
): Scored[] {
  const terms = [...weights.keys()]
  const words = Math.ceil(terms.length / 32)
  const size = sets.reduce((sum, { rows }) => sum + rows.size, 0)
  const averages = FIELDS.map(
    (_, field) => sets.reduce((sum, { rows }) => sum + rows.totals[field]!, 0) / Math.max(1, size),
  )
  const found = sets.map((keywords): Found => {
    const { length } = keywords.rows
    return { keywords, scores: new Float64Array(length), terms: new Uint32Array(length * words) }
  })

  for (const [t, term] of terms.entries()) {
    const holders = found.flatMap((one) => {
      const postings = one.keywords.postings(term)
      return postings ? [{ ...one, postings }] : []
    })
    for (const [field, name] of FIELDS.entries()) {
      const matching = holders.reduce(
        (sum, one) => sum + countMatching(one.keywords.rows, one.postings, field),
        0,
      )
      if (matching === 0) continue
      const rarity = Math.log(1 + (size - matching + 0.5) / (matching + 0.5))
      const weight = weights.get(term)! * BOOST[name] * rarity
      for (const { keywords, postings, scores } of holders) {
        addScores(scores, keywords.rows, postings, { field, weight, averageLength: averages[field]! })
      }
    }
    for (const { postings, terms: bits } of holders) {
      for (let i = 0; i < postings.rows.length; i++)
        bits[postings.rows[i]! * words + (t >> 5)]! |= 1 << (t & 31)
    }
  }

  const isContent = terms.map((term) => content.has(term))
  const hits = found.flatMap((one) => foundRows(one, words, isContent, filter))
  return bestOf(hits, limit).map(({ id, score, row, bits }) => ({
    id,
    score,
    terms: terms.filter((_, t) => isContent[t] && hasTerm(bits, row * words, t)),
  }))
}

/** Passages of a set that hold a term in a field. */
function countMatching(rows: PassageRows, postings: Postings, field: number): number {
  const counts = postings.counts[field]
  let matching = 0
  for (let i = 0; i < (counts?.length ?? 0); i++) {
    if (counts![i]! > 0 && rows.idAt(postings.rows[i]!) !== undefined) matching++
  }
  return matching
}

function addScores(
  scores: Float64Array,
  rows: PassageRows,
  postings: Postings,
  { field, weight, averageLength }: { field: number; weight: number; averageLength: number },
): void {
  const counts = postings.counts[field]
  if (!counts) return
  const { k, b } = BM25
  for (let i = 0; i < counts.length; i++) {
    const count = counts[i]!
    if (count === 0) continue
    const row = postings.rows[i]!
    const length = rows.lengthsAt(row)[field]!
    scores[row]! += (weight * count * (k + 1)) / (count + k * (1 - b + (b * length) / averageLength))
  }
}

/** A passage that is found, and where the bits of its terms are. */
interface FoundRow {
  readonly id: number
  readonly score: number
  readonly row: number
  readonly bits: Uint32Array
}

function foundRows(
  { keywords: { rows }, scores, terms: bits }: Found,
  words: number,
  isContent: readonly boolean[],
  filter: ScoreOptions['filter'],
): FoundRow[] {
  const hits: FoundRow[] = []
  for (let row = 0; row < rows.length; row++) {
    const id = rows.idAt(row)
    if (scores[row] === 0 || id === undefined) continue
    if (!isContent.some((is, t) => is && hasTerm(bits, row * words, t))) continue
    const weight = rows.hasWeights ? rows.weightOf(id) : 1
    if (weight > 0 && (!filter || filter(id))) hits.push({ id, score: scores[row]! * weight, row, bits })
  }
  return hits
}

/** Best first. Numbers alone are sorted ten times as fast as rows: of these only the best are. */
function bestOf(hits: readonly FoundRow[], limit: number): FoundRow[] {
  const scores = Float64Array.from(hits, ({ score }) => score).sort()
  const last = scores[scores.length - limit] ?? 0
  return hits
    .filter(({ score }) => score >= last)
    .sort((a, b) => b.score - a.score || a.id - b.id)
    .slice(0, limit)
}

function hasTerm(bits: Uint32Array, start: number, t: number): boolean {
  return ((bits[start + (t >> 5)]! >>> (t & 31)) & 1) === 1
}
