import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LoadedEncoder, loadNodeEncoder } from '../encode/load.node.ts'
import { openState } from '../search/state.ts'
import { filesOf } from '../segment/manifest.ts'
import { memoryStore } from '../store/memory.ts'
import type { WritableStore } from '../store/store.ts'
import { parseDocument } from '../text/parse.ts'
import type { DocumentInput, Progress } from '../types.ts'
import { indexBytes, type WriteIndexOptions, writeIndex } from './write-index.ts'

const DOCUMENTS: DocumentInput[] = [
  { id: 'a', title: 'Tides', text: 'The moon pulls the sea twice a day.' },
  { id: 'b', text: '# Bread\n\nYeast makes dough rise.\n\n## Oven\n\nBake it hot.', format: 'markdown' },
  { id: 'c', text: ' ' },
]

let loaded: LoadedEncoder
beforeAll(async () => {
  loaded = await loadNodeEncoder()
})
afterAll(() => loaded.encoder.dispose())

const write = (store: WritableStore, options: Partial<WriteIndexOptions> = {}) =>
  writeIndex({
    store,
    documents: DOCUMENTS,
    backend: { encoder: loaded.encoder, modelCodec: undefined },
    bits: 4,
    poolFactor: 2,
    ...options,
  })

async function contents(store: WritableStore): Promise<string[]> {
  const manifest = (await store.readManifest())!
  return Promise.all(
    filesOf(manifest).map(async (file) =>
      Buffer.from(await (await store.open(file)).read(0, file.bytes)).toString('base64'),
    ),
  )
}

test('an index has a segment, a keyword index of it, and the codec that was trained for it', async () => {
  const store = memoryStore()
  const { manifest, bytes, documents, passages, skipped } = await write(store)
  expect([documents, passages]).toEqual([2, 3])
  expect(skipped).toEqual([{ id: 'c', reason: 'It holds no text.' }])
  expect(manifest).toEqual(await store.readManifest())
  expect(manifest).toMatchObject({
    revision: 1,
    codec: { kind: 'residual', bits: 4 },
    pooling: { factor: 2 },
  })
  const { total, ...kinds } = bytes
  expect(Object.values(kinds).every((length) => length > 0)).toBe(true)
  expect(Object.values(kinds).reduce((a, b) => a + b, 0)).toBe(total)
  expect(indexBytes(manifest)).toEqual(bytes)
})

test('the stored keyword index finds what one made from the stored text finds', async () => {
  const store = memoryStore()
  const { manifest } = await write(store)
  const stored = await openState(store, manifest)
  const [segment] = manifest.segments
  const { lexicalFile: _, ...bare } = segment!
  const rebuilt = await openState(store, { ...manifest, segments: [bare] })
  for (const query of ['tides', 'oven', 'bake bread', 'moon', 'dough']) {
    const found = await stored.lexical.search(query, { limit: 5 })
    expect(found.length).toBeGreaterThan(0)
    expect(found).toEqual(await rebuilt.lexical.search(query, { limit: 5 }))
  }
})

test('writing the same again changes no byte, writing something else makes a new revision', async () => {
  const store = memoryStore()
  await write(store)
  const before = await contents(store)
  expect((await write(store)).manifest.revision).toBe(1)
  expect(await contents(store)).toEqual(before)
  expect((await write(store, { bits: 2 })).manifest).toMatchObject({ revision: 2, codec: { bits: 2 } })
  expect(await contents(store)).not.toEqual(before)
})

test('documents that come one by one, parsed or not, give the index of a list', async () => {
  async function* stream() {
    for (const document of DOCUMENTS) yield document.id === 'b' ? parseDocument(document) : document
  }
  for (const bits of [4, 32] as const) {
    const [list, streamed] = [memoryStore(), memoryStore()]
    await write(list, { bits })
    const { documents, skipped } = await write(streamed, { bits, documents: stream() })
    expect(documents).toBe(2)
    expect(skipped).toEqual([{ id: 'c', reason: 'It holds no text.' }])
    expect(await streamed.readManifest()).toEqual(await list.readManifest())
    expect(await contents(streamed)).toEqual(await contents(list))
  }
})

test('a stream that fails, or a last step before the commit, leaves what was there', async () => {
  async function* failing() {
    yield DOCUMENTS[1]!
    throw new Error('the disk is gone')
  }
  const store = memoryStore()
  await write(store)
  const before = await store.readManifest()
  await expect(write(store, { documents: failing() })).rejects.toThrow('the disk is gone')
  const beforeCommit = () => Promise.reject(new Error('no room'))
  await expect(write(store, { bits: 1, beforeCommit })).rejects.toThrow('no room')
  expect(await store.readManifest()).toEqual(before)
  expect((await openState(store, before!)).manifest).toEqual(before)
})

test('bits 8, 16 and 32 keep plain vectors and need no codec file', async () => {
  const sizes: number[] = []
  for (const bits of [8, 16, 32] as const) {
    const { bytes, manifest } = await write(memoryStore(), { bits })
    expect(manifest.codec.bits).toBe(bits)
    expect(bytes.codec).toBe(0)
    sizes.push(bytes.vectors)
  }
  expect(sizes[1]! / sizes[0]!).toBeGreaterThan(1.5)
  expect(sizes[2]! / sizes[1]!).toBeGreaterThan(1.5)
})

test('without splitting every document is one passage', async () => {
  const { passages, manifest } = await write(memoryStore(), { split: false })
  expect(passages).toBe(2)
  expect(manifest.passages.policy).toBe('document')
})

test('progress only grows and ends with every passage', async () => {
  const reports: Progress[] = []
  await write(memoryStore(), { onProgress: (progress) => reports.push(progress) })
  const done = reports.map((report) => report.done)
  expect(done).toEqual([...done].sort((a, b) => a - b))
  expect(reports.at(-1)).toMatchObject({ job: 'indexing', done: 3, total: 3, unit: 'passages' })
})

test('an aborted write leaves what was there', async () => {
  const store = memoryStore()
  await write(store)
  const before = await contents(store)
  const abort = new AbortController()
  const writing = write(store, { bits: 1, signal: abort.signal, onProgress: () => abort.abort() })
  await expect(writing).rejects.toMatchObject({ code: 'aborted' })
  expect(await contents(store)).toEqual(before)
})

test.each<[string, Partial<WriteIndexOptions>]>([
  ['bad-document', { documents: [] }],
  ['bad-document', { documents: [DOCUMENTS[2]!] }],
  ['bad-argument', { bits: 3 as never }],
  ['bad-argument', { poolFactor: 0 }],
  ['bad-argument', { poolFactor: 1.5 }],
  ['duplicate-id', { documents: [DOCUMENTS[0]!, DOCUMENTS[0]!] }],
  ['bad-document', { documents: (async function* () {})() }],
  ['bad-document', { documents: (async function* () {})(), bits: 8 }],
])('%s: nothing is written of %o', async (code, options) => {
  const store = memoryStore()
  await expect(write(store, options)).rejects.toMatchObject({ code })
  expect(await store.readManifest()).toBeUndefined()
})
