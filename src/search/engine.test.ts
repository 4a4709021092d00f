import { afterEach, expect, test, vi } from 'vitest'
import { writeIndex } from '../build/write-index.ts'
import { type ErrorCode, LateenError } from '../errors.ts'
import { nodeBackend } from '../node.ts'
import { memoryStore } from '../store/memory.ts'
import type { IndexStore } from '../store/store.ts'
import type { DocumentInput, HitList } from '../types.ts'
import { once } from '../util/once.ts'
import { seededRandom } from '../util/random.ts'
import type { Backend, OpenBackend } from './backend.ts'
import { createEngine, DEFAULT_INDEX, type Engine } from './engine.ts'

const DOCUMENTS: readonly DocumentInput[] = [
  {
    id: 'tides',
    title: 'Tides',
    text: 'The moon pulls the water of the oceans, so the sea level rises and falls twice a day.',
    metadata: { topic: 'sea', level: 1 },
  },
  {
    id: 'bread',
    title: 'Bread',
    format: 'markdown',
    text: '# Bread\n\nFlour and yeast.\n\n## Baking\n\nPut the dough into a hot oven for forty minutes.\n\n## Storing\n\nKeep the loaf in a paper bag.',
    metadata: { topic: 'kitchen', level: 1 },
  },
  {
    id: 'fetch',
    title: 'Fetch',
    text: 'Call AbortController.abort() to cancel a request that is still running.',
    metadata: { topic: 'web', level: 2, tags: ['api', 'network'] },
  },
]

const open: Engine[] = []
const realBackend = nodeBackend()
// The model is loaded once for all tests of this file; engines must not dispose what they share.
let shared: Promise<Backend> | undefined
const sharedBackend: OpenBackend = async () => {
  shared ??= realBackend(0)
  return { ...(await shared), dispose: async () => undefined }
}

async function engine(store: IndexStore = memoryStore(), openBackend = sharedBackend): Promise<Engine> {
  const made = await createEngine({ store, openBackend })
  open.push(made)
  return made
}

async function filled(store?: IndexStore): Promise<Engine> {
  const made = await engine(store)
  await made.add(DOCUMENTS)
  return made
}

afterEach(async () => {
  for (const made of open.splice(0)) await made.close()
})

const code = (expected: string) => expect.objectContaining({ code: expected })

async function collect(lists: AsyncIterable<HitList>): Promise<HitList[]> {
  const collected: HitList[] = []
  for await (const list of lists) collected.push(list)
  return collected
}

test('a stream answers by keywords first, then by both, and says when it is done', async () => {
  const lists = await collect((await filled()).stream('cancel a running request'))
  expect(lists.map(({ stage, final }) => [stage, final])).toEqual([
    ['lexical', false],
    ['fused', true],
  ])
  expect(lists.every(({ hits }) => hits[0]?.id === 'fetch')).toBe(true)
  expect(lists[1]!.hits[0]!.legs).toEqual(['lexical', 'semantic'])
  expect(lists[1]!.timings.encodeMs).toBeGreaterThan(0)
})

test('meaning finds what no keyword finds', async () => {
  const search = await filled()
  const question = 'tidal gravity'
  expect((await search.query(question, { mode: 'lexical' })).hits).toEqual([])
  expect((await search.query(question)).hits[0]).toMatchObject({ id: 'tides', legs: ['semantic'] })
})

test('a question without an answer has no hits', async () => {
  expect((await (await filled()).query('xqzj wvv kkq')).hits).toEqual([])
})

test('a hit is the best passage of its document, with the URL of its heading', async () => {
  const search = await engine()
  await search.add([{ ...DOCUMENTS[1]!, url: '/bread' }])
  const { hits } = await search.query('how long does the dough stay in the oven')
  expect(hits).toHaveLength(1)
  expect(hits[0]).toMatchObject({ id: 'bread', url: '/bread#baking', headings: ['Baking'], title: 'Bread' })
  expect(hits[0]!.excerpt.some((part) => part.marked && /dough|oven/.test(part.text))).toBe(true)
})

test('filters hold for both legs', async () => {
  const search = await filled()
  for (const mode of ['lexical', 'semantic', 'hybrid'] as const) {
    const { hits } = await search.query('the water oven request', { mode, filters: { topic: 'kitchen' } })
    expect(hits.map(({ id }) => id)).toEqual(['bread'])
  }
  const { hits } = await search.query('request', { filters: { tags: 'api', level: { not: [1] } } })
  expect(hits.map(({ id }) => id)).toEqual(['fetch'])
})

test('an empty query has no hits, and wild ones do no harm', async () => {
  const search = await filled()
  expect(await search.query('   ')).toMatchObject({ hits: [], final: true })
  for (const text of [
    '\uD800',
    'שלום עולם',
    '🙂🙃',
    '海の水',
    'x'.repeat(10_000),
    'constructor __proto__',
    '"((',
  ]) {
    const { hits } = await search.query(text)
    expect(hits.length).toBeLessThanOrEqual(3)
  }
})

test.each([
  [{ limit: 0 }],
  [{ limit: 1.5 }],
  [{ limit: 1001 }],
  [{ mode: 'best' as never }],
  [{ filters: { a: null as never } }],
  [{ fuzzy: true } as never],
])('refuses the options %j', async (options) => {
  await expect((await filled()).query('x', options)).rejects.toEqual(code('bad-argument'))
})

test('ids are stable over a reload, an update and a removal', async () => {
  const store = memoryStore()
  const search = await filled(store)
  await search.update([{ ...DOCUMENTS[0]!, text: 'Spring tides are the highest.' }])
  await search.remove(['fetch'])
  const reopened = await createEngine({ store, openBackend: sharedBackend })
  open.push(reopened)
  expect(reopened.info()).toMatchObject({ documents: 2, passages: 4 })
  expect((await reopened.query('highest spring tides')).hits[0]).toMatchObject({ id: 'tides' })
  expect((await reopened.query('abort controller', { mode: 'lexical' })).hits).toEqual([])
  await expect(reopened.detail({ id: 'fetch', passage: 0 })).rejects.toEqual(code('document-not-found'))
  expect((await reopened.detail({ id: 'bread', passage: 2 })).text).toBe('Keep the loaf in a paper bag.')
})

test('a refused change changes nothing', async () => {
  const search = await filled()
  await expect(search.add([{ id: 'new', text: 'x' }, DOCUMENTS[0]!])).rejects.toEqual(code('duplicate-id'))
  await expect(
    search.add([
      { id: 'a', text: 'x' },
      { id: 'a', text: 'y' },
    ]),
  ).rejects.toEqual(code('duplicate-id'))
  await expect(search.remove(['tides', 'nowhere'])).rejects.toEqual(code('document-not-found'))
  await expect(search.add([{ id: '', text: 'x' }])).rejects.toEqual(code('bad-argument'))
  await expect(search.add([{ id: 'x', text: 7 as never }])).rejects.toEqual(code('bad-argument'))
  expect(search.info()).toMatchObject({ documents: 3, segments: 1 })
})

test('what cannot be indexed is skipped with a reason, the rest is kept', async () => {
  const search = await engine()
  const summary = await search.add([
    { id: 'empty', text: '  ' },
    { id: 'binary', text: 'a\0b' },
    { id: 'good', text: 'Some words.' },
  ])
  expect(summary).toMatchObject({ documents: 1, passages: 1 })
  expect(summary.skipped.map(({ id }) => id)).toEqual(['empty', 'binary'])
})

test('an update of what has not changed encodes nothing', async () => {
  const search = await filled()
  const summary = await search.update(DOCUMENTS)
  expect(summary).toMatchObject({ documents: 0, passages: 0 })
  expect(search.info().segments).toBe(1)
})

test('many small additions are merged, and everything is still found', async () => {
  const search = await filled()
  for (let i = 0; i < 10; i++)
    await search.add([{ id: `n${i}`, text: `Note number ${i} about zebra${i} crossings.` }])
  await search.remove(['n3'])
  const { segments, documents } = search.info()
  expect(segments).toBeLessThanOrEqual(8)
  expect(documents).toBe(12)
  expect((await search.query('zebra7')).hits[0]?.id).toBe('n7')
  expect((await search.query('zebra3', { mode: 'lexical' })).hits.map(({ id }) => id)).not.toContain('n3')
  expect((await search.query('the moon and the sea', { mode: 'semantic' })).hits[0]?.id).toBe('tides')
})

test('two engines on one store: the slower one repeats its change on what the faster one left', async () => {
  const store = memoryStore()
  const first = await filled(store)
  const second = await createEngine({ store, openBackend: sharedBackend })
  open.push(second)
  await first.add([{ id: 'one', text: 'First engine was here.' }])
  await second.add([{ id: 'two', text: 'Second engine was here.' }])
  expect(second.info().documents).toBe(5)
  await first.refresh()
  expect((await first.query('second engine')).hits[0]?.id).toBe('two')
  await second.add([{ id: 'three', text: 'x' }])
  await expect(first.add([{ id: 'three', text: 'y' }])).rejects.toEqual(code('duplicate-id'))
})

test('an explanation adds up to the score and points at the words', async () => {
  const search = await filled()
  const query = 'cancel a running request'
  const { hits } = await search.query(query, { mode: 'semantic' })
  const explanation = await search.explain(query, { id: hits[0]!.id, passage: hits[0]!.passage })
  const sum = explanation.queryTokens.reduce((total, token) => total + token.similarity, 0)
  expect(explanation.score).toBeCloseTo(sum, 6)
  expect(Math.abs(explanation.score - hits[0]!.score)).toBeLessThan(0.1)
  expect(explanation.queryTokens.reduce((total, token) => total + token.share, 0)).toBeCloseTo(1, 6)
  const cancel = explanation.queryTokens.find(({ token }) => token === 'cancel')!
  expect(query.slice(cancel.span!.start, cancel.span!.end)).toBe('cancel')
  const words = cancel.matches.flatMap(({ field, span }) =>
    field === 'text' && span ? [explanation.text.slice(span.start, span.end)] : [],
  )
  expect(words.join(' ')).toMatch(/cancel|abort/i)
  for (const token of explanation.tokens)
    expect(token.similarities).toHaveLength(explanation.queryTokens.length)
})

test('rerank needs no index', async () => {
  const search = await engine()
  const ranked = await search.rerank(
    'rising sea level',
    ['A recipe for bread.', 'The tide makes the sea rise.', ''],
    { limit: 2 },
  )
  expect(ranked[0]).toMatchObject({ index: 1, id: '1' })
  expect(ranked[0]!.spans.length).toBeGreaterThan(0)
  expect(ranked).toHaveLength(2)
})

test('encode and rerank survive a lost GPU', async () => {
  let losses = 0
  const search = await engine(memoryStore(), async (gpuLosses) => {
    losses = gpuLosses
    const backend = await sharedBackend(0)
    const lost = async () => {
      throw new LateenError('gpu-lost', 'The device was lost.')
    }
    const encoder = gpuLosses === 0 ? { ...backend.encoder, encodeDocuments: lost } : backend.encoder
    return { ...backend, encoder }
  })
  const [encoded] = await search.encode(['The sea rises.'], { kind: 'document' })
  expect(losses).toBe(1)
  expect(encoded!.tokens).toContain('sea')
  expect(await search.rerank('sea', ['The sea rises.'])).toHaveLength(1)
  expect(search.info().fallbacks).toEqual([expect.objectContaining({ code: 'gpu-lost' })])
})

test('without a model keywords still answer, and the answer says what is missing', async () => {
  const store = memoryStore()
  await filled(store)
  const failing = await engine(store, async () => {
    throw new LateenError('network', 'The model cannot be reached.')
  })
  const lists = await collect(failing.stream('water of the oceans'))
  expect(lists.at(-1)).toMatchObject({ final: true, stage: 'lexical', degraded: { code: 'network' } })
  expect(lists.at(-1)!.hits[0]?.id).toBe('tides')
  await expect(failing.query('x', { mode: 'semantic' })).rejects.toEqual(code('network'))
  expect(failing.info().model).toMatchObject({ state: 'failed', error: { code: 'network' } })
})

test('a model that failed once is tried again', async () => {
  let tries = 0
  const search = await engine(memoryStore(), (losses) => {
    if (++tries === 1) throw new LateenError('network', 'Offline.')
    return sharedBackend(losses)
  })
  await expect(search.prepare()).rejects.toEqual(code('network'))
  await search.prepare()
  expect(search.info().model.state).toBe('ready')
})

test('a GPU lost in mid-search: a new device once, then without it, and the query still answers', async () => {
  const store = memoryStore()
  await filled(store)
  const losses: number[] = []
  const search = await engine(store, async (gpuLosses) => {
    losses.push(gpuLosses)
    const backend = await sharedBackend(gpuLosses)
    if (gpuLosses === 2) return backend
    const lost = async () => {
      throw new LateenError('gpu-lost', 'The device was lost.')
    }
    return { ...backend, scorer: { ...backend.scorer, score: lost } }
  })
  const { hits } = await search.query('the sea rises', { mode: 'semantic' })
  expect(hits[0]?.id).toBe('tides')
  expect(losses).toEqual([0, 1, 2])
  expect(search.info().fallbacks.map((fallback) => fallback.code)).toEqual(['gpu-lost', 'gpu-lost'])
})

test('an index of another model is refused for meaning, and keywords go on', async () => {
  const store = memoryStore()
  await filled(store)
  const search = await engine(store, async (losses) => {
    const backend = await sharedBackend(losses)
    return {
      ...backend,
      encoder: { ...backend.encoder, spec: { ...backend.encoder.spec, fingerprint: 'f'.repeat(64) } },
    }
  })
  const list = await search.query('oven')
  expect(list.degraded?.code).toBe('index-model-mismatch')
  expect(list.hits[0]?.id).toBe('bread')
})

test('an aborted query rejects, an aborted addition stores nothing', async () => {
  const search = await filled()
  const controller = new AbortController()
  controller.abort()
  await expect(search.query('sea', { signal: controller.signal })).rejects.toEqual(code('aborted'))
  const late = new AbortController()
  const adding = search.add(
    Array.from({ length: 50 }, (_, i) => ({ id: `d${i}`, text: `Document number ${i} says something.` })),
    { signal: late.signal, onProgress: ({ done }) => done > 3 && late.abort() },
  )
  await expect(adding).rejects.toEqual(code('aborted'))
  expect(search.info().documents).toBe(3)
})

test('progress of an addition counts passages up to their total', async () => {
  const search = await engine()
  const seen: number[] = []
  let total: number | undefined
  await search.add(DOCUMENTS, {
    onProgress(progress) {
      seen.push(progress.done)
      total = progress.total
    },
  })
  expect(total).toBe(5)
  expect(seen.at(-1)).toBe(5)
  expect([...seen].sort((a, b) => a - b)).toEqual(seen)
})

test('nothing works after close()', async () => {
  const search = await filled()
  await search.close()
  await expect(search.query('x')).rejects.toEqual(code('closed'))
  expect(() => search.add([])).toThrow(code('closed'))
})

const MANUAL: DocumentInput = {
  id: 'manual',
  title: 'Oven manual',
  format: 'markdown',
  url: '/manual',
  metadata: { topic: 'kitchen' },
  text: [
    '# Oven manual',
    'How to use the oven.',
    '## Cleaning',
    'Clean the oven door with a wet cloth. Never clean a hot oven.',
    '### Door',
    'Lift the oven door out of its hinges to clean behind it.',
    '## Warranty',
    'The warranty ends after two years.',
    '## Baking',
    'Heat the oven before baking.',
  ].join('\n\n'),
}

test('a hit names the other sections of its document that answer, each once, best first', async () => {
  const search = await engine()
  await search.add([MANUAL, ...DOCUMENTS])
  for await (const { stage, hits } of search.stream('clean the oven door')) {
    const hit = hits.find(({ id }) => id === 'manual')!
    const { sections } = hit
    expect(sections.length, stage).toBeGreaterThan(0)
    expect(sections.length).toBeLessThanOrEqual(3)
    const urls = [hit, ...sections].map(({ url }) => url)
    expect(new Set(urls).size).toBe(urls.length)
    expect(urls).toContain('/manual#door')
    const scores = [hit, ...sections].map(({ score }) => score)
    expect([...scores].sort((a, b) => b - a)).toEqual(scores)
    expect(sections[0]!.excerpt.some(({ marked }) => marked)).toBe(true)
  }
  const { hits } = await search.query('abort controller', { mode: 'lexical' })
  expect(hits[0]!.sections).toEqual([])
})

test('filters are counted over the documents that are there', async () => {
  const search = await filled()
  await search.remove(['tides'])
  await search.update([{ ...DOCUMENTS[1]!, metadata: { topic: 'kitchen', tags: ['api'] } }])
  const counts = await search.filters()
  expect(Object.entries(counts).map(([key, values]) => [key, { ...values }])).toEqual([
    ['topic', { web: 1, kitchen: 1 }],
    ['level', { 2: 1 }],
    ['tags', { api: 2, network: 1 }],
  ])
})

/** An index whose text takes several blocks; the manual is in the last one. */
const written = once(async () => {
  const store = memoryStore()
  const random = seededRandom(5)
  const word = () => Array.from({ length: 7 }, () => 'bcdfgaeiou'[Math.floor(random() * 10)]).join('')
  const fillers = Array.from({ length: 12 }, (_, i) => ({
    id: `filler-${i}`,
    text: Array.from({ length: 150 }, word).join(' '),
  }))
  const documents = [...DOCUMENTS, ...fillers, MANUAL]
  await writeIndex({ store, documents, backend: await sharedBackend(0), ...DEFAULT_INDEX })
  return store
})

/** The store of that index, of whose files some cannot be read any more. */
async function broken(
  isLost: (file: string, offset: number) => boolean,
  reason: ErrorCode,
): Promise<IndexStore> {
  const store = await written()
  return {
    ...store,
    close: async () => undefined,
    async open(file, signal) {
      const source = await store.open(file, signal)
      return {
        byteLength: source.byteLength,
        async read(offset, length, abort) {
          if (isLost(file.file, offset)) throw new LateenError(reason, 'It cannot be read.')
          return source.read(offset, length, abort)
        },
      }
    },
  }
}

test.each(['network', 'segment-missing', 'segment-corrupt'] as const)(
  'a hit whose text cannot be read (%s) is left out, and the list says so',
  async (reason) => {
    const offsets = new Set<number>()
    const whole = await engine(
      await broken((file, offset) => {
        if (file.endsWith('.text')) offsets.add(offset)
        return false
      }, reason),
    )
    const { hits: all, degraded: none } = await whole.query('oven', { mode: 'lexical' })
    expect(all.map(({ id }) => id).sort()).toEqual(['bread', 'manual'])
    expect(none).toBeUndefined()

    const last = Math.max(...offsets)
    const search = await engine(
      await broken((file, offset) => file.endsWith('.text') && offset === last, reason),
    )
    const lists = await collect(search.stream('oven'))
    expect(lists).toHaveLength(2)
    for (const { hits, degraded } of lists) {
      expect(hits.map(({ id }) => id)).toContain('bread')
      expect(hits.map(({ id }) => id)).not.toContain('manual')
      expect(degraded?.code).toBe(reason)
      expect(degraded?.message).toMatch(/^\d+ of \d+ hits (is|are) left out/)
    }
  },
)

test('without the vectors of the index keywords answer, and the answer says what is missing', async () => {
  const search = await engine(await broken((file) => file.endsWith('.vectors'), 'segment-missing'))
  const lists = await collect(search.stream('cancel a running request'))
  expect(lists.map(({ stage, final }) => [stage, final])).toEqual([
    ['lexical', false],
    ['lexical', true],
  ])
  expect(lists[1]!.degraded?.code).toBe('segment-missing')
  expect(lists[1]!.hits[0]?.id).toBe('fetch')
})

test('without the keywords of the index meaning answers, and the answer says what is missing', async () => {
  let online = true
  const search = await engine(await broken((file) => file.endsWith('.lexical') && !online, 'network'))
  online = false
  const lists = await collect(search.stream('tidal gravity of the moon'))
  expect(lists.map(({ stage, final }) => [stage, final])).toEqual([['semantic', true]])
  expect(lists[0]!.hits[0]?.id).toBe('tides')
  expect(lists[0]!.degraded?.code).toBe('network')
  await expect(search.query('tidal gravity', { mode: 'lexical' })).rejects.toEqual(code('network'))
})

test('one answer reads the vectors of a passage once', async () => {
  const reads: string[] = []
  const search = await engine(
    await broken((file, offset) => {
      if (file.endsWith('.vectors')) reads.push(`${offset}`)
      return false
    }, 'network'),
  )
  await search.prepare()
  reads.length = 0
  const { hits } = await search.query('cancel a running request in the oven', { mode: 'semantic' })
  expect(hits.length).toBeGreaterThan(3)
  expect(reads.length).toBeGreaterThan(0)
  expect(new Set(reads).size).toBe(reads.length)
})

test('what lives in memory cannot be kept offline', async () => {
  await expect((await filled()).keepOffline()).rejects.toEqual(code('storage-unavailable'))
})

test('keeping offline brings every file and the model, and tells how far it is', async () => {
  const store = memoryStore()
  await filled(store)
  const stages: string[] = []
  const search = await engine({
    ...store,
    kind: 'indexeddb',
    keepAll: async (_signal, onBytes) => onBytes?.(10, 20),
  })
  const bytes = await search.keepOffline({
    onProgress: ({ job, done, total }) => stages.push(`${job} ${done}/${total}`),
  })
  expect(stages[0]).toBe('index 10/20')
  const { indexBytes, model } = search.info()
  expect(model.state).toBe('ready')
  expect(bytes).toBe(indexBytes + model.bytes)
})

test('keeping offline fails when the model cannot be kept', async () => {
  const store = memoryStore()
  await filled(store)
  const search = await engine(
    { ...store, kind: 'indexeddb', keepAll: async () => undefined },
    async (losses) => ({
      ...(await sharedBackend(losses)),
      fallbacks: [{ from: 'cache', code: 'storage-full', message: 'No room.' }],
    }),
  )
  await expect(search.keepOffline()).rejects.toEqual(code('storage-full'))
})

test('a small index that is in use is brought here as a whole, a large one or one that is only looked at is not', async () => {
  const base = await broken(() => false, 'network')
  const engines = await Promise.all(
    [8_000_000, 1_000, 8_000_000].map(async (prefetchBytes) => {
      const keepAll = vi.fn(async () => undefined)
      const made = await createEngine({
        store: { ...base, keepAll },
        openBackend: sharedBackend,
        prefetchBytes,
      })
      open.push(made)
      return { made, keepAll }
    }),
  )
  const [used, large, idle] = engines as [(typeof engines)[0], (typeof engines)[0], (typeof engines)[0]]
  await used.made.query('oven')
  await large.made.query('oven')
  await idle.made.query('oven', { mode: 'lexical' })
  await vi.waitFor(() => expect(used.keepAll).toHaveBeenCalledTimes(1), 5_000)
  expect(large.keepAll).not.toHaveBeenCalled()
  expect(idle.keepAll).not.toHaveBeenCalled()
})
