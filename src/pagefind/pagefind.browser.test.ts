import { expect, test, vi } from 'vitest'
import type { Hit, Search } from '../client/search.ts'
import type { CreateSearchOptions } from '../index.ts'
import type { HitDetail, QueryOptions } from '../types.ts'
import { createInstance } from './instance.ts'

const PASSAGES: readonly HitDetail[] = [
  {
    documentId: 'guide/',
    ordinal: 0,
    title: 'Guide',
    headings: [],
    url: 'guide/',
    text: 'About sails.',
    metadata: { section: 'manual' },
    details: { image: 'sail.png' },
    passages: 2,
  },
  {
    documentId: 'guide/',
    ordinal: 1,
    title: 'Guide',
    headings: ['Reefing'],
    url: 'guide/#reefing',
    text: 'Take in <b>sail</b> & wait.',
    metadata: { section: 'manual' },
    details: { image: 'sail.png' },
    passages: 2,
  },
]

const HIT: Hit = {
  id: 'guide/',
  passage: 1,
  url: 'guide/#reefing',
  title: 'Guide',
  headings: ['Reefing'],
  score: 2,
  legs: ['lexical'],
  excerpt: [
    { text: 'Take in <b>', marked: false },
    { text: 'sail', marked: true },
    { text: '</b> & wait.', marked: false },
  ],
  metadata: { section: 'manual' },
  sections: [
    {
      passage: 0,
      url: 'guide/',
      headings: [],
      score: 1,
      legs: ['lexical'],
      excerpt: [{ text: 'About', marked: false }],
    },
  ],
  data: async () => PASSAGES[1]!,
  explain: () => Promise.reject(new Error('not asked for')),
}

function setUp(state: 'unloaded' | 'ready' = 'unloaded') {
  const asked: { text: string; options: QueryOptions }[] = []
  const opened: CreateSearchOptions[] = []
  const prepare = vi.fn(async () => {})
  const search = {
    async query(text: string, options: QueryOptions) {
      asked.push({ text, options })
      return { stage: 'lexical', final: true, hits: [HIT], timings: { totalMs: 1 } }
    },
    filters: async () => ({ section: { manual: 1, news: 4 } }),
    detail: async ({ passage }: { passage: number }) => PASSAGES[passage]!,
    info: async () => ({ model: { state } }),
    prepare,
    close: vi.fn(async () => {}),
  } as unknown as Search
  const instance = createInstance({ basePath: '/docs/lateen/' }, async (options = {}) => {
    opened.push(options)
    return search
  })
  return { instance, asked, opened, prepare, search }
}

test('results have the shape that pages written for Pagefind read', async () => {
  const { instance, opened } = setUp()
  const found = await instance.search('sail')
  expect(opened[0]!.index).toBe(new URL('/docs/lateen/', location.href).href)
  expect(found.unfilteredResultCount).toBe(1)
  expect(found.filters).toEqual({ section: { manual: 1, news: 0 } })
  expect(found.totalFilters).toEqual({ section: { manual: 1, news: 4 } })
  const data = await found.results[0]!.data()
  expect(data).toMatchObject({
    url: '/docs/guide/',
    raw_url: 'guide/',
    plain_excerpt: 'Take in <b>sail</b> & wait.',
    content: 'About sails.\n\nReefing\n\nTake in <b>sail</b> & wait.',
    meta: { title: 'Guide', image: 'sail.png' },
    filters: { section: ['manual'] },
    word_count: 8,
    anchors: [{ id: 'reefing', text: 'Reefing' }],
  })
  expect(data.sub_results.map(({ title, url }) => [title, url])).toEqual([
    ['Reefing', '/docs/guide/#reefing'],
    ['Guide', '/docs/guide/'],
  ])
})

test('an excerpt is HTML in which only the marks are markup', async () => {
  const { instance } = setUp()
  const data = await (await instance.search('sail')).results[0]!.data()
  expect(data.excerpt).toBe('Take in &lt;b&gt;<mark>sail</mark>&lt;/b&gt; &amp; wait.')
})

test('keywords answer until the model is there, and the first search begins to load it', async () => {
  const waiting = setUp('unloaded')
  await waiting.instance.search('sail')
  expect(waiting.asked[0]!.options.mode).toBe('lexical')
  expect(waiting.prepare).toHaveBeenCalledOnce()
  const ready = setUp('ready')
  await ready.instance.search('sail')
  expect(ready.asked[0]!.options.mode).toBeUndefined()
})

test('mode keywords never loads the model', async () => {
  const { instance, asked, prepare } = setUp('ready')
  await instance.options({ mode: 'keywords' })
  await instance.search('sail')
  expect(asked[0]!.options.mode).toBe('lexical')
  expect(prepare).not.toHaveBeenCalled()
})

test.each([
  ['manual', 'manual'],
  [['a', 'b'], { all: ['a', 'b'] }],
  [{ any: ['a', 'b'] }, { any: ['a', 'b'] }],
  [{ all: 'a' }, { all: ['a'] }],
  [{ none: ['a'] }, { not: ['a'] }],
  [{ not: 'a' }, { not: ['a'] }],
] as const)('the filter %j means %j', async (filter, expected) => {
  const { instance, asked } = setUp()
  await instance.search('sail', { filters: { section: filter } })
  expect(asked[0]!.options.filters).toEqual({ section: expected })
})

test('a condition that cannot be answered is refused by its key', async () => {
  const { instance } = setUp()
  const asked = instance.search('sail', { filters: { section: { any: ['a'], not: ['b'] } as never } })
  await expect(asked).rejects.toMatchObject({
    code: 'bad-argument',
    message: expect.stringContaining('"section"'),
  })
})

test('of several debounced searches only the last one answers', async () => {
  const { instance, asked } = setUp()
  const answers = await Promise.all(['s', 'sa', 'sail'].map((term) => instance.debouncedSearch(term, {}, 20)))
  expect(answers.map((answer) => answer?.results.length ?? null)).toEqual([null, null, 1])
  expect(asked.map(({ text }) => text)).toEqual(['sail'])
})

test('an index that could not be opened is tried again by the next call', async () => {
  let attempts = 0
  const { search } = setUp()
  const instance = createInstance({ basePath: '/x/' }, async () => {
    if (++attempts === 1) throw new Error('offline')
    return search
  })
  await expect(instance.search('sail')).rejects.toThrow('offline')
  expect((await instance.search('sail')).results).toHaveLength(1)
})

test('the query is added to links under the name that is asked for', async () => {
  const { instance } = setUp()
  await instance.options({ highlightParam: 'highlight', baseUrl: '/en/' })
  const data = await (await instance.search('two sails')).results[0]!.data()
  expect(data.url).toBe('/en/guide/?highlight=two+sails')
})
