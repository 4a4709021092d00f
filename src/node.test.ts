import { copyFile, cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { memoryStore, openSearch, readDocuments, writeIndex } from './node.ts'
import { DEFAULT_INDEX } from './search/engine.ts'

const DOCUMENTS = [
  { id: 'tides', text: 'The moon pulls the sea twice a day.' },
  { id: 'bread', text: 'Yeast makes the dough rise before it is baked.' },
]

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lateen-node-'))
})
afterEach(() => rm(folder, { recursive: true }))

test('an index in memory has the verbs of the browser', async () => {
  const search = await openSearch()
  expect(await search.add(DOCUMENTS)).toMatchObject({ documents: 2, passages: 2 })
  const { hits, stage } = await search.query('the pull of the moon on the ocean')
  expect(stage).toBe('fused')
  expect(hits[0]?.id).toBe('tides')
  expect((await hits[0]!.explain()).score).toBeGreaterThan(0)
  expect((await hits[0]!.data()).text).toBe(DOCUMENTS[0]!.text)
  await search.remove(['tides'])
  const info = await search.info()
  expect(info).toMatchObject({ documents: 1, storage: 'memory', scorer: 'wasm' })
  expect(info.model).toMatchObject({ name: 'lateen-mini', state: 'ready' })
  await search.close()
  await expect(search.query('bread')).rejects.toMatchObject({ code: 'closed' })
})

test('an index is searched with other weights than it was made with, and info says which', async () => {
  const index = join(folder, 'index')
  await writeIndex({ out: index, documents: DOCUMENTS, dtype: 'q8-matmulnbits' })
  for (const [dtype, loaded] of [
    [undefined, 'q8'],
    ['q8-matmulnbits', 'q8-matmulnbits'],
  ] as const) {
    const search = await openSearch({ index, ...(dtype ? { dtype } : {}) })
    expect((await search.query('the pull of the moon', { mode: 'semantic' })).hits[0]?.id).toBe('tides')
    const { model } = await search.info()
    expect(model).toMatchObject({ dtype: loaded, selfTest: { passed: true, verified: true } })
    await search.close()
  }
  const search = await openSearch({ index, dtype: 'q4' })
  await expect(search.prepare()).rejects.toMatchObject({ code: 'model-missing-file' })
  await search.close()
})

test('a codec of another model is found out when meaning is wanted, and keywords stay', async () => {
  const index = join(folder, 'index')
  const model = join(folder, 'model')
  await writeIndex({ out: index, documents: DOCUMENTS })
  await cp('fixtures/tiny-model', model, { recursive: true })
  await copyFile('public/models/lateen-mini/codec.bin', join(model, 'codec.bin'))
  const search = await openSearch({ index, model })
  await expect(search.prepare()).rejects.toMatchObject({
    code: 'model-invalid',
    message: expect.stringContaining('vectors of 4 components'),
  })
  expect((await search.query('dough', { mode: 'lexical' })).hits).toMatchObject([{ id: 'bread' }])
  await search.close()
})

test('a folder keeps its changes, and must hold an index unless one is to be created', async () => {
  const index = join(folder, 'index')
  await expect(openSearch({ index })).rejects.toMatchObject({ code: 'index-not-found' })
  const search = await openSearch({ index, create: true })
  await search.add(DOCUMENTS)
  await search.close()
  const again = await openSearch({ index })
  expect((await again.query('dough', { mode: 'lexical' })).hits).toMatchObject([{ id: 'bread' }])
  await again.close()
})

test('writeIndex writes folders and stores with the defaults, and the reference scorer agrees on the order', async () => {
  for (const { id, text } of [...DOCUMENTS, { id: 'store', text: 'The key is stored in a drawer.' }]) {
    await writeFile(join(folder, `${id}.txt`), text)
  }
  const { documents } = await readDocuments([folder])
  const index = join(folder, 'index')
  const written = await writeIndex({ out: index, documents })
  expect(written.manifest).toMatchObject({
    codec: { kind: 'residual', bits: DEFAULT_INDEX.bits },
    pooling: { factor: DEFAULT_INDEX.poolFactor },
  })
  const ids: string[][] = []
  for (const scorer of ['wasm', 'reference'] as const) {
    const search = await openSearch({ index, scorer })
    const { hits } = await search.query('what is stored where', { mode: 'semantic' })
    ids.push(hits.map(({ id }) => id))
    await search.close()
  }
  expect(ids[0]).toHaveLength(3)
  expect(ids[0]).toEqual(ids[1])
  const store = memoryStore()
  await writeIndex({ out: store, documents: DOCUMENTS, bits: 1, poolFactor: 3 })
  expect(await store.readManifest()).toMatchObject({ codec: { bits: 1 }, pooling: { factor: 3 } })
})
