import { expect, onTestFinished, test, vi } from 'vitest'
import { filesOf } from '../segment/manifest.ts'
import { openTextSegment } from '../segment/read.ts'
import { byteSourceSuite } from './byte-source.test-suite.ts'
import { httpStore } from './http.ts'
import { verifySource } from './source.ts'

// Served as static files by the test server, a real HTTP server on this machine.
const FIXTURE = '/fixtures/segments/v1'

for (const [name, rangeFrom] of [
  ['whole files', Number.POSITIVE_INFINITY],
  ['by Range', 1],
] as const) {
  byteSourceSuite(`http in a browser, ${name}`, async () => {
    const store = httpStore(FIXTURE, { rangeFrom })
    const file = filesOf((await store.readManifest())!)[0]!
    const response = await fetch(`${FIXTURE}/${file.file}`)
    return { source: await store.open(file), bytes: new Uint8Array(await response.arrayBuffer()) }
  })
}

test('an index on a static host is verified and read through a relative address', async () => {
  const store = httpStore(FIXTURE)
  const manifest = (await store.readManifest())!
  for (const file of filesOf(manifest)) await verifySource(await store.open(file), file)
  const [reference] = manifest.segments
  const text = await openTextSegment(await store.open(reference!.textFile), manifest, reference!)
  expect((await text.readPassage(2)).documentId).toBe('notes')
})

test('an address without an index is refused even where the host answers with a page', async () => {
  // The development server answers unknown addresses with its page, as single-page hosts do.
  const read = httpStore('/fixtures/segments/nowhere').readManifest()
  await expect(read).rejects.toMatchObject({ code: 'index-not-found' })
})

test('a part that the cache of the browser has spoiled is loaded again past that cache', async () => {
  const store = httpStore(FIXTURE)
  const manifest = (await store.readManifest())!
  const [reference] = manifest.segments
  const { fetch } = globalThis
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const response = await fetch(input, init)
    if (!String(input).endsWith('.text') || init?.cache === 'reload') return response
    const bytes = new Uint8Array(await response.arrayBuffer())
    bytes[bytes.length - 1]! ^= 1
    return new Response(bytes)
  })
  onTestFinished(() => void vi.restoreAllMocks())
  const text = await openTextSegment(await store.open(reference!.textFile), manifest, reference!)
  expect((await text.readPassage(2)).documentId).toBe('notes')
})
