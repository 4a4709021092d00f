/** BM25 over the postings of a query's terms, by MiniSearch. */
import MiniSearch, { type AsPlainObject } from 'minisearch'
import { FIELDS, type Keywords } from './keywords.ts'

const BOOST = { title: 0.3, heading: 0.3, everything: 1 }
/** Okapi BM25 with Lucene's parameters; MiniSearch's own add 0.5 for every match, which favours many weak ones. */
const BM25 = { k: 1.2, b: 0.75, d: 0 }

export interface Scored {
  /** Number of the passage. */
  readonly id: number
  readonly score: number
  /** The terms that it holds. */
  readonly terms: readonly string[]
}

/**
 * Passages that hold any of the terms, in no particular order, without those of weight 0.
 *
 * Rarity and average lengths are those of all passages of all sets; only the postings of these terms are
 * touched, so the cost grows with the matches and not with the index.
 *
 * @param weights terms and how much each of them counts
 * @param filter  called with a passage and the terms it holds
 */
export function scorePassages(
  sets: readonly Keywords[],
  weights: ReadonlyMap<string, number>,
  filter: (id: number, terms: readonly string[]) => boolean,
): Scored[] {
  const terms = [...weights.keys()]
  const isWeighted = sets.some(({ rows }) => rows.hasWeights)
  const weightOf = (id: number) => sets.find(({ rows }) => rows.has(id))!.rows.weightOf(id)
  return MiniSearch.loadJS(plainIndex(sets, terms), { fields: [...FIELDS], autoVacuum: false })
    .search('', {
      tokenize: () => terms,
      processTerm: (term) => term,
      boostTerm: (term) => weights.get(term)!,
      boost: BOOST,
      bm25: BM25,
      filter: ({ id, queryTerms }) => filter(id as number, queryTerms),
      ...(isWeighted ? { boostDocument: (id: number) => weightOf(id) } : {}),
    })
    .map(({ id, score, queryTerms }) => ({
      id: id as number,
      // MiniSearch multiplies by the number of terms found, which drowns what one rare word says.
      score: score / queryTerms.length,
      terms: queryTerms,
    }))
}

/** MiniSearch's plain form of an index that holds these terms and the passages they occur in, and no others. */
function plainIndex(sets: readonly Keywords[], terms: readonly string[]): AsPlainObject {
  const documentIds: number[] = []
  const fieldLength: (readonly number[])[] = []
  const places = sets.map(({ rows }) => new Int32Array(rows.length).fill(-1))
  const place = (set: number, row: number): number | undefined => {
    const known = places[set]![row]!
    if (known >= 0) return known
    const { rows } = sets[set]!
    const id = rows.idAt(row)
    if (id === undefined) return undefined
    fieldLength.push(rows.lengthsAt(row))
    return (places[set]![row] = documentIds.push(id) - 1)
  }
  const index = terms.map((term): AsPlainObject['index'][number] => {
    const byField: Record<string, Record<string, number>> = {}
    for (const [set, keywords] of sets.entries()) {
      const postings = keywords.postings(term)
      for (const [field, counts] of postings?.counts.entries() ?? []) {
        if (!counts) continue
        const found = (byField[field] ??= {})
        for (let i = 0; i < counts.length; i++) {
          if (counts[i] === 0) continue
          const document = place(set, postings!.rows[i]!)
          if (document !== undefined) found[document] = counts[i]!
        }
      }
    }
    return [term, byField]
  })
  const size = sets.reduce((sum, { rows }) => sum + rows.size, 0)
  return {
    documentCount: size,
    nextId: documentIds.length,
    documentIds,
    fieldIds: Object.fromEntries(FIELDS.map((name, field) => [name, field])),
    fieldLength: { ...fieldLength } as unknown as AsPlainObject['fieldLength'],
    averageFieldLength: FIELDS.map(
      (_, field) => sets.reduce((sum, { rows }) => sum + rows.totals[field]!, 0) / Math.max(1, size),
    ),
    storedFields: {},
    dirtCount: 0,
    index,
    serializationVersion: 2,
  }
}
