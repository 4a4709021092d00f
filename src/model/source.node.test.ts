import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { filesOf, type HubServer, startHub, TOKEN } from '../../tools/hub-server.ts'
import { loadNodeEncoder } from '../encode/load.node.ts'
import type { LateenError } from '../errors.ts'
import type { Fallback } from '../types.ts'
import { sha256Hex } from '../util/hash.ts'
import { readModelBundle } from './bundle.ts'
import { type NodeSourceOptions, nodeModelSource } from './source.node.ts'
import type { ModelSource } from './source.ts'
import { findStored, listStored, removeStored } from './store.node.ts'

const ID = 'acme/colbert-tiny'
const MODEL = `hub:${ID}`
const WEIGHTS = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7) % 251)
const SETTINGS = new TextEncoder().encode('{"hidden_size": 8}')
const FILES = { 'config.json': SETTINGS, 'onnx/model.onnx': WEIGHTS, 'pytorch_model.bin': WEIGHTS }

let hub: HubServer
let store: string
beforeEach(async () => {
  hub = await startHub()
  store = mkdtempSync(join(tmpdir(), 'lateen-store-'))
})
afterEach(async () => {
  vi.unstubAllEnvs()
  rmSync(store, { recursive: true, force: true })
  await hub.close()
})

const open = (model = MODEL, options: NodeSourceOptions = {}) =>
  nodeModelSource(model, { hub: hub.url, store, ...options })

const everyFile = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .sort()

test('a model that was loaded once is read without any request, by its commit', async () => {
  const commit = hub.publish(ID, FILES)
  const first = await open()
  await first.read('config.json')
  await first.read('onnx/model.onnx')
  await first.complete()
  hub.goAway(true)
  const again = await open(`${MODEL}@${commit}`)
  expect(sha256Hex(await again.read('onnx/model.onnx'))).toBe(sha256Hex(WEIGHTS))
  expect(await again.has('pytorch_model.bin')).toBe(true)
  expect(await again.has('other.json')).toBe(false)
})

test('without a network a branch is what it was last, and that is said', async () => {
  hub.publish(ID, FILES)
  const first = await open()
  await first.read('config.json')
  await first.complete()
  hub.goAway(true)
  const said: Fallback[] = []
  const again = await open(MODEL, { onFallback: (fallback) => said.push(fallback) })
  expect(await again.read('config.json')).toEqual(SETTINGS)
  expect(said).toMatchObject([
    { from: 'hub', code: 'network', message: expect.stringContaining('as it was stored') },
  ])
})

test('a download that was not completed does not count', async () => {
  hub.publish(ID, FILES)
  await (await open()).read('config.json')
  expect(await listStored(store)).toEqual([])
  hub.goAway(true)
  await expect(open()).rejects.toMatchObject({ code: 'network' })
})

test('what an interrupted process has fetched is gone on from', async () => {
  hub.publish(ID, FILES)
  hub.fail('onnx/model.onnx', { cutAfter: 100_000 }, { status: 500 })
  await expect((await open()).read('onnx/model.onnx')).rejects.toMatchObject({ code: 'network' })
  // As a process leaves it that was killed: under a number nobody has any more.
  const parts = join((await open()).folder!, '..', 'parts')
  const [part] = readdirSync(parts)
  expect(part).toBe(`${sha256Hex(WEIGHTS)}.part`)
  expect(statSync(join(parts, part!)).size).toBe(100_000)
  const name = part!.replace('.part', '.99999999-00000000.part')
  writeFileSync(join(parts, name), readFileSync(join(parts, part!)))
  rmSync(join(parts, part!))
  hub.takeRequests()
  const bytes = await (await open()).read('onnx/model.onnx')
  expect(sha256Hex(bytes)).toBe(sha256Hex(WEIGHTS))
  expect(hub.takeRequests().at(-1)!.range).toBe('bytes=100000-')
  expect(readdirSync(parts)).toEqual([])
})

test('a part that was damaged is fetched anew', async () => {
  hub.publish(ID, FILES)
  hub.fail('onnx/model.onnx', { cutAfter: 100_000 }, { status: 500 })
  await expect((await open()).read('onnx/model.onnx')).rejects.toMatchObject({ code: 'network' })
  const parts = join((await open()).folder!, '..', 'parts')
  writeFileSync(join(parts, readdirSync(parts)[0]!), new Uint8Array(100_000))
  expect(sha256Hex(await (await open()).read('onnx/model.onnx'))).toBe(sha256Hex(WEIGHTS))
})

test('a host that keeps sending something else is refused, and nothing of it stays', async () => {
  hub.publish(ID, FILES)
  const source = await open()
  hub.fail('onnx/model.onnx', { content: WEIGHTS.toReversed() })
  await expect(source.read('onnx/model.onnx')).rejects.toMatchObject({
    code: 'model-invalid',
    message: expect.stringContaining('onnx/model.onnx'),
  })
  expect(everyFile(store)).toEqual([])
})

test('two at once that fetch the same model do each other no harm', async () => {
  hub.publish(ID, FILES)
  hub.fail('onnx/model.onnx', { cutAfter: 100_000 }, { cutAfter: 150_000 })
  const sources = await Promise.all([open(), open()])
  const read = await Promise.all(sources.map((source) => source.read('onnx/model.onnx')))
  await Promise.all(sources.map((source) => source.complete()))
  for (const bytes of read) expect(sha256Hex(bytes)).toBe(sha256Hex(WEIGHTS))
  expect(everyFile(store)).toEqual(['model.json', 'model.onnx'])
})

test('a file that was cut short on disk is fetched again', async () => {
  hub.publish(ID, FILES)
  const source = await open()
  await source.read('onnx/model.onnx')
  truncateSync(join(source.folder!, 'onnx/model.onnx'), 1000)
  expect(sha256Hex(await source.read('onnx/model.onnx'))).toBe(sha256Hex(WEIGHTS))
})

test('a new revision takes what has not changed from the one before, which stays usable', async () => {
  const before = hub.publish(ID, FILES)
  const first = await open()
  await first.read('onnx/model.onnx')
  await first.complete()
  hub.publish(ID, { ...FILES, 'config.json': new TextEncoder().encode('{}') })
  const second = await open()
  hub.takeRequests()
  await second.read('onnx/model.onnx')
  expect(hub.takeRequests()).toEqual([])
  await second.complete()
  expect(await listStored(store)).toHaveLength(2)
  await removeStored((await findStored(store, hub.url, { kind: 'hub', id: ID, revision: 'main' }))!)
  const old = await open(`${MODEL}@${before}`)
  expect(sha256Hex(await old.read('onnx/model.onnx'))).toBe(sha256Hex(WEIGHTS))
  expect(hub.takeRequests()).toEqual([])
})

test('pieces of a file are kept, and the file is not fetched for them', async () => {
  const commit = hub.publish(ID, FILES)
  const first = await open()
  expect(await first.readRange!('pytorch_model.bin', 10, 20)).toEqual(WEIGHTS.subarray(10, 20))
  await first.complete()
  hub.goAway(true)
  const again = await open(`${MODEL}@${commit}`)
  expect(await again.readRange!('pytorch_model.bin', 10, 20)).toEqual(WEIGHTS.subarray(10, 20))
})

test('a folder of the store is a model like any other, and knows where it came from', async () => {
  const commit = hub.publish(ID, FILES)
  const first = await open()
  await first.read('config.json')
  await first.complete()
  const folder = await open(first.folder!)
  expect(folder.name).toBe('colbert-tiny')
  expect(folder.listing!.commit).toBe(commit)
  // What was not fetched with the rest comes when it is wanted.
  expect(sha256Hex(await folder.read('onnx/model.onnx'))).toBe(sha256Hex(WEIGHTS))
})

test('a description beside a folder that is not of the store is not believed', async () => {
  const outside = mkdtempSync(join(tmpdir(), 'lateen-folder-'))
  mkdirSync(join(outside, 'colbert-tiny'))
  const files = { 'secret.json': null }
  writeFileSync(
    join(outside, 'model.json'),
    JSON.stringify({
      format: 'lateen-stored-model',
      version: 1,
      hub: hub.url,
      id: ID,
      revision: 'main',
      commit: 'x',
      files,
    }),
  )
  const source = await open(join(outside, 'colbert-tiny'), { token: TOKEN })
  expect(await source.has('secret.json')).toBe(false)
  expect(hub.takeRequests()).toEqual([])
  rmSync(outside, { recursive: true })
})

test('the address of the Hub and the token come from the environment', async () => {
  hub.publish(ID, FILES)
  hub.restrict(ID, 'gated')
  vi.stubEnv('HF_ENDPOINT', hub.url)
  await expect((await nodeModelSource(MODEL, { store })).read('config.json')).rejects.toMatchObject({
    code: 'model-gated',
  })
  vi.stubEnv('HF_TOKEN', TOKEN)
  expect(await (await nodeModelSource(MODEL, { store })).read('config.json')).toEqual(SETTINGS)
})

test('an id without hub: is one when there is no such folder', async () => {
  hub.publish(ID, FILES)
  expect((await open(ID)).listing!.id).toBe(ID)
  await expect(open('./models/none')).rejects.toMatchObject({
    code: 'model-missing-file',
    message: expect.stringContaining('hub:owner/name'),
  })
})

test('a store that cannot be written is said to be so', async () => {
  hub.publish(ID, FILES)
  const file = join(store, 'file')
  writeFileSync(file, '')
  const source = await open(MODEL, { store: join(file, 'models') })
  await expect(source.read('config.json')).rejects.toMatchObject({
    code: 'storage-unavailable',
    message: expect.stringContaining('LATEEN_MODELS'),
  })
})

test.skipIf(!existsSync('/dev/full'))('a full disk is said to be one', async () => {
  hub.publish(ID, FILES)
  const source = await open()
  const parts = join(source.folder!, '..', 'parts')
  mkdirSync(parts, { recursive: true })
  // What is claimed as a part of an earlier attempt takes no byte.
  symlinkSync('/dev/full', join(parts, `${sha256Hex(WEIGHTS)}.part`))
  await expect(source.read('onnx/model.onnx')).rejects.toMatchObject({
    code: 'storage-full',
    message: expect.stringContaining('model remove'),
  })
})

test('an encoder loads from a Hub, and again without it', async () => {
  vi.stubEnv('LATEEN_MODELS', store)
  const commit = hub.publish(ID, filesOf('fixtures/tiny-model'))
  const { encoder } = await loadNodeEncoder({ model: MODEL, hub: hub.url, prefer: 'wasm' })
  const [stored] = await listStored(store)
  expect(stored!.manifest).toMatchObject({ id: ID, revisions: ['main'], commit, hub: hub.url })
  hub.goAway(true)
  const again = await loadNodeEncoder({ model: `${MODEL}@${commit}`, hub: hub.url, prefer: 'wasm' })
  expect(again.fallbacks).toEqual([])
  expect(again.encoder.spec.fingerprint).toBe(encoder.spec.fingerprint)
  const offline = await loadNodeEncoder({ model: MODEL, hub: hub.url, prefer: 'wasm' })
  expect(offline.fallbacks).toMatchObject([{ from: 'hub', code: 'network' }])
  const fromFolder = await loadNodeEncoder({ model: stored!.folder, prefer: 'wasm' })
  expect(fromFolder.encoder.spec.fingerprint).toBe(encoder.spec.fingerprint)
  await Promise.all([encoder, again.encoder, offline.encoder, fromFolder.encoder].map((it) => it.dispose()))
})

const FAMILY = 'fixtures/family'

/** The fingerprint of a model, or the code of what keeps it from opening, as a dictionary that lies elsewhere. */
const opened = (source: ModelSource) =>
  readModelBundle(source).then(
    ({ spec }) => spec.fingerprint,
    ({ code }: LateenError) => code,
  )

describe.skipIf(!existsSync(FAMILY))('every checkpoint of the family', () => {
  test.each(existsSync(FAMILY) ? readdirSync(FAMILY) : [])(
    '%s is from a Hub what it is in a folder',
    async (name) => {
      const commit = hub.publish(`acme/${name}`, filesOf(join(FAMILY, name)))
      const inFolder = await opened(await open(join(FAMILY, name)))
      const source = await open(`hub:acme/${name}`)
      expect(await opened(source)).toBe(inFolder)
      await source.complete()
      // The weights of the transformer are in the graph: of this file at most the head is wanted.
      expect(existsSync(join(source.folder!, 'model.safetensors'))).toBe(false)
      expect(everyFile(source.folder!)).not.toContain('model.onnx')
      hub.goAway(true)
      expect(await opened(await open(`hub:acme/${name}@${commit}`))).toBe(inFolder)
    },
  )
})
