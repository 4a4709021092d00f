import { afterAll, expect, test } from 'vitest'
import { writeLexicalIndex } from '../lexical/lexical.ts'
import { type Manifest, serializeManifest, storedFilesOf } from '../segment/manifest.ts'
import { divideSegment } from '../segment/parts.ts'
import { buildSegment, residualCodec, sampleDocument, sampleManifest } from '../segment/samples.test-suite.ts'
import { httpStore } from '../store/http.ts'
import { memoryStore } from '../store/memory.ts'
import { overlayStore } from '../store/overlay.ts'
import { staticHost } from '../store/static-host.node.ts'
import { seededRandom } from '../util/random.ts'
import { openState } from './state.ts'

const host = await staticHost({ ranges: false })
afterAll(() => host.close())

const SYLLABLES = ['ka', 'lo', 'mi', 'tu', 're', 'sa', 'no', 'vi', 'pe', 'du', 'ga', 'zi']
const NUM_DOCUMENTS = 150

/** A prebuilt index of made-up words, in parts, where document 77 alone says "lighthouse". */
function deploy(): Manifest {
  const random = seededRandom(1)
  const pick = (count: number) =>
    Array.from({ length: count }, () => SYLLABLES[Math.floor(random() * SYLLABLES.length)]).join('')
  const text = () => Array.from({ length: 150 }, () => pick(2 + Math.floor(random() * 3))).join(' ')
  const documents = Array.from({ length: NUM_DOCUMENTS }, (_, i) => {
    const sample = sampleDocument({ id: `d${i}`, vectors: [2, 2] }, residualCodec(), i)
    const passages = sample.passages.map((one) => ({
      ...one,
      passage: { ...one.passage, text: `${text()}${i === 77 ? ' lighthouse' : ''}` },
    }))
    return { ...sample, passages }
  })
  const entries = documents.flatMap(({ passages }) =>
    passages.map(({ passage }) => ({ passage, passages: passages.length })),
  )
  const { reference, files } = divideSegment(buildSegment(documents), writeLexicalIndex(entries))
  const manifest = sampleManifest([reference])
  for (const [name, bytes] of files) host.files.set(name, bytes)
  host.files.set('manifest.json', serializeManifest(manifest))
  return manifest
}
const manifest = deploy()
/** Names without their hash: which file, which part. */
const requests = () => host.requests.splice(0).map((name) => name.replace(/^[0-9a-f]{64}/, ''))

test('an index in parts opens from the first part of each file, and a hit costs one more of each', async () => {
  const { textFile, lexicalFile } = manifest.segments[0]!
  expect(textFile.parts!.length).toBeGreaterThan(10)
  expect(lexicalFile!.parts!.length).toBeGreaterThan(5)
  const store = httpStore(host.url)
  const state = await openState(store, await store.readManifest())
  expect(state.documents).toBe(NUM_DOCUMENTS)
  expect(requests().sort()).toEqual(['-0.lexical', '-0.text', 'manifest.json'])

  const [hit] = await state.lexical.search('lighthouse', { limit: 1, complete: true })
  expect(requests().filter((name) => !name.endsWith('.lexical'))).toEqual([])
  const segment = state.segmentOf(hit!.id)
  const passage = await segment.text.readPassage(hit!.id - segment.base)
  expect(passage).toMatchObject({ documentId: 'd77', text: expect.stringContaining('lighthouse') })
  expect(requests()).toEqual([expect.stringMatching(/^-\d+\.text$/)])
})

test('a text part that is missing does not keep an index from opening, and one that opens it is segment-missing', async () => {
  const { sha256 } = manifest.segments[0]!.textFile
  const last = host.files.get(`${sha256}-5.text`)!
  host.files.delete(`${sha256}-5.text`)
  const store = httpStore(host.url)
  expect((await openState(store, await store.readManifest())).documents).toBe(NUM_DOCUMENTS)
  host.files.set(`${sha256}-5.text`, last)

  const head = host.files.get(`${sha256}-0.text`)!
  host.files.delete(`${sha256}-0.text`)
  await expect(openState(store, await store.readManifest())).rejects.toMatchObject({
    code: 'segment-missing',
  })
  host.files.set(`${sha256}-0.text`, head)
})

test('everything that was kept answers without the host', async () => {
  const local = memoryStore()
  await overlayStore(httpStore(host.url), local).keepAll()
  requests()
  host.fault = (request) => request.destroy() !== undefined
  const store = overlayStore(httpStore(host.url), local)
  const state = await openState(store, await store.readManifest())
  const [hit] = await state.lexical.search('lighthouse', { limit: 1 })
  expect((await state.segmentOf(hit!.id).text.readPassage(hit!.id)).documentId).toBe('d77')
  expect(requests()).toEqual(['manifest.json'])
  expect(storedFilesOf(manifest).length).toBeGreaterThan(20)
  host.fault = undefined
})
