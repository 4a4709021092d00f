import MiniSearch, { type AsPlainObject } from 'minisearch'
import { expect, test } from 'vitest'
import { seededRandom } from '../util/random.ts'
import { FIELDS, type Keywords, type Postings } from './keywords.ts'
import { type LocalKeywords, localKeywords } from './local.ts'
import { BM25, BOOST, bestPassages } from './score.ts'

const random = seededRandom(11)
const word = () => `w${Math.floor(60 * random() ** 2)}`
const words = (count: number) => Array.from({ length: count }, word).join(' ')

/** Two sets of 150 passages with ids of their own, some of them discarded, some weighted. */
function sets(): LocalKeywords[] {
  return [0, 150].map((first) => {
    const set = localKeywords()
    for (let id = first; id < first + 150; id++) {
      const passage = { ordinal: id % 3, title: words(2), headings: [words(2)], text: words(5 + (id % 40)) }
      set.add({ id, passage: id % 10 === 0 ? { ...passage, weight: (id % 30) / 10 } : passage, passages: 3 })
    }
    for (let id = first; id < first + 150; id += 17) set.rows.discard(id)
    return set
  })
}

/** MiniSearch over the same passages, which is what scores are measured against. */
function reference(indexed: readonly Keywords[], weights: ReadonlyMap<string, number>): Map<number, number> {
  const terms = [...weights.keys()]
  const documents = indexed.flatMap(({ rows }) =>
    Array.from({ length: rows.length }, (_, row) => ({ rows, row, id: rows.idAt(row) })).filter(
      ({ id }) => id !== undefined,
    ),
  )
  const counted = (postings: Postings | undefined, row: number, field: number) =>
    postings?.counts[field]?.[Array.from(postings.rows).indexOf(row)] ?? 0
  const index = terms.map((term): AsPlainObject['index'][number] => {
    const byField: Record<string, Record<string, number>> = {}
    for (const field of FIELDS.keys()) {
      for (const [number, { rows, row }] of documents.entries()) {
        const count = counted(indexed.find((set) => set.rows === rows)!.postings(term), row, field)
        if (count > 0) (byField[field] ??= {})[number] = count
      }
    }
    return [term, byField]
  })
  const lengths = documents.map(({ rows, row }) => rows.lengthsAt(row))
  const plain: AsPlainObject = {
    documentCount: documents.length,
    nextId: documents.length,
    documentIds: Object.fromEntries(documents.map(({ id }, number) => [number, id])),
    fieldIds: Object.fromEntries(FIELDS.map((name, field) => [name, field])),
    fieldLength: Object.fromEntries(lengths.map((ofPassage, number) => [number, ofPassage])) as never,
    averageFieldLength: FIELDS.map(
      (_, field) => lengths.reduce((sum, ofPassage) => sum + ofPassage[field]!, 0) / lengths.length,
    ),
    storedFields: {},
    dirtCount: 0,
    index,
    serializationVersion: 2,
  }
  const weightOf = (id: number) => indexed.find(({ rows }) => rows.has(id))!.rows.weightOf(id)
  const found = MiniSearch.loadJS<{ id: number }>(plain, { fields: [...FIELDS], autoVacuum: false }).search(
    '',
    {
      tokenize: () => terms,
      processTerm: (term) => term,
      boostTerm: (term) => weights.get(term)!,
      boost: BOOST,
      // It would add 0.5 for every match, and multiplies by the number of terms found.
      bm25: { ...BM25, d: 0 },
      boostDocument: weightOf,
    },
  )
  return new Map(found.map(({ id, score, queryTerms }) => [id as number, score / queryTerms.length]))
}

test('scores are those of MiniSearch, over several sets, with discarded and weighted passages', () => {
  const indexed = sets()
  const weights = new Map([
    ['w0', 1],
    ['w17', 0.4],
    ['nowhere', 1],
    ['w59', 2],
    ['w3', 0.1],
  ])
  const expected = reference(indexed, weights)
  const found = bestPassages(indexed, { weights, content: new Set(weights.keys()) }, { limit: 1_000 })
  expect(found.length).toBeGreaterThan(100)
  expect(found.map(({ id }) => id).sort((a, b) => a - b)).toEqual([...expected.keys()].sort((a, b) => a - b))
  for (const { id, score } of found) expect(score).toBeCloseTo(expected.get(id)!, 10)
  const scores = found.map(({ score }) => score)
  expect([...scores].sort((a, b) => b - a)).toEqual(scores)
  for (const limit of [0, 1, 10, found.length - 1]) {
    expect(bestPassages(indexed, { weights, content: new Set(weights.keys()) }, { limit })).toEqual(
      found.slice(0, limit),
    )
  }
})

test('a passage is told which content terms it holds, also behind the first 32', () => {
  const set = localKeywords()
  const passage = { ordinal: 0, title: '', headings: [] }
  set.add({ id: 4, passage: { ...passage, text: 'w0 w31 w32 w40' } })
  set.add({ id: 9, passage: { ...passage, text: 'w40' } })
  const weights = new Map(Array.from({ length: 41 }, (_, t) => [`w${t}`, 1]))
  const content = new Set(['w0', 'w31', 'w32'])
  expect(bestPassages([set], { weights, content }, { limit: 10 })).toEqual([
    { id: 4, score: expect.any(Number), terms: ['w0', 'w31', 'w32'] },
  ])
})
