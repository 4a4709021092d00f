import { deleteDB } from 'idb'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Engine } from '../search/engine.ts'
import { serializeManifest } from '../segment/manifest.ts'
import { indexedDbStore } from '../store/indexeddb.web.ts'
import { openEngine } from './host.web.ts'

const HOST = { name: 'unused', model: '/models/lateen-mini/', prefer: 'webgpu', persist: false } as const
const DOCUMENTS = [
  { id: 'fetch', text: 'A running download is ended by an AbortController: call its abort method.' },
  { id: 'bread', text: 'Knead flour, water and salt, and let the dough rise over night.' },
]

const adapter = await navigator.gpu?.requestAdapter()

/** Every device that is opened from now on. */
function watchDevices(): GPUDevice[] {
  const devices: GPUDevice[] = []
  const request = GPUAdapter.prototype.requestDevice
  vi.spyOn(GPUAdapter.prototype, 'requestDevice').mockImplementation(async function (
    this: GPUAdapter,
    wanted,
  ) {
    const device = await request.call(this, wanted)
    devices.push(device)
    return device
  })
  onTestFinished(() => {
    vi.restoreAllMocks()
  })
  return devices
}

/** The best hit by meaning, the GPU being lost once the query is on its way. */
async function queryLosing(engine: Engine, text: string, device: GPUDevice): Promise<string | undefined> {
  const query = engine.query(text, { mode: 'semantic' })
  setTimeout(() => device.destroy(), 20)
  return (await query).hits[0]?.id
}

test.skipIf(!adapter)(
  'a GPU lost in the middle of a query is replaced once, then done without, and the query is answered',
  async () => {
    const devices = watchDevices()
    const engine = await openEngine(HOST, {})
    onTestFinished(() => engine.close())
    await engine.add(DOCUMENTS)
    expect(engine.info()).toMatchObject({ scorer: 'webgpu', model: { backend: 'webgpu' }, fallbacks: [] })
    expect(devices).toHaveLength(1)

    expect(await queryLosing(engine, 'cancel downloading', devices[0]!)).toBe('fetch')
    expect(devices).toHaveLength(2)
    expect(engine.info()).toMatchObject({ scorer: 'webgpu', model: { backend: 'webgpu' } })
    expect(engine.info().fallbacks).toMatchObject([{ from: 'webgpu', code: 'gpu-lost' }])

    expect(await queryLosing(engine, 'how to stop downloading a file', devices[1]!)).toBe('fetch')
    expect(engine.info()).toMatchObject({ scorer: 'wasm', model: { backend: 'wasm' } })
    expect(engine.info().fallbacks).toHaveLength(2)
  },
)

test('storage that cannot be used is a fallback to memory, not an error', async () => {
  vi.spyOn(indexedDB, 'open').mockImplementation(() => {
    throw new DOMException(
      'A mutation operation was attempted on a database that did not allow it.',
      'InvalidStateError',
    )
  })
  onTestFinished(() => {
    vi.restoreAllMocks()
  })
  const engine = await openEngine({ ...HOST, prefer: 'wasm', persist: true }, {})
  onTestFinished(() => engine.close())
  expect(engine.info()).toMatchObject({
    storage: 'memory',
    fallbacks: [{ from: 'indexeddb', code: 'storage-unavailable' }],
  })
})

/** A database name of its own, gone after the test. */
function databaseName(): string {
  const name = `test ${crypto.randomUUID()}`
  onTestFinished(() => deleteDB(`lateen:${name}`))
  return name
}

/** Serves an index of the documents at this address for as long as the test lasts; `online` says whether it can be reached. */
async function hostIndex(url: string): Promise<{ online: boolean }> {
  const name = databaseName()
  const writer = await openEngine({ ...HOST, prefer: 'wasm', persist: true, name }, {})
  await writer.add(DOCUMENTS)
  await writer.close()
  const store = indexedDbStore(name)
  const manifest = serializeManifest((await store.readManifest())!)
  const host = { online: true }
  const { fetch } = globalThis
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const address = String(input)
    if (!address.startsWith(url)) return fetch(input, init)
    if (!host.online) throw new TypeError('Failed to fetch')
    const file = address.slice(url.length)
    if (file === 'manifest.json') return new Response(manifest)
    const source = await store.open({ file, bytes: 0 })
    return new Response(new Uint8Array(await source.read(0, source.byteLength)))
  })
  onTestFinished(async () => {
    vi.restoreAllMocks()
    await store.close()
  })
  return host
}

test('a prebuilt index takes local documents on top, and all of it is there without a network', async () => {
  const index = 'https://example.org/search/'
  const host = await hostIndex(index)
  const options = { ...HOST, prefer: 'wasm', persist: true, name: databaseName(), index } as const
  const progress = vi.fn()
  const first = await openEngine(options, { onProgress: progress })
  await first.prepare()
  expect(progress.mock.calls.some(([{ job }]) => job === 'index')).toBe(true)
  await first.add([{ id: 'moon', text: 'The moon pulls at the sea.' }])
  await first.close()

  host.online = false
  const second = await openEngine(options, {})
  onTestFinished(() => second.close())
  const found = async (text: string) => (await second.query(text)).hits[0]?.id
  expect(await found('cancel downloading')).toBe('fetch')
  expect(await found('moon')).toBe('moon')
  expect(second.info()).toMatchObject({
    documents: 3,
    storage: 'indexeddb',
    fallbacks: [{ from: 'http', code: 'network' }],
  })
})

test('an address without an index is an error that names it', async () => {
  vi.spyOn(globalThis, 'fetch').mockResolvedValue(new Response('', { status: 404 }))
  onTestFinished(() => {
    vi.restoreAllMocks()
  })
  const opening = openEngine({ ...HOST, index: 'https://example.org/none/' }, {})
  await expect(opening).rejects.toMatchObject({
    code: 'index-not-found',
    message: expect.stringContaining('https://example.org/none/'),
  })
})
