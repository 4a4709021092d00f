import { deleteDB } from 'idb'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import {
  type CreateSearchOptions,
  createSearch,
  isLateenError,
  maxSim,
  type Progress,
  rank,
  type Search,
} from '../index.ts'
import { startSearchWorker } from './worker.ts'

const DOCUMENTS = [
  {
    id: 'fetch',
    title: 'Stopping a transfer',
    text: 'A running download is ended by an AbortController: hand its signal over, then call abort.',
    url: '/fetch',
    metadata: { topic: 'network' },
  },
  {
    id: 'bread',
    title: 'Sourdough',
    text: 'Knead flour, water and salt. Let the dough rise over night before it goes into the oven.',
    url: '/bread',
    metadata: { topic: 'kitchen' },
  },
  {
    id: 'moon',
    title: 'Tides',
    text: 'The sea rises and falls twice a day because the moon pulls at the water.',
    url: '/moon',
    metadata: { topic: 'sky' },
  },
]

/** Shares no word with the document it means. */
const PARAPHRASE = 'cancel downloading'

const open = new Set<Search>()
afterEach(async () => {
  await Promise.all([...open].map((search) => search.close()))
  open.clear()
})

async function search(options: CreateSearchOptions = {}): Promise<Search> {
  const created = await createSearch({
    model: '/models/lateen-mini/',
    prefer: 'wasm',
    persist: false,
    ...options,
  })
  open.add(created)
  return created
}

/** A database name of its own, gone after the test. */
function databaseName(): string {
  const name = `test ${crypto.randomUUID()}`
  onTestFinished(async () => {
    await Promise.all([...open].map((one) => one.close()))
    await deleteDB(`lateen:${name}`)
  })
  return name
}

const idsOf = ({ hits }: { hits: readonly { id: string }[] }) => hits.map(({ id }) => id)

function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail('expected a rejection'),
    (error: unknown) => error,
  )
}

test('documents added in the browser are found by their words and by their meaning, and hits explain themselves', async () => {
  const progress: Progress[] = []
  const site = await search({ onProgress: (event) => progress.push(event) })
  const added: Progress[] = []
  const summary = await site.add(DOCUMENTS, { onProgress: (event) => added.push(event) })
  expect(summary).toMatchObject({ documents: 3, passages: 3, skipped: [] })
  expect(progress.some(({ job }) => job === 'model')).toBe(true)
  expect(added.at(-1)).toMatchObject({ job: 'indexing', done: 3, total: 3 })

  const stages: string[] = []
  for await (const list of site.stream('AbortController')) {
    stages.push(list.stage)
    expect(list.hits[0]!.id).toBe('fetch')
  }
  expect(stages).toEqual(['lexical', 'fused'])

  const { hits } = await site.query(PARAPHRASE, { mode: 'semantic' })
  expect(hits[0]!.id).toBe('fetch')
  const explanation = await hits[0]!.explain()
  expect(explanation.queryTokens.map(({ token }) => token)).toContain('cancel')
  expect(explanation.queryTokens.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 4)
  expect(await hits[0]!.data()).toMatchObject({
    documentId: 'fetch',
    title: 'Stopping a transfer',
    passages: 1,
  })

  const filtered = await site.query('water', { filters: { topic: 'kitchen' } })
  expect(idsOf(filtered)).toEqual(['bread'])
  expect(await site.info()).toMatchObject({
    documents: 3,
    storage: 'memory',
    scorer: 'wasm',
    model: { state: 'ready', backend: 'wasm', selfTest: { passed: true } },
    fallbacks: [],
  })
})

test('update replaces, remove removes, and both refuse what cannot be meant', async () => {
  const site = await search()
  await site.add(DOCUMENTS)
  const duplicate = await failure(site.add([DOCUMENTS[0]!]))
  expect(isLateenError(duplicate, 'duplicate-id')).toBe(true)
  await site.update([{ ...DOCUMENTS[1]!, text: 'Zwetschgendatschi is a cake with plums.' }])
  expect(idsOf(await site.query('zwetschgendatschi', { mode: 'lexical' }))).toEqual(['bread'])
  expect(idsOf(await site.query('knead', { mode: 'lexical' }))).toEqual([])
  await site.remove(['bread'])
  expect(idsOf(await site.query('plums', { mode: 'lexical' }))).toEqual([])
  expect(isLateenError(await failure(site.remove(['bread'])), 'document-not-found')).toBe(true)
  expect((await site.info()).documents).toBe(2)
})

test('what was added is there after a reload, with the same ids and scores', async () => {
  const name = databaseName()
  const first = await search({ persist: true, name })
  await first.add(DOCUMENTS)
  const query = 'how to stop a download'
  const before = await first.query(query)
  await first.close()
  const second = await search({ persist: true, name })
  const after = await second.query(query)
  expect(after.hits.map(({ id, score }) => [id, score])).toEqual(
    before.hits.map(({ id, score }) => [id, score]),
  )
  expect((await second.info()).storage).toBe('indexeddb')
})

test('a second search of the same name sees what the first one adds, and tells', async () => {
  const name = databaseName()
  const onChange = vi.fn()
  const first = await search({ persist: true, name })
  const second = await search({ persist: true, name, onChange })
  await first.add(DOCUMENTS)
  await vi.waitFor(() => expect(onChange).toHaveBeenCalled())
  expect(idsOf(await second.query('sourdough', { mode: 'lexical' }))).toEqual(['bread'])
})

test('a worker killed while it searches costs nothing that was stored', async () => {
  const name = databaseName()
  const workers: Worker[] = []
  const site = await search({
    persist: true,
    name,
    worker() {
      workers.push(startSearchWorker())
      return workers.at(-1)!
    },
  })
  await site.add(DOCUMENTS)
  const pending = failure(site.query('tides', { mode: 'semantic' }))
  workers[0]!.terminate()
  expect(isLateenError(await pending, 'worker-failed')).toBe(true)
  expect((await site.query(PARAPHRASE)).hits[0]!.id).toBe('fetch')
})

test('starting the worker leaves the page its own Worker', () => {
  const { Worker } = globalThis
  const worker = startSearchWorker()
  worker.terminate()
  expect(worker).toBeInstanceOf(Worker)
  expect(globalThis.Worker).toBe(Worker)
})

test('without a worker the same search runs in the page, and says so', async () => {
  const site = await search({ handshakeMs: 0 })
  await site.add(DOCUMENTS)
  expect((await site.query(PARAPHRASE, { mode: 'semantic' })).hits[0]!.id).toBe('fetch')
  expect((await site.info()).fallbacks).toMatchObject([{ from: 'worker', code: 'worker-failed' }])
})

test('texts can be reranked without an index', async () => {
  const site = await search()
  const hits = await site.rerank('tides of the sea', DOCUMENTS, { limit: 2 })
  expect(hits).toHaveLength(2)
  expect(hits[0]).toMatchObject({ index: 2, id: 'moon' })
  const words = hits[0]!.spans.map(({ start, end }) => DOCUMENTS[2]!.text.slice(start, end))
  expect(words).toContain('sea')
})

test('vectors that the page keeps rank texts as the search itself does', async () => {
  const site = await search()
  const texts = DOCUMENTS.map(({ text }) => text)
  const [query] = await site.encode([PARAPHRASE], { kind: 'query' })
  const kept = await site.encode(texts, { kind: 'document' })
  const matrices = kept.map(({ matrix }) => matrix)
  const hits = await site.rerank(PARAPHRASE, texts)
  expect(rank(query!.matrix, matrices)).toEqual(
    hits.map(({ index, score }) => ({ index, score: expect.closeTo(score, 5) })),
  )
  expect(maxSim(query!.matrix, matrices[0]!)).toBeCloseTo(hits.find(({ index }) => index === 0)!.score, 5)
  const [halved] = await site.encode([texts[0]!], { kind: 'document', poolFactor: 2 })
  expect(halved!.matrix.numTokens).toBeLessThan(0.6 * matrices[0]!.numTokens)
  // The worker remembers queries, and what it gave away must not be among them.
  expect(await site.encode([PARAPHRASE], { kind: 'query' })).toEqual([query])
  const refused = await failure(site.encode(texts, {} as never))
  expect(isLateenError(refused, 'bad-argument')).toBe(true)
})

test('a model without a codec of its own is searched in memory, as exactly as it reranks', async () => {
  const site = await search({ model: '/fixtures/tiny-model/' })
  // Short enough for a model that reads few tokens: each is one passage.
  const documents = ['a cat', 'the dog', 'red fish'].map((text, i) => ({ id: `d${i}`, text }))
  for (const document of documents) await site.add([document])
  const query = 'cat'
  const { hits } = await site.query(query, { mode: 'semantic' })
  expect(await site.info()).toMatchObject({ codec: 'f32 32 bit', storage: 'memory' })
  const reranked = await site.rerank(query, documents)
  expect(hits.length).toBeGreaterThan(0)
  for (const { id, score } of hits) {
    expect(Math.abs(score - reranked.find((hit) => hit.id === id)!.score)).toBeLessThan(1e-4)
  }
})

test('a model that is not there leaves the keyword leg, and the answer says why', async () => {
  const name = databaseName()
  await (await search({ persist: true, name })).add(DOCUMENTS)
  const site = await search({ persist: true, name, model: '/models/none/' })
  const list = await site.query('sourdough')
  expect(idsOf(list)).toEqual(['bread'])
  expect(list.degraded?.code).toBe('model-missing-file')
})

test('an index that is not there is an error', async () => {
  expect(isLateenError(await failure(search({ index: '/models/lateen-mini/' })), 'index-not-found')).toBe(
    true,
  )
})

test('filters are counted in the worker, and nothing but the keys of documents is in the answer', async () => {
  const site = await search()
  await site.add(DOCUMENTS)
  const counts = await site.filters()
  expect(Object.keys(counts)).toEqual(['topic'])
  expect({ ...counts['topic'] }).toEqual({ network: 1, kitchen: 1, sky: 1 })
  expect('constructor' in counts || 'constructor' in counts['topic']!).toBe(false)
})

test('storage is asked to persist when offline use is wanted, and never before', async () => {
  const persist = vi.spyOn(navigator.storage, 'persist').mockResolvedValue(true)
  onTestFinished(() => persist.mockRestore())
  const site = await search({ persist: true, name: databaseName() })
  await site.add(DOCUMENTS)
  await site.query(PARAPHRASE)
  expect(persist).not.toHaveBeenCalled()
  const { persisted, bytes } = await site.keepOffline()
  expect(persist).toHaveBeenCalledTimes(1)
  expect(persisted).toBe(true)
  const { indexBytes, model } = await site.info()
  expect(bytes).toBe(indexBytes + model.bytes)
})
