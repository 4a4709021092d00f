import { openDB } from 'idb'
import { afterEach, expect, test, vi } from 'vitest'
import { fileReference } from '../segment/write.ts'
import { byteSourceSuite, sampleBytes } from './byte-source.test-suite.ts'
import { indexOf, indexStoreSuite, readFile, sampleSegment } from './index-store.test-suite.ts'
import { type IndexedDbStoreOptions, indexedDbStore } from './indexeddb.web.ts'
import type { WritableStore } from './store.ts'

const a = sampleSegment(1)
const b = sampleSegment(2)
let names = 0
const open: WritableStore[] = []

/** A store that is closed after the test. */
function connect(name: string, options?: IndexedDbStoreOptions): WritableStore {
  const store = indexedDbStore(name, options)
  open.push(store)
  return store
}
const newName = () => `test ${names++}`

async function withFirst() {
  const name = newName()
  const store = connect(name)
  await store.commit(indexOf([a], 1), a.files, 0)
  return { name, store }
}
async function expectFirst(store: WritableStore) {
  expect(await store.readManifest()).toEqual(indexOf([a], 1))
  expect(await readFile(store, a.reference.vectorFile)).toEqual(a.vectorFile)
  expect(await readFile(store, a.reference.textFile)).toEqual(a.textFile)
}

afterEach(async () => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
  for (const store of open.splice(0)) {
    await store.close()
  }
})

for (const extension of ['text', 'lexical'] as const) {
  byteSourceSuite(`indexeddb, pieces of a .${extension} file`, async () => {
    const bytes = sampleBytes(600_000)
    const file = fileReference(bytes, extension)
    const store = connect('sources')
    await store.stage(file.file, bytes)
    return { source: await store.open(file), bytes }
  })
}

test('a file of several large pieces comes back, also across their edges', async () => {
  const store = connect(newName())
  const bytes = new Uint8Array(9 * 1024 * 1024 + 5)
  for (let i = 0; i < bytes.length; i += 4) bytes[i] = i >> 10
  const file = fileReference(bytes, 'vectors')
  await store.stage(file.file, bytes)
  const source = await store.open(file)
  const MiB = 1024 * 1024
  for (const [offset, length] of [
    [0, bytes.length],
    [4 * MiB - 3, 7],
    [8 * MiB, MiB + 5],
    [3 * MiB, 6 * MiB],
  ] as const) {
    const part = await source.read(offset, length)
    expect(part.every((byte, i) => byte === bytes[offset + i]) && part.length === length).toBe(true)
  }
})

indexStoreSuite('indexeddb', async () => {
  const name = newName()
  return { open: () => connect(name) }
})

test('the index survives closing and opening again', async () => {
  const { name, store } = await withFirst()
  await store.close()
  await expectFirst(connect(name))
})

test('other stores of the same name hear of a commit, the one that made it does not', async () => {
  const name = newName()
  const heard: string[] = []
  const store = connect(name, { onChange: (revision) => heard.push(`self ${revision}`) })
  connect(name, { onChange: (revision) => heard.push(`other ${revision}`) })
  connect(newName(), { onChange: (revision) => heard.push(`stranger ${revision}`) })
  await store.commit(indexOf([a], 1), a.files, 0)
  await expect.poll(() => heard).toEqual(['other 1'])
})

test('a tab that dies between files and manifest leaves the old index; its remains go with the next commit', async () => {
  const { name, store } = await withFirst()
  for (const [file, bytes] of b.files) await store.stage(file, bytes)
  await store.close()
  const next = connect(name)
  await expectFirst(next)
  await next.commit(indexOf([a], 2), new Map(), 1)
  const db = await openDB(`lateen:${name}`)
  expect((await db.getAllKeys('files')).sort()).toEqual([...a.files.keys()].sort())
  expect(await db.count('pieces')).toBe(a.files.size)
  db.close()
})

test('a transaction that is cut off while a file is written leaves nothing of it', async () => {
  const { store } = await withFirst()
  let puts = 0
  vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, value, key) {
    const request = IDBObjectStore.prototype.add.call(this, value, key)
    if (++puts === 2) this.transaction.abort()
    return request
  })
  await expect(store.stage(b.reference.textFile.file, b.textFile)).rejects.toMatchObject({
    code: 'storage-unavailable',
  })
  vi.restoreAllMocks()
  expect(await store.has(b.reference.textFile.file)).toBe(false)
  await expectFirst(store)
})

/** Makes the nth put of the test fail as a full disk does. */
function failPut(nth: number) {
  const { put } = IDBObjectStore.prototype
  let puts = 0
  vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, value, key) {
    if (++puts === nth) throw new DOMException('full', 'QuotaExceededError')
    return put.call(this, value, key)
  })
}

test.each([1, 2, 3, 4, 5])(
  'when put %i finds no room, it is storage-full and the old index is intact',
  async (nth) => {
    const { name, store } = await withFirst()
    failPut(nth)
    await expect(store.commit(indexOf([b], 2), b.files, 1)).rejects.toMatchObject({ code: 'storage-full' })
    vi.restoreAllMocks()
    await expectFirst(store)
    await expectFirst(connect(name))
    await store.commit(indexOf([b], 2), b.files, 1)
    expect(await readFile(store, b.reference.vectorFile)).toEqual(b.vectorFile)
  },
)

test('when the room runs out at the end of a transaction, it is storage-full and the old index is intact', async () => {
  const { store } = await withFirst()
  const { put } = IDBObjectStore.prototype
  vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, value, key) {
    const request = put.call(this, value, key)
    if (this.name === 'manifest') {
      // Browsers report it on the transaction, after every request succeeded.
      const { transaction } = this
      request.addEventListener('success', () => {
        Object.defineProperty(transaction, 'error', { value: new DOMException('full', 'QuotaExceededError') })
        transaction.abort()
      })
    }
    return request
  })
  await expect(store.commit(indexOf([b], 2), b.files, 1)).rejects.toMatchObject({ code: 'storage-full' })
  vi.restoreAllMocks()
  await expectFirst(store)
})

test('a real quota gives storage-full, and what was stored before is intact', async () => {
  // A storage bucket has an IndexedDB with a quota of its own.
  const buckets = (navigator as unknown as { storageBuckets: StorageBuckets }).storageBuckets
  const bucket = await buckets.open('small', { quota: 3_000_000 })
  vi.stubGlobal('indexedDB', bucket.indexedDB)
  const { store } = await withFirst()
  const bytes = sampleBytes(8_000_000)
  const { file } = fileReference(bytes, 'vectors')
  await expect(store.stage(file, bytes)).rejects.toMatchObject({ code: 'storage-full' })
  expect(await store.has(file)).toBe(false)
  await expectFirst(store)
})

interface StorageBuckets {
  open(name: string, options: { quota: number }): Promise<{ readonly indexedDB: IDBFactory }>
}

test('a tab that wants to delete the database or upgrade it is not held up, and this one goes on or says why', async () => {
  const { name, store } = await withFirst()
  const deleted = new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(`lateen:${name}`)
    request.onsuccess = resolve
    request.onblocked = () => reject(new Error('blocked'))
  })
  await deleted
  expect(await store.readManifest()).toBeUndefined()
  await store.commit(indexOf([a], 1), a.files, 0)
  await expectFirst(store)

  const newer = await openDB(`lateen:${name}`, 2, { blocked: () => expect.unreachable('blocked') })
  await expect(store.readManifest()).rejects.toMatchObject({
    code: 'storage-unavailable',
    message: expect.stringContaining('VersionError'),
  })
  newer.close()
})

test('a database that another tab holds is storage-unavailable after the deadline, and works once it lets go', async () => {
  const name = newName()
  const database = `lateen:${name}`
  // A connection that ignores `versionchange` makes a deletion wait, and every later opening behind it.
  const stubborn = await openDB(database, 1)
  const deletion = new Promise((resolve) => {
    indexedDB.deleteDatabase(database).onsuccess = resolve
  })
  const store = connect(name, { openTimeoutMs: 100 })
  await expect(store.readManifest()).rejects.toMatchObject({
    code: 'storage-unavailable',
    message: expect.stringContaining('Close other tabs'),
  })
  stubborn.close()
  await deletion
  expect(await store.readManifest()).toBeUndefined()
})

test.each(['SecurityError', 'InvalidStateError', 'UnknownError'])(
  '%s on opening is storage-unavailable, and is not remembered',
  async (error) => {
    const store = connect(newName())
    vi.spyOn(IDBFactory.prototype, 'open').mockImplementation(() => {
      throw new DOMException('forbidden', error)
    })
    await expect(store.readManifest()).rejects.toMatchObject({ code: 'storage-unavailable' })
    vi.restoreAllMocks()
    expect(await store.readManifest()).toBeUndefined()
  },
)

test('without IndexedDB the store is storage-unavailable', async () => {
  const store = connect(newName())
  vi.stubGlobal('indexedDB', undefined)
  await expect(store.readManifest()).rejects.toMatchObject({ code: 'storage-unavailable' })
})

test('a file whose pieces were lost is segment-missing, never wrong bytes', async () => {
  const { name, store } = await withFirst()
  const { file, bytes } = a.reference.vectorFile
  const source = await store.open(a.reference.vectorFile)
  const db = await openDB(`lateen:${name}`)
  await db.delete('pieces', [file, 0])
  db.close()
  await expect(source.read(0, bytes)).rejects.toMatchObject({ code: 'segment-missing' })
})

test('a damaged manifest is index-invalid until it is cleared', async () => {
  const { name, store } = await withFirst()
  const db = await openDB(`lateen:${name}`)
  await db.put('manifest', '{}', 'manifest')
  db.close()
  await expect(store.readManifest()).rejects.toMatchObject({ code: 'index-invalid' })
  await store.clear()
  expect(await store.readManifest()).toBeUndefined()
})
