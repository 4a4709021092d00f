import { afterEach, expect, test, vi } from 'vitest'
import { filesOf } from '../segment/manifest.ts'
import { buildSegment, residualCodec, sampleDocument } from '../segment/samples.test-suite.ts'
import { httpStore } from './http.ts'
import { readFile } from './index-store.test-suite.ts'
import { indexedDbStore } from './indexeddb.web.ts'
import { type OverlayStore, overlayStore } from './overlay.ts'

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
