import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FIRST_PAGE, fuse } from './fusion.ts'

const lexicalHits = (ids: readonly number[], terms: readonly string[] = []) =>
  ids.map((id, i) => ({ id, score: 100 - i, terms }))
const semanticHits = (ids: readonly number[]) => ids.map((id, i) => ({ id, score: 20 - i / 10 }))
const ids = (hits: readonly { id: number }[]) => hits.map((hit) => hit.id)

test('a passage both legs found beats one that a single leg found', () => {
  const lexical = lexicalHits([1, 2, 4, 5, 6])
  const semantic = semanticHits([3, 2, 7, 8, 9])
  const fused = fuse({ lexical, semantic, query: 'plain words' }, 10)
  expect(ids(fused).slice(0, 3)).toEqual([2, 3, 1])
  expect(ids(fused).sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
})

test('scores are scaled to each list, so their units do not matter', () => {
  const lexical = lexicalHits([1, 2, 3])
  const semantic = semanticHits([4, 2, 5])
  const grown = lexical.map((hit) => ({ ...hit, score: hit.score * 1000 }))
  expect(ids(fuse({ lexical: grown, semantic, query: '' }, 10))).toEqual(
    ids(fuse({ lexical, semantic, query: '' }, 10)),
  )
})

test('one empty leg leaves the order of the other', () => {
  expect(ids(fuse({ lexical: [], semantic: semanticHits([5, 4, 3]), query: 'x' }, 10))).toEqual([5, 4, 3])
  expect(ids(fuse({ lexical: lexicalHits([5, 4, 3]), semantic: [], query: 'x' }, 2))).toEqual([5, 4])
  expect(fuse({ lexical: [], semantic: [], query: 'x' }, 2)).toEqual([])
})

test('ties go to the lower id', () => {
  const semantic = [
    { id: 7, score: 1 },
    { id: 3, score: 1 },
  ]
  expect(ids(fuse({ lexical: [], semantic, query: 'x' }, 10))).toEqual([3, 7])
})

test('for a query that is an identifier the exact matches come first, in lexical order', () => {
  const lexical = [...lexicalHits([30, 31], ['e0308']), ...lexicalHits([1], ['error'])]
  const semantic = semanticHits([1, 2, 3, 31])
  expect(ids(fuse({ lexical, semantic, query: 'E0308' }, 10)).slice(0, 2)).toEqual([30, 31])
})

test('for a query that contains an identifier no exact match leaves the first page', () => {
  const exact = lexicalHits([100, 101, 102], ['e0308'])
  const both = Array.from({ length: 20 }, (_, i) => i)
  const lexical = [
    ...lexicalHits(both, ['error']).slice(0, 7),
    ...exact.map((hit, i) => ({ ...hit, score: 50 - i })),
    ...lexicalHits(both, ['error'])
      .slice(7)
      .map((hit) => ({ ...hit, score: hit.score - 60 })),
  ]
  const input = { lexical, semantic: semanticHits(both) }
  const unprotected = ids(fuse({ ...input, query: 'fix error' }, 23)).slice(0, FIRST_PAGE)
  expect(unprotected).not.toContain(102)
  const fused = ids(fuse({ ...input, query: 'fix error E0308' }, 23))
  expect(fused.slice(0, FIRST_PAGE)).toEqual(expect.arrayContaining([100, 101, 102]))
  expect(fused.slice(0, 7)).toEqual(unprotected.slice(0, 7))
})

test('every passage comes once, scores never rise, exact matches of the first lexical page stay there', () => {
  const list = fc.uniqueArray(fc.nat(60), { maxLength: 40 })
  const query = fc.constantFrom('plain words', 'E0308', 'about E0308')
  fc.assert(
    fc.property(list, list, fc.array(fc.boolean()), query, (lexicalIds, semanticIds, exact, text) => {
      const lexical = lexicalHits(lexicalIds).map((hit, i) => ({ ...hit, terms: exact[i] ? ['e0308'] : [] }))
      const fused = fuse({ lexical, semantic: semanticHits(semanticIds), query: text }, 1000)
      expect(new Set(ids(fused))).toEqual(new Set([...lexicalIds, ...semanticIds]))
      expect(fused).toHaveLength(new Set(ids(fused)).size)
      for (const [i, { score }] of fused.entries())
        expect(score).toBeLessThanOrEqual(fused[i - 1]?.score ?? 1)
      if (text === 'plain words') return
      const kept = lexical.slice(0, FIRST_PAGE).filter((hit) => hit.terms.length > 0)
      expect(ids(fused.slice(0, FIRST_PAGE))).toEqual(expect.arrayContaining(ids(kept)))
    }),
  )
})
