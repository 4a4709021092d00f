import { afterEach, beforeEach, expect, test } from 'vitest'
import { commands } from 'vitest/browser'
import { loadWebEncoder } from '../encode/load.web.ts'
import { isLateenError } from '../errors.ts'
import type { Fallback } from '../types.ts'
import type { KeepingSource } from './source.ts'
import { webModelSource } from './source.web.ts'

/** What the configuration of these tests adds to the commands of Vitest: a Hub on another origin. */
interface Hub {
  startHub(): Promise<string>
  stopHub(url: string): Promise<void>
  publish(url: string, id: string, folder: string, texts?: Record<string, string>): Promise<string>
  failNext(url: string, path: string, ...faults: object[]): Promise<void>
  restrict(url: string, id: string): Promise<void>
  goAway(url: string, isAway: boolean): Promise<void>
  takeRequests(url: string): Promise<{ host: string; path: string; range?: string; hasToken: boolean }[]>
}
const { startHub, stopHub, publish, failNext, restrict, goAway, takeRequests } = commands as unknown as Hub

const ID = 'acme/colbert-tiny'
const MODEL = `hub:${ID}`
const TINY = 'fixtures/tiny-model'
const WEIGHTS = 'onnx/model.onnx'

let hub: string
let fallbacks: Fallback[]
beforeEach(async () => {
  await caches.delete('lateen-models')
  hub = await startHub()
  fallbacks = []
})
afterEach(() => stopHub(hub))

const open = (model = MODEL) =>
  webModelSource(model, { hub, onFallback: (fallback) => fallbacks.push(fallback) })

async function visit(source: KeepingSource): Promise<void> {
  await source.read('config.json')
  await source.read(WEIGHTS)
  await source.complete()
}

const load = (model = MODEL) => loadWebEncoder({ model, hub, prefer: 'wasm' })
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'nothing',
    (error) => (isLateenError(error) ? error.code : String(error)),
  )

test('a model of a Hub on another origin runs, and the next visit to its commit asks nothing of the network', async () => {
  const commit = await publish(hub, ID, TINY)
  const { encoder } = await load(`${MODEL}@${commit}`)
  expect(encoder.selfTest).toMatchObject({ passed: true })
  await encoder.dispose()
  const requests = await takeRequests(hub)
  expect(requests.filter(({ path }) => path.includes('/api/'))).toHaveLength(1)
  expect(requests.some(({ hasToken }) => hasToken)).toBe(false)
  const again = await load(`${MODEL}@${commit}`)
  expect(again.fallbacks).toEqual([])
  await again.encoder.dispose()
  expect(await takeRequests(hub)).toEqual([])
})

test('a branch is looked up, and without a network it is what it was, which is said', async () => {
  await publish(hub, ID, TINY)
  await visit(await open())
  await takeRequests(hub)
  await visit(await open())
  expect((await takeRequests(hub)).map(({ path }) => path)).toEqual([`/api/models/${ID}/revision/main`])
  await goAway(hub, true)
  await visit(await open())
  expect(fallbacks).toMatchObject([{ from: 'hub', code: 'network' }])
})

test('half a model never counts, and what came of it need not come again', async () => {
  const commit = await publish(hub, ID, TINY)
  const source = await open(`${MODEL}@${commit}`)
  await source.read(WEIGHTS)
  await goAway(hub, true)
  expect(await codeOf(open(`${MODEL}@${commit}`))).toBe('network')
  await goAway(hub, false)
  await takeRequests(hub)
  await visit(await open(`${MODEL}@${commit}`))
  expect((await takeRequests(hub)).map(({ path }) => path.split('/').at(-1))).toEqual([commit, 'config.json'])
})

test('a new revision takes over when it is complete, with what it has not changed', async () => {
  const before = await publish(hub, ID, TINY)
  await visit(await open())
  const after = await publish(hub, ID, TINY, { 'config.json': '{"hidden_size": 8 }' })
  await takeRequests(hub)
  const next = await open()
  await next.read('config.json')
  // Until then a page without a network has the one before.
  await goAway(hub, true)
  const meanwhile = await open()
  expect(fallbacks.at(-1)!.message).toContain(before.slice(0, 12))
  expect(await meanwhile.read('config.json')).not.toEqual(await next.read('config.json'))
  await goAway(hub, false)
  await visit(next)
  expect((await takeRequests(hub)).filter(({ path }) => path.includes('onnx'))).toEqual([])
  await goAway(hub, true)
  await open()
  expect(fallbacks.at(-1)!.message).toContain(after.slice(0, 12))
  const kept = (await (await caches.open('lateen-models')).keys()).map(({ url }) => new URL(url).pathname)
  expect(kept.filter((path) => path.endsWith('config.json'))).toHaveLength(1)
})

test('a piece of a file is kept like a whole one', async () => {
  const commit = await publish(hub, ID, TINY)
  const source = await open(`${MODEL}@${commit}`)
  const piece = await source.readRange!(WEIGHTS, 10, 20)
  await source.complete()
  await goAway(hub, true)
  expect(await (await open(`${MODEL}@${commit}`)).readRange!(WEIGHTS, 10, 20)).toEqual(piece)
  expect(piece).toHaveLength(10)
})

test('a damaged copy is fetched again', async () => {
  const commit = await publish(hub, ID, TINY)
  const model = `${MODEL}@${commit}`
  await visit(await open(model))
  const whole = await (await open(model)).read(WEIGHTS)
  const cache = await caches.open('lateen-models')
  for (const request of await cache.keys()) {
    if (request.url.includes(WEIGHTS)) await cache.put(request, new Response('damaged'))
  }
  expect(await (await open(model)).read(WEIGHTS)).toEqual(whole)
})

test('a cut transfer goes on where it was cut, across origins', async () => {
  await publish(hub, ID, TINY)
  const source = await open()
  await failNext(hub, WEIGHTS, { cutAfter: 1000 })
  await source.read(WEIGHTS)
  expect((await takeRequests(hub)).at(-1)).toMatchObject({ host: 'cdn', range: 'bytes=1000-' })
})

test('a gated model says what to do, and a missing one that it is missing', async () => {
  await publish(hub, ID, TINY)
  await restrict(hub, ID)
  expect(await codeOf(load())).toBe('model-gated')
  expect(await codeOf(load('hub:acme/none'))).toBe('model-missing-file')
  expect(await codeOf(load('hub:none'))).toBe('bad-argument')
})
