import { expect, test } from 'vitest'
import { assertFilters, countFilters, matchesFilters } from './filters.ts'

const page = { section: 'guide', version: 2, draft: false, tags: ['gpu', 'wasm'] }

test('every key must match', () => {
  expect(matchesFilters(page, {})).toBe(true)
  expect(matchesFilters(page, { section: 'guide', version: 2 })).toBe(true)
  expect(matchesFilters(page, { section: 'guide', version: 3 })).toBe(false)
})

test('a list in the metadata matches when it contains the value', () => {
  expect(matchesFilters(page, { tags: 'gpu' })).toBe(true)
  expect(matchesFilters(page, { tags: 'cpu' })).toBe(false)
})

test('any needs one, not needs none', () => {
  expect(matchesFilters(page, { section: { any: ['api', 'guide'] } })).toBe(true)
  expect(matchesFilters(page, { section: { any: [] } })).toBe(false)
  expect(matchesFilters(page, { draft: { not: [true] } })).toBe(true)
  expect(matchesFilters(page, { tags: { not: ['wasm'] } })).toBe(false)
})

test('types are not mixed up, and a missing key matches only not', () => {
  expect(matchesFilters(page, { version: '2' })).toBe(false)
  expect(matchesFilters(page, { author: 'x' })).toBe(false)
  expect(matchesFilters(page, { author: { not: ['x'] } })).toBe(true)
})

test('names that every object has are ordinary keys', () => {
  expect(matchesFilters(page, { constructor: 'Object' } as never)).toBe(false)
  expect(matchesFilters(JSON.parse('{"__proto__":"x"}'), JSON.parse('{"__proto__":"x"}'))).toBe(true)
})

test.each([
  [null],
  ['guide'],
  [[]],
  [{ a: null }],
  [{ a: { some: [] } }],
  [{ a: { any: 'x' } }],
  [{ a: { any: [{}] } }],
  [{ a: { any: [], not: [] } }],
])('refuses %j with what was expected', (filters) => {
  expect(() => assertFilters(filters)).toThrow(expect.objectContaining({ code: 'bad-argument' }))
})

test('values are counted once per document, whatever their keys and values are called', () => {
  const own = JSON.parse('{"__proto__": "a", "constructor": ["b", "b", "toString"], "level": 1}')
  const counts = countFilters([own, { level: 1, draft: true }, { level: 2 }])
  const entries = Object.entries(counts).map(([key, values]) => [key, Object.entries(values)])
  expect(entries).toEqual([
    ['__proto__', [['a', 1]]],
    [
      'constructor',
      [
        ['b', 1],
        ['toString', 1],
      ],
    ],
    [
      'level',
      [
        ['1', 2],
        ['2', 1],
      ],
    ],
    ['draft', [['true', 1]]],
  ])
  expect(counts['toString']).toBeUndefined()
  expect(counts['level']!['hasOwnProperty']).toBeUndefined()
})
