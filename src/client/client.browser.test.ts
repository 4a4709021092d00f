import { afterEach, expect, test, vi } from 'vitest'
import { isLateenError } from '../errors.ts'
import type { Progress } from '../types.ts'
import { type Client, type ClientOptions, createClient } from './client.ts'
import { fakeEngine } from './fake-engine.web.ts'
import { searchOver } from './search.ts'

const HOST = { name: 'fake', model: '', prefer: 'auto', persist: true } as const
const open = new Set<Client>()
const workers: Worker[] = []

afterEach(async () => {
  await Promise.all([...open].map((client) => client.close()))
  open.clear()
  workers.length = 0
})

function fakeWorker(): Worker {
  return new Worker(new URL('./fake-worker.web.ts', import.meta.url), { type: 'module' })
}

/** A worker that runs this script and nothing else. */
function scriptWorker(script: string): Worker {
  return new Worker(URL.createObjectURL(new Blob([script], { type: 'text/javascript' })), { type: 'module' })
}

function client(startWorker: () => Worker = fakeWorker, options: Partial<ClientOptions> = {}): Client {
  const created = createClient({
    host: HOST,
    startWorker() {
      const worker = startWorker()
      workers.push(worker)
      return worker
    },
    openInPage: async (host) => fakeEngine({ ...host, name: 'page' }),
    handshakeMs: 10_000,
    ...options,
  })
  open.add(created)
  return created
}

/** What a promise rejected with. */
function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail('expected a rejection'),
    (error: unknown) => error,
  )
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const result: T[] = []
  for await (const item of items) result.push(item)
  return result
}

test('every call of the engine passes through the worker', async () => {
  const engine = client()
  const document = { id: 'a', text: 'b' }
  expect((await engine.info()).codec).toBe('fake')
  expect((await all(engine.stream('x'))).map(({ stage }) => stage)).toEqual(['lexical', 'fused'])
  expect((await engine.query('x')).hits[0]!.id).toBe('x')
  expect((await engine.explain('x', { id: 'a', passage: 3 })).passage).toBe(3)
  expect((await engine.detail({ id: 'a', passage: 3 })).ordinal).toBe(3)
  expect((await engine.add([document])).documents).toBe(1)
  expect((await engine.remove(['a', 'b'])).documents).toBe(2)
  expect(await engine.rerank('x', ['one', 'two'])).toHaveLength(2)
  const [encoded] = await engine.encode(['AB'], { kind: 'query' })
  expect(encoded).toEqual({
    matrix: { data: Float32Array.of(65, 66), numTokens: 2, dim: 1 },
    tokens: ['A', 'B'],
    spans: [
      { start: 0, end: 1 },
      { start: 1, end: 2 },
    ],
    rows: Uint32Array.of(0, 1),
  })
  await engine.prepare()
})

test('errors keep their code and message, and the text of their cause', async () => {
  const error = await failure(client().query('fail'))
  expect(isLateenError(error, 'segment-corrupt')).toBe(true)
  expect(error).toMatchObject({ message: 'Expected A, found B.', cause: 'Error: why' })
})

test('an error of another kind arrives as internal', async () => {
  const error = await failure(client().query('fail strangely'))
  expect(isLateenError(error, 'internal')).toBe(true)
  expect(error).toMatchObject({ message: 'a defect', cause: 'TypeError: a defect' })
})

test('an error thrown in the middle of a stream ends it with that error', async () => {
  const stages: string[] = []
  const error = await failure(
    (async () => {
      for await (const { stage } of client().stream('fail')) stages.push(stage)
    })(),
  )
  expect(stages).toEqual(['lexical'])
  expect(isLateenError(error, 'segment-corrupt')).toBe(true)
})

test('arguments that cannot be cloned are a bad argument', async () => {
  const documents = [{ id: 'a', text: 'b', metadata: { f: () => 1 } }] as never
  expect(isLateenError(await failure(client().add(documents)), 'bad-argument')).toBe(true)
})

test('an abort rejects at once and reaches the engine', async () => {
  const engine = client()
  const controller = new AbortController()
  const query = failure(engine.query('hang', { signal: controller.signal }))
  await engine.info()
  controller.abort('enough')
  expect(await query).toMatchObject({ code: 'aborted', cause: 'enough' })
  expect((await engine.info()).passages).toBe(1)
  expect(isLateenError(await failure(engine.query('x', { signal: controller.signal })), 'aborted')).toBe(true)
})

test('a newer query stops the older one in the worker', async () => {
  const search = searchOver(client())
  const older = search.stream('hang')[Symbol.asyncIterator]()
  expect((await older.next()).value).toMatchObject({ stage: 'lexical' })
  const second = older.next()
  await search.info()
  expect((await search.query('x')).hits[0]!.id).toBe('x')
  expect((await second).done).toBe(true)
  expect((await search.info()).passages).toBe(1)
})

test('leaving the loop over a stream stops it in the worker', async () => {
  const engine = client()
  const lists = engine.stream('hang')[Symbol.asyncIterator]()
  await lists.next()
  const second = failure(lists.next() as Promise<unknown>)
  const controller = new AbortController()
  for await (const _ of engine.stream('hang', { signal: controller.signal })) break
  await engine.close()
  expect(isLateenError(await second, 'closed')).toBe(true)
})

test('a change that was finished when the abort came is reported as done', async () => {
  const engine = client()
  await engine.open()
  const controller = new AbortController()
  const update = engine.update([{ id: 'a', text: 'b' }], { signal: controller.signal })
  setTimeout(() => controller.abort(), 20)
  expect((await update).documents).toBe(1)
})

test('progress events arrive in order and before the answer', async () => {
  const events: Progress[] = []
  const documents = Array.from({ length: 20 }, (_, i) => ({ id: String(i), text: '' }))
  await client().add(documents, { onProgress: (event) => events.push(event) })
  expect(events.map(({ done }) => done)).toEqual(documents.map((_, i) => i + 1))
})

test('progress of what a query sets off goes to the callback of the search', async () => {
  const events: Progress[] = []
  const engine = client(fakeWorker, { events: { onProgress: (event) => events.push(event) } })
  await engine.query('model')
  await vi.waitFor(() => expect(events).toMatchObject([{ job: 'model', stage: 'weights' }]))
})

const FAULTS: Record<string, () => Worker> = {
  'that is missing': () => new Worker('/no-such-worker.js', { type: 'module' }),
  'that throws at start': () => scriptWorker('throw new Error("broken")'),
  'that cannot be parsed': () => scriptWorker('}'),
  'of another release': () =>
    scriptWorker(
      'onmessage = ({ ports }) => ports[0].postMessage({ lateen: "ready", protocol: 0, locked: false })',
    ),
  'that the browser refuses to make': () => {
    throw new TypeError('refused')
  },
}

for (const [fault, start] of Object.entries(FAULTS)) {
  test(`a worker ${fault} is tried three times, then the engine runs in the page`, async () => {
    let starts = 0
    const engine = client(() => {
      starts++
      return start()
    })
    expect((await engine.query('x')).hits[0]!.id).toBe('x')
    expect(starts).toBe(3)
    const { codec, fallbacks } = await engine.info()
    expect(codec).toBe('page')
    expect(fallbacks).toHaveLength(2)
    expect(fallbacks.every(({ from, code }) => from === 'worker' && code === 'worker-failed')).toBe(true)
  })
}

test('a worker that never answers is given up after the handshake deadline', async () => {
  const engine = client(() => scriptWorker(''), { handshakeMs: 300 })
  const started = performance.now()
  expect((await engine.info()).codec).toBe('page')
  expect(performance.now() - started).toBeLessThan(2_000)
  expect((await engine.info()).fallbacks[0]!.message).toContain('did not answer within')
  expect(workers).toHaveLength(1)
})

test('a caller who gives up does not wait for the handshake', async () => {
  const engine = client(() => scriptWorker(''))
  const controller = new AbortController()
  const query = failure(engine.query('x', { signal: controller.signal }))
  controller.abort()
  expect(isLateenError(await query, 'aborted')).toBe(true)
  expect(isLateenError(await failure(engine.open(controller.signal)), 'aborted')).toBe(true)
  expect(isLateenError(await failure(engine.query('x')), 'closed')).toBe(true)
})

for (const [how, kill] of [
  ['is terminated', (worker: Worker) => worker.terminate()],
  ['ends itself', undefined],
  ['throws', undefined],
] as const) {
  test(`when the worker ${how} in the middle of a query, what is pending fails and the next query works`, async () => {
    const engine = client()
    await engine.open()
    const pending = [
      failure(engine.query(how === 'throws' ? 'throw later' : how === 'is terminated' ? 'hang' : 'die')),
      failure(engine.query('hang')),
    ]
    kill?.(workers[0]!)
    for (const error of await Promise.all(pending)) expect(isLateenError(error, 'worker-failed')).toBe(true)
    expect((await engine.query('x')).hits[0]!.id).toBe('x')
    expect(workers).toHaveLength(2)
    const { codec, fallbacks } = await engine.info()
    expect(codec).toBe('fake')
    expect(fallbacks).toMatchObject([{ from: 'worker', code: 'worker-failed' }])
  })
}

test('a worker that dies again and again is replaced by the page', async () => {
  const engine = client()
  for (let death = 0; death < 3; death++) await failure(engine.query('die'))
  expect((await engine.query('x')).hits).toHaveLength(1)
  expect((await engine.info()).codec).toBe('page')
  expect(workers).toHaveLength(3)
})

test('losing documents that were only in memory is said', async () => {
  const engine = client(fakeWorker, { host: { ...HOST, persist: false } })
  await engine.add([{ id: 'a', text: '' }])
  await failure(engine.query('die'))
  expect((await engine.info()).fallbacks[0]!.message).toContain('lost')
})

test('an engine that cannot be opened is an error, not a reason to try another worker', async () => {
  const engine = client(fakeWorker, { host: { ...HOST, name: 'refuse' } })
  expect(isLateenError(await failure(engine.open()), 'index-not-found')).toBe(true)
  expect(workers).toHaveLength(1)
})

test('close() rejects what is pending, terminates the worker, and is final', async () => {
  const engine = client()
  await engine.open()
  const terminate = vi.spyOn(workers[0]!, 'terminate')
  const pending = failure(engine.query('hang'))
  await engine.close()
  expect(isLateenError(await pending, 'closed')).toBe(true)
  expect(terminate).toHaveBeenCalled()
  expect(isLateenError(await failure(engine.query('x')), 'closed')).toBe(true)
  await engine.close()
})

test('close() while the worker starts leaves none behind', async () => {
  const engine = client(() => scriptWorker(''))
  const opening = failure(engine.open())
  await vi.waitFor(() => expect(workers).toHaveLength(1))
  const terminate = vi.spyOn(workers[0]!, 'terminate')
  await engine.close()
  expect(isLateenError(await opening, 'closed')).toBe(true)
  expect(terminate).toHaveBeenCalled()
})

test('a page that was frozen while the worker started gives it the whole time again', async () => {
  const engine = client(() => scriptWorker(''), { handshakeMs: 600 })
  const started = performance.now()
  const opening = engine.open()
  setTimeout(() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })), 400)
  await opening
  expect(performance.now() - started).toBeGreaterThan(950)
})
