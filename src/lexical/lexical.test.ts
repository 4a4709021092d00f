import { gunzipSync, gzipSync, strFromU8, strToU8 } from 'fflate'
import { expect, test } from 'vitest'
import { createLexicalIndex, type LexicalEntry, loadLexicalIndex } from './lexical.ts'

interface Sample {
  title?: string
  headings?: string[]
  text?: string
}

function entries(samples: readonly (string | Sample)[], firstId = 0): LexicalEntry[] {
  return samples.map((sample, i) => {
    const { title = '', headings = [], text = '' } = typeof sample === 'string' ? { text: sample } : sample
    return { id: firstId + i, passage: { ordinal: 0, title, headings, text } }
  })
}

function indexOf(samples: readonly (string | Sample)[]) {
  const index = createLexicalIndex()
  index.add(entries(samples))
  return index
}

const find = (
  index: { search: ReturnType<typeof createLexicalIndex>['search'] },
  query: string,
  limit = 10,
) => index.search(query, { limit }).map((hit) => hit.id)

const DOCS = [
  'Abort a fetch with AbortController.abort() and pass its signal.', // 0
  'Controllers receive HTTP requests and return responses.', // 1
  'Skip the hooks with git commit --no-verify when you must.', // 2
  'Error E0308: mismatched types. The compiler expected another type.', // 3
  'Error E0309: the parameter type may not live long enough.', // 4
  'Cancelling a subscription ends billing at the end of the month.', // 5
  'The snake_case lint asks for names in snake case.', // 6
  'Objects inherit from constructor.prototype, and __proto__ is deprecated.', // 7
  'Middleware runs before every request.', // 8
]

test('words are found in any inflection, and what matched is named', () => {
  const [hit] = indexOf(DOCS).search('cancelled subscriptions', { limit: 5 })
  expect(hit).toMatchObject({ id: 5, terms: ['cancel', 'subscript'] })
})

test.each([
  ['AbortController.abort()', 0],
  ['abortcontroller', 0],
  ['AbortController', 0],
  ['--no-verify', 2],
  ['no-verify', 2],
  ['E0308', 3],
  ['e0309', 4],
  ['snake_case', 6],
  ['__proto__', 7],
  ['constructor', 7],
  ['toString valueOf __proto__', 7],
])('the identifier %s is found first', (query, id) => {
  expect(find(indexOf(DOCS), query)[0]).toBe(id)
})

test('an error code does not stand for its neighbour', () => {
  expect(find(indexOf(DOCS), 'E0307')).toEqual([])
  expect(find(indexOf(DOCS), 'E0308')).toEqual([3])
})

test('every beginning of a word finds it, also past its stem', () => {
  const index = indexOf(DOCS)
  for (const word of ['cancelling', 'subscription', 'middleware', 'AbortController.abort']) {
    for (let length = 3; length <= word.length; length++) {
      expect(find(index, word.slice(0, length)), word.slice(0, length)).toContain(
        { c: 5, s: 5, m: 8, A: 0 }[word[0]!],
      )
    }
  }
})

test('a word that is finished does not stand for longer ones', () => {
  const index = indexOf(DOCS)
  expect(find(index, 'midd ')).toEqual([])
  expect(index.search('midd', { limit: 5, complete: true })).toEqual([])
  expect(find(index, 'midd')).toEqual([8])
})

test('the word itself outranks longer words that begin with it, however rare they are', () => {
  const index = indexOf(['test testament', 'the test is run', 'run a test', 'testosterone', 'one test'])
  expect(find(index, 'test').at(-1)).toBe(3)
})

test('a misspelled word is corrected, unless it stands somewhere as it is', () => {
  expect(find(indexOf(DOCS), 'middlewear')).toEqual([8])
  expect(find(indexOf(DOCS), 'subscrption biling')).toEqual([5])
  expect(find(indexOf(['the form is sent', 'read from it']), 'form ')).toEqual([0])
})

test('a long question is answered by its content words', () => {
  expect(find(indexOf(DOCS), 'What should I do to get rid of the subscription that I have?')[0]).toBe(5)
})

test('function words alone find what holds them, but never next to unknown content', () => {
  const index = indexOf(['to be or not to be', 'something else entirely'])
  expect(find(index, 'to be')).toEqual([0])
  expect(find(index, 'how to be asdfghjkl ')).toEqual([])
})

test('nonsense and empty queries find nothing', () => {
  for (const query of ['', '   ', '…—!?', 'qwrtzx yxcvb', '🙂', '\uD800', '"\'`']) {
    expect(find(indexOf(DOCS), query), query).toEqual([])
  }
})

test('the section a query names comes before those that mention it', () => {
  const index = createLexicalIndex()
  const section = (id: number, headings: string[], text: string) => ({
    id,
    passage: { ordinal: id, title: 'Routing', headings, text },
    passages: 3,
  })
  index.add([
    section(0, [], 'Pages are served by their path.'),
    section(1, ['Redirects'], 'Send readers to a new path with a status. Routing goes on there.'),
    section(
      2,
      ['Errors'],
      'A page for what redirects do not catch: redirects first, then routing, then redirects.',
    ),
  ])
  expect(find(index, 'redirects')[0]).toBe(1)
  expect(find(index, 'routing')[0]).toBe(0)
})

test('Chinese, Japanese and Korean are found inside longer runs', () => {
  const index = indexOf(['東京都の天気予報です', '北京是中国的首都', '검색엔진을 만들다'])
  expect(find(index, '天気')).toEqual([0])
  expect(find(index, '首都')).toEqual([1])
  expect(find(index, '都')).toContain(1)
  expect(find(index, '검색')).toEqual([2])
  expect(find(index, '大阪')).toEqual([])
})

test('right-to-left text, accents and other scripts are found', () => {
  const index = indexOf(['חיפוש בדפדפן', 'Le café est prêt', 'Поиск в браузере'])
  expect(find(index, 'בדפדפן')).toEqual([0])
  expect(find(index, 'cafe PRET')).toEqual([1])
  expect(find(index, 'поиск')).toEqual([2])
})

test('a filter is obeyed and the limit counts what it lets through', () => {
  const index = indexOf(Array.from({ length: 30 }, (_, i) => `same words ${i}x`))
  const hits = index.search('same words', { limit: 3, filter: (id) => id % 10 === 5 })
  expect(hits.map((hit) => hit.id)).toEqual([5, 15, 25])
})

test('equal scores are ordered by id', () => {
  expect(find(indexOf(['twin text', 'twin text', 'twin text']), 'twin')).toEqual([0, 1, 2])
})

test('a query of ten thousand characters is answered in time', () => {
  const index = indexOf(DOCS)
  const query = `cancelled subscription ${Array.from({ length: 1250 }, (_, i) => `wrod${String.fromCharCode(97 + (i % 26)).repeat(3)}`).join(' ')}`
  expect(query.length).toBeGreaterThan(10_000)
  const startMs = performance.now()
  expect(find(index, query)[0]).toBe(5)
  expect(find(index, 'a'.repeat(10_000))).toEqual([])
  expect(performance.now() - startMs).toBeLessThan(2_000)
})

test('discarded passages are gone, can come back, and do not weigh on the file', () => {
  const index = indexOf(DOCS)
  index.discard([5, 5, 99])
  expect(index.size).toBe(DOCS.length - 1)
  expect(find(index, 'subscription')).toEqual([])
  expect(find(loadLexicalIndex(index.serialize()), 'subscription')).toEqual([])
  index.add(entries(['A new subscription'], 5))
  expect(find(index, 'subscription')).toEqual([5])
  expect(find(loadLexicalIndex(index.serialize()), 'subscription')).toEqual([5])
})

test('an id that is already there is refused', () => {
  expect(() => indexOf(DOCS).add(entries(['again'], 3))).toThrow(
    expect.objectContaining({ code: 'bad-argument' }),
  )
})

test('a loaded index answers like the one that was written, and can grow', () => {
  const index = indexOf(DOCS)
  const loaded = loadLexicalIndex(index.serialize())
  for (const query of ['E0308', 'cancell', 'middlewear', 'http requests', '__proto__', 'abort controller']) {
    expect(loaded.search(query, { limit: 10 })).toEqual(index.search(query, { limit: 10 }))
  }
  loaded.add(entries(['Subscriptions renew by themselves'], 100))
  expect(find(loaded, 'subscription')).toEqual([100, 5])
})

test('several serialised indexes become one, as if all passages had been added to it', () => {
  const whole = indexOf(DOCS)
  const parts = [0, 4, 7].map((firstId, i, firstIds) => ({
    bytes: indexOf(DOCS.slice(firstId, firstIds[i + 1])).serialize(),
    firstId,
  }))
  expect(loadLexicalIndex(parts).serialize()).toEqual(whole.serialize())
  expect(loadLexicalIndex([]).size).toBe(0)
})

test('numbers may be missing between parts', () => {
  const parts = [10, 20].map((firstId) => ({ bytes: indexOf(['same', 'same']).serialize(), firstId }))
  expect(find(loadLexicalIndex(parts), 'same')).toEqual([10, 11, 20, 21])
})

test('the same passages give the same bytes, in whatever order they were added', () => {
  const forwards = createLexicalIndex()
  forwards.add(entries(DOCS))
  const backwards = createLexicalIndex()
  for (const entry of entries(DOCS).reverse()) backwards.add([entry])
  expect(backwards.serialize()).toEqual(forwards.serialize())
  expect(loadLexicalIndex(forwards.serialize()).serialize()).toEqual(forwards.serialize())
})

test('an empty index can be stored', () => {
  const empty = loadLexicalIndex(createLexicalIndex().serialize())
  expect(empty.size).toBe(0)
  expect(find(empty, 'anything')).toEqual([])
})

test.each([
  ['bytes that are no gzip', () => strToU8('{}')],
  ['a truncated file', (good: Uint8Array) => good.slice(0, good.length - 20)],
  ['something else in gzip', () => gzipSync(strToU8('null'))],
  ['another analyzer', (good: Uint8Array) => edited(good, { analyzer: 'other' })],
  ['other fields', (good: Uint8Array) => edited(good, { fields: ['text'] })],
  ['a newer version', (good: Uint8Array) => edited(good, { version: 2 })],
  ['lists of different lengths', (good: Uint8Array) => edited(good, { terms: ['one'] })],
])('%s are refused with index-invalid', (_, damage) => {
  expect(() => loadLexicalIndex(damage(indexOf(DOCS).serialize()))).toThrow(
    expect.objectContaining({ code: 'index-invalid' }),
  )
})

function edited(bytes: Uint8Array, change: Record<string, unknown>): Uint8Array {
  return gzipSync(strToU8(JSON.stringify({ ...JSON.parse(strFromU8(gunzipSync(bytes))), ...change })))
}
