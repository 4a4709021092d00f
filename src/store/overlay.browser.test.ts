import { afterEach, expect, test, vi } from 'vitest'
import { filesOf, storedFilesOf } from '../segment/manifest.ts'
import { buildSegment, residualCodec, sampleDocument } from '../segment/samples.test-suite.ts'
import { httpStore } from './http.ts'
import { readFile } from './index-store.test-suite.ts'
import { indexedDbStore } from './indexeddb.web.ts'
import { type OverlayStore, overlayStore } from './overlay.ts'
import { verifySource } from './source.ts'

const FIXTURE = '/fixtures/segments/v1'
const opened: OverlayStore[] = []

function visit(name: string, onChange?: (revision: number) => void): OverlayStore {
  const store = overlayStore(httpStore(FIXTURE), indexedDbStore(name, onChange ? { onChange } : {}))
  opened.push(store)
  return store
}
afterEach(async () => {
  vi.unstubAllGlobals()
  for (const store of opened.splice(0)) await store.close()
})

const mine = buildSegment([sampleDocument({ id: 'mine', vectors: [3] }, residualCodec(), 5)])

test('a reload without a network finds the prebuilt index and what was added to it', async () => {
  const first = visit('offline')
  const manifest = (await first.readManifest())!
  for (const file of filesOf(manifest)) await readFile(first, file)
  await first.commit(
    { ...manifest, revision: 2, segments: [...manifest.segments, mine.reference] },
    mine.files,
    manifest.revision,
  )
  await first.close()

  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')))
  const second = visit('offline')
  const kept = (await second.readManifest())!
  expect(kept.segments.length).toBe(2)
  expect(second.state().baseError).toMatchObject({ code: 'network' })
  for (const file of filesOf(kept)) expect((await readFile(second, file)).length).toBe(file.bytes)
})

test('without room for a part, what it says is found all the same, and the state says so', async () => {
  // A storage bucket has an IndexedDB with a quota of its own.
  const buckets = (navigator as unknown as { storageBuckets: StorageBuckets }).storageBuckets
  const bucket = await buckets.open('overlay', { quota: 3_000_000 })
  vi.stubGlobal('indexedDB', bucket.indexedDB)
  const local = indexedDbStore('full')
  const store = overlayStore(httpStore(FIXTURE), {
    ...local,
    // Parts are small: this one takes all the room with it.
    stage: (file, bytes) => local.stage(file, new Uint8Array(8_000_000 + bytes.length)),
  })
  opened.push(store)
  const manifest = (await store.readManifest())!
  const { textFile } = manifest.segments[0]!
  expect(textFile.parts!.length).toBeGreaterThan(1)
  expect((await readFile(store, textFile)).length).toBe(textFile.bytes)
  await expect.poll(() => store.state().storageError).toMatchObject({ code: 'storage-full' })
  for (const { file } of storedFilesOf(manifest)) expect(await local.has(file)).toBe(false)
})

interface StorageBuckets {
  open(name: string, options: { quota: number }): Promise<{ readonly indexedDB: IDBFactory }>
}

test('everything that is kept ahead is there without a network', async () => {
  const first = visit('ahead')
  await first.keepAll()
  await first.close()
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')))
  const second = visit('ahead')
  const manifest = (await second.readManifest())!
  for (const file of filesOf(manifest)) await verifySource(await second.open(file), file)
})

test('another tab hears of a change and reads it', async () => {
  const heard: number[] = []
  const other = visit('tabs', (revision) => heard.push(revision))
  const store = visit('tabs')
  const manifest = (await store.readManifest())!
  await other.readManifest()
  heard.length = 0
  await store.commit(
    { ...manifest, revision: 2, segments: [...manifest.segments, mine.reference] },
    mine.files,
    manifest.revision,
  )
  await expect.poll(() => heard).toEqual([2])
  expect((await other.readManifest())!.segments.length).toBe(2)
  expect(await readFile(other, mine.reference.textFile)).toEqual(mine.textFile)
})
