import { describe, expect, test } from 'vitest'
import { bytesSource } from '../store/source.ts'
import {
  createLexicalIndex,
  type LexicalIndex as Index,
  type LexicalEntry,
  openLexicalIndex,
  writeLexicalIndex,
} from './lexical.ts'

interface Sample {
  title?: string
  headings?: string[]
  text?: string
  weight?: number
}

function entries(samples: readonly (string | Sample)[], firstId = 0): LexicalEntry[] {
  return samples.map((sample, i) => {
    const {
      title = '',
      headings = [],
      text = '',
      ...rest
    } = typeof sample === 'string' ? { text: sample } : sample
    return { id: firstId + i, passage: { ordinal: 0, title, headings, text, ...rest } }
  })
}

function added(list: readonly LexicalEntry[]): Promise<Index> {
  const index = createLexicalIndex()
  index.add(list)
  return Promise.resolve(index)
}

const fileOf = (list: readonly LexicalEntry[], firstId = 0) => ({
  source: bytesSource(writeLexicalIndex(list).bytes),
  name: 'test.lexical',
  firstId,
  passages: list.length,
})

const stored = (list: readonly LexicalEntry[]): Promise<Index> => openLexicalIndex([fileOf(list)])

async function find(index: Index, query: string, limit = 10): Promise<number[]> {
  return (await index.search(query, { limit })).map((hit) => hit.id)
}

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

describe.each([
  ['in memory', added],
  ['stored', stored],
])('%s', (_, make) => {
  const indexOf = (samples: readonly (string | Sample)[]) => make(entries(samples))

  test('words are found in any inflection, and what matched is named', async () => {
    const [hit] = await (await indexOf(DOCS)).search('cancelled subscriptions', { limit: 5 })
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
  ])('the identifier %s is found first', async (query, id) => {
    expect((await find(await indexOf(DOCS), query))[0]).toBe(id)
  })

  test('an error code does not stand for its neighbour', async () => {
    expect(await find(await indexOf(DOCS), 'E0307')).toEqual([])
    expect(await find(await indexOf(DOCS), 'E0308')).toEqual([3])
  })

  test('every beginning of a word finds it, also past its stem', async () => {
    const index = await indexOf(DOCS)
    for (const word of ['cancelling', 'subscription', 'middleware', 'AbortController.abort']) {
      for (let length = 3; length <= word.length; length++) {
        expect(await find(index, word.slice(0, length)), word.slice(0, length)).toContain(
          { c: 5, s: 5, m: 8, A: 0 }[word[0]!],
        )
      }
    }
  })

  test('a word that is finished does not stand for longer ones', async () => {
    const index = await indexOf(DOCS)
    expect(await find(index, 'midd ')).toEqual([])
    expect(await index.search('midd', { limit: 5, complete: true })).toEqual([])
    expect(await find(index, 'midd')).toEqual([8])
  })

  test('the word itself outranks longer words that begin with it, however rare they are', async () => {
    const index = await indexOf([
      'test testament',
      'the test is run',
      'run a test',
      'testosterone',
      'one test',
    ])
    expect((await find(index, 'test')).at(-1)).toBe(3)
  })

  test('a misspelled word is corrected, unless it stands somewhere as it is', async () => {
    expect(await find(await indexOf(DOCS), 'middlewear')).toEqual([8])
    expect(await find(await indexOf(DOCS), 'subscrption biling')).toEqual([5])
    expect(await find(await indexOf(['the form is sent', 'read from it']), 'form ')).toEqual([0])
  })

  test('a long question is answered by its content words', async () => {
    expect(
      (await find(await indexOf(DOCS), 'What should I do to get rid of the subscription that I have?'))[0],
    ).toBe(5)
  })

  test('function words alone find what holds them, but never next to unknown content', async () => {
    const index = await indexOf(['to be or not to be', 'something else entirely'])
    expect(await find(index, 'to be')).toEqual([0])
    expect(await find(index, 'how to be asdfghjkl ')).toEqual([])
  })

  test('nonsense and empty queries find nothing', async () => {
    for (const query of ['', '   ', '…—!?', 'qwrtzx yxcvb', '🙂', '\uD800', '"\'`']) {
      expect(await find(await indexOf(DOCS), query), query).toEqual([])
    }
  })

  test('the section a query names comes before those that mention it', async () => {
    const section = (id: number, headings: string[], text: string) => ({
      id,
      passage: { ordinal: id, title: 'Routing', headings, text },
      passages: 3,
    })
    const index = await make([
      section(0, [], 'Pages are served by their path.'),
      section(1, ['Redirects'], 'Send readers to a new path with a status. Routing goes on there.'),
      section(
        2,
        ['Errors'],
        'A page for what redirects do not catch: redirects first, then routing, then redirects.',
      ),
    ])
    expect((await find(index, 'redirects'))[0]).toBe(1)
    expect((await find(index, 'routing'))[0]).toBe(0)
  })

  test('Chinese, Japanese and Korean are found inside longer runs', async () => {
    const index = await indexOf(['東京都の天気予報です', '北京是中国的首都', '검색엔진을 만들다'])
    expect(await find(index, '天気')).toEqual([0])
    expect(await find(index, '首都')).toEqual([1])
    expect(await find(index, '都')).toContain(1)
    expect(await find(index, '검색')).toEqual([2])
    expect(await find(index, '大阪')).toEqual([])
  })

  test('right-to-left text, accents and other scripts are found', async () => {
    const index = await indexOf(['חיפוש בדפדפן', 'Le café est prêt', 'Поиск в браузере'])
    expect(await find(index, 'בדפדפן')).toEqual([0])
    expect(await find(index, 'cafe PRET')).toEqual([1])
    expect(await find(index, 'поиск')).toEqual([2])
  })

  test('a filter is obeyed and the limit counts what it lets through', async () => {
    const index = await indexOf(Array.from({ length: 30 }, (_, i) => `same words ${i}x`))
    const hits = await index.search('same words', { limit: 3, filter: (id) => id % 10 === 5 })
    expect(hits.map((hit) => hit.id)).toEqual([5, 15, 25])
  })

  test('equal scores are ordered by id', async () => {
    expect(await find(await indexOf(['twin text', 'twin text', 'twin text']), 'twin')).toEqual([0, 1, 2])
  })

  test('a query of ten thousand characters is answered in time', async () => {
    const index = await indexOf(DOCS)
    const query = `cancelled subscription ${Array.from({ length: 1250 }, (_, i) => `wrod${String.fromCharCode(97 + (i % 26)).repeat(3)}`).join(' ')}`
    expect(query.length).toBeGreaterThan(10_000)
    const startMs = performance.now()
    expect((await find(index, query))[0]).toBe(5)
    expect(await find(index, 'a'.repeat(10_000))).toEqual([])
    expect(performance.now() - startMs).toBeLessThan(2_000)
  })

  test('names that every object has are words like any other', async () => {
    const names = ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'prototype', 'valueOf']
    const index = await indexOf(
      names.map((name) => ({ title: name, headings: [name], text: `about ${name} only` })),
    )
    for (const [id, name] of names.entries()) {
      expect((await find(index, name))[0], name).toBe(id)
      expect((await find(index, name.slice(0, -2)))[0], name).toBe(id)
    }
    expect(await find(await indexOf(['plain words', 'other words']), names.join(' '))).toEqual([])
  })

  test('the weight of a passage multiplies its score, and 0 hides it', async () => {
    const weights = [1, 0, 0.5, 10, undefined]
    const index = await indexOf(
      weights.map((weight) => ({ text: 'same words', ...(weight === undefined ? {} : { weight }) })),
    )
    const hits = await index.search('same words', { limit: 10 })
    expect(hits.map(({ id }) => id)).toEqual([3, 0, 4, 2])
    expect(hits[0]!.score).toBeCloseTo(hits[1]!.score * 10)
    expect(hits[3]!.score).toBeCloseTo(hits[1]!.score / 2)
    expect([0, 1, 2, 3, 4, 99].map(index.weightOf)).toEqual([1, 0, 0.5, 10, 1, 1])
  })

  test('discarded passages are gone, and their numbers can be used again', async () => {
    const index = await indexOf(DOCS)
    index.discard([5, 5, 99])
    expect(index.size).toBe(DOCS.length - 1)
    expect(await find(index, 'subscription')).toEqual([])
    index.add(entries(['A new subscription'], 5))
    expect(await find(index, 'subscription')).toEqual([5])
    index.discard([5])
    expect(await find(index, 'subscription')).toEqual([])
  })

  test('an id that is already there is refused', async () => {
    const index = await indexOf(DOCS)
    expect(() => index.add(entries(['again'], 3))).toThrow(expect.objectContaining({ code: 'bad-argument' }))
  })

  test('what is added counts like what was there', async () => {
    const index = await indexOf(DOCS)
    const more = entries(['Subscriptions renew by themselves', 'Requests are cancelled'], 100)
    index.add(more)
    const whole = await added([...entries(DOCS), ...more])
    for (const query of ['subscription', 'cancelled requests', 'renw', 'reque']) {
      expect(await index.search(query, { limit: 10 }), query).toEqual(
        await whole.search(query, { limit: 10 }),
      )
    }
  })

  test('an index without passages finds nothing', async () => {
    const empty = await make([])
    expect(empty.size).toBe(0)
    expect(await find(empty, 'anything')).toEqual([])
  })
})

test.each([-1, 10.5, Number.NaN])('a weight of %s is refused', (weight) => {
  const [entry] = entries(['text'])
  const passage = { ...entry!.passage, weight }
  expect(() => createLexicalIndex().add([{ id: 0, passage }])).toThrow(
    expect.objectContaining({ code: 'bad-argument' }),
  )
})

test('several files and what was added to them answer as one index of all passages', async () => {
  const firstIds = [0, 4, 7]
  const files = firstIds.map((firstId, i) => fileOf(entries(DOCS.slice(firstId, firstIds[i + 1])), firstId))
  const index = await openLexicalIndex(files)
  const more = entries(['A request that fails with E0308 is never cancelled'], DOCS.length)
  index.add(more)
  index.discard([1, 5])
  const whole = await added([...entries(DOCS), ...more])
  whole.discard([1, 5])
  expect(index.size).toBe(whole.size)
  for (const query of [
    'E0308',
    'cancell',
    'middlewear',
    'http requests',
    '__proto__',
    'abort controller',
    'the',
  ]) {
    expect(await index.search(query, { limit: 10 }), query).toEqual(await whole.search(query, { limit: 10 }))
  }
})

test('numbers may be missing between files', async () => {
  const index = await openLexicalIndex([10, 20].map((firstId) => fileOf(entries(['same', 'same']), firstId)))
  expect(await find(index, 'same')).toEqual([10, 11, 20, 21])
})

test('no files are an empty index that can grow', async () => {
  const index = await openLexicalIndex([])
  index.add(entries(DOCS))
  expect(await find(index, 'E0308')).toEqual([3])
})
