import { expect, test } from 'vitest'
import { isLateenError, LateenError } from '../errors.ts'
import type { AsyncEngine } from '../search/engine.ts'
import type { HitList } from '../types.ts'
import { searchOver } from './search.ts'

/** An engine that answers a query when it is told to, whatever its signal says. */
function puppet() {
  const answers = new Map<string, (list: HitList) => void>()
  const asked: [method: string, ...args: unknown[]][] = []
  const engine = {
    async *stream(text, { signal } = {}) {
      yield listOf(text, 'lexical')
      yield await new Promise<HitList>((resolve, reject) => {
        answers.set(text, resolve)
        signal?.addEventListener('abort', () => {
          if (!text.startsWith('deaf')) reject(new LateenError('aborted', 'Stopped.'))
        })
      })
    },
    async query(text, options) {
      let last: HitList | undefined
      for await (const list of engine.stream(text, options)) last = list
      return last!
    },
    explain: async (...args) => asked.push(['explain', ...args]) as never,
    detail: async (...args) => asked.push(['detail', ...args]) as never,
  } as Partial<AsyncEngine> as AsyncEngine
  return { engine, asked, answer: (text: string) => answers.get(text)!(listOf(text, 'fused')) }
}

function listOf(text: string, stage: HitList['stage']): HitList {
  const hit = {
    id: text,
    passage: 2,
    url: '',
    title: '',
    headings: [],
    score: 1,
    legs: [],
    excerpt: [],
    metadata: {},
    sections: [],
  }
  return { stage, final: stage !== 'lexical', hits: [hit], timings: { totalMs: 0 } }
}

async function stages(lists: AsyncIterable<HitList>): Promise<string[]> {
  const result: string[] = []
  for await (const { stage } of lists) result.push(stage)
  return result
}

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )
/** Lets everything that is due happen. */
const settle = () => new Promise((resolve) => setTimeout(resolve))

test('a newer stream ends the older one without an error and without another list', async () => {
  const { engine, answer } = puppet()
  const search = searchOver(engine)
  const older = stages(search.stream('older'))
  await settle()
  const newer = stages(search.stream('newer'))
  await settle()
  answer('older')
  answer('newer')
  expect(await older).toEqual(['lexical'])
  expect(await newer).toEqual(['lexical', 'fused'])
})

test('a late answer of an engine that cannot stop is dropped', async () => {
  const { engine, answer } = puppet()
  const search = searchOver(engine)
  const stream = stages(search.stream('deaf stream'))
  await settle()
  const query = failure(search.query('deaf query'))
  await settle()
  const newest = stages(search.stream('newest'))
  await settle()
  for (const text of ['deaf stream', 'deaf query', 'newest']) answer(text)
  expect(await stream).toEqual(['lexical'])
  expect(isLateenError(await query, 'aborted')).toBe(true)
  expect(await newest).toEqual(['lexical', 'fused'])
})

test('a stream that was overtaken before its loop began gives nothing', async () => {
  const { engine, answer } = puppet()
  const search = searchOver(engine)
  const older = search.stream('older')
  const newer = search.query('newer')
  await settle()
  answer('newer')
  await newer
  expect(await stages(older)).toEqual([])
})

test('a newer query makes the older one fail with aborted, and says why', async () => {
  const { engine, answer } = puppet()
  const search = searchOver(engine)
  const older = failure(search.query('older'))
  await settle()
  const newer = search.query('newer')
  await settle()
  answer('newer')
  expect(await older).toMatchObject({ code: 'aborted', message: expect.stringContaining('newer query') })
  expect((await newer).hits[0]!.id).toBe('newer')
})

test('queries that are not exclusive neither end others nor are ended', async () => {
  const { engine, answer } = puppet()
  const search = searchOver(engine)
  const exclusive = stages(search.stream('exclusive'))
  await settle()
  const free = search.query('free', { exclusive: false })
  await settle()
  const newest = stages(search.stream('newest'))
  await settle()
  for (const text of ['exclusive', 'free', 'newest']) answer(text)
  expect(await exclusive).toEqual(['lexical'])
  expect((await free).final).toBe(true)
  expect(await newest).toEqual(['lexical', 'fused'])
})

test("the caller's own signal makes a stream fail, before and in the middle", async () => {
  const search = searchOver(puppet().engine)
  const controller = new AbortController()
  const running = failure(stages(search.stream('x', { signal: controller.signal })))
  await settle()
  controller.abort()
  expect(isLateenError(await running, 'aborted')).toBe(true)
})

test('a failing query that was not overtaken fails with its own error', async () => {
  const { engine } = puppet()
  const broken: AsyncEngine = {
    ...engine,
    query: async () => {
      throw new LateenError('segment-corrupt', 'Broken.')
    },
  }
  expect(isLateenError(await failure(searchOver(broken).query('x')), 'segment-corrupt')).toBe(true)
})

test('a hit explains itself against the query that found it', async () => {
  const { engine, answer, asked } = puppet()
  const search = searchOver(engine)
  const query = search.query('mine')
  await settle()
  answer('mine')
  const [hit] = (await query).hits
  search.stream('another')
  await hit!.explain()
  await hit!.data()
  expect(asked).toEqual([
    ['explain', 'mine', { id: 'mine', passage: 2 }, undefined],
    ['detail', { id: 'mine', passage: 2 }],
  ])
})

test('a reader who does not answer whether storage may persist holds nothing up', async () => {
  const engine = { keepOffline: async () => 7 } as Partial<AsyncEngine> as AsyncEngine
  expect(await searchOver(engine, () => new Promise(() => {})).keepOffline()).toEqual({
    persisted: false,
    bytes: 7,
  })
  expect(await searchOver(engine, async () => true).keepOffline()).toEqual({ persisted: true, bytes: 7 })
})
