import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { LateenError } from '../errors.ts'
import { type Manifest, serializeManifest, storedFiles } from '../segment/manifest.ts'
import { openTextSegment } from '../segment/read.ts'
import {
  buildSegment,
  cutText,
  residualCodec,
  SAMPLE_MODEL,
  sampleDocument,
  sampleManifest,
} from '../segment/samples.test-suite.ts'
import type { WrittenSegment } from '../segment/write.ts'
import { fileStore } from './file.node.ts'
import { httpStore } from './http.ts'
import { readFile } from './index-store.test-suite.ts'
import { memoryStore } from './memory.ts'
import { type OverlayStore, overlayStore } from './overlay.ts'
import { type StaticHost, staticHost } from './static-host.node.ts'
import type { WritableStore } from './store.ts'

const codec = residualCodec()

/** A segment with one passage for every id. */
function segmentOf(ids: readonly string[], seed = 1): WrittenSegment {
  return buildSegment(ids.map((id, i) => sampleDocument({ id, vectors: [2] }, codec, seed + i)))
}

let host: StaticHost
beforeAll(async () => {
  host = await staticHost()
})
afterAll(() => host.close())
beforeEach(() => {
  host.fault = undefined
})

/** Puts an edition of the prebuilt index on the host, in place of the one before. */
function deploy(segments: readonly WrittenSegment[], revision = 1, over: Partial<Manifest> = {}): Manifest {
  const references = segments.map(({ reference }) => reference)
  const manifest = sampleManifest(references, { revision, ...over })
  host.files.clear()
  host.files.set('manifest.json', serializeManifest(manifest))
  for (const segment of segments) for (const [name, bytes] of segment.files) host.files.set(name, bytes)
  host.requests.length = 0
  return manifest
}
const goOffline = () => {
  host.fault = (request) => request.destroy() !== undefined
}
const opened: OverlayStore[] = []
const folders: string[] = []
const visit = (local: WritableStore, options?: { keepBytes: number }) => {
  const store = overlayStore(httpStore(host.url), local, options)
  opened.push(store)
  return store
}
const newFolder = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lateen-overlay-'))
  folders.push(folder)
  return folder
}
afterEach(async () => {
  // What is still being kept is written before the folder goes.
  for (const store of opened.splice(0)) await store.close()
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
})

async function readAll(store: OverlayStore, segments: readonly WrittenSegment[]) {
  for (const { reference, vectorFile, textFile } of segments) {
    expect(await readFile(store, reference.vectorFile)).toEqual(vectorFile)
    expect(await readFile(store, reference.textFile)).toEqual(textFile)
  }
}

/** Commits what an engine would: the manifest with changes, one revision further. */
async function change(
  store: OverlayStore,
  edit: (manifest: Manifest) => Partial<Manifest>,
  files: WrittenSegment[] = [],
) {
  const manifest = (await store.readManifest())!
  const next = { ...manifest, ...edit(manifest), revision: manifest.revision + 1 }
  await store.commit(next, new Map(files.flatMap((segment) => [...segment.files])), manifest.revision)
}
const add = (store: OverlayStore, segment: WrittenSegment) =>
  change(store, ({ segments }) => ({ segments: [...segments, segment.reference] }), [segment])
const remove = (store: OverlayStore, segment: number, removed: number[]) =>
  change(store, ({ segments }) => ({
    segments: segments.map((one, i) => (i === segment ? { ...one, removed } : one)),
  }))
const removedOf = (manifest: Manifest | undefined) => manifest!.segments.map(({ removed }) => removed)

const base = segmentOf(['a', 'b', 'c'])
const mine = segmentOf(['mine'], 50)
const otherModel = { model: { ...SAMPLE_MODEL, fingerprint: 'cd'.repeat(32) } }

test('the first visit reads the base, and a later one works without a network', async () => {
  const manifest = deploy([base])
  const local = memoryStore()
  const first = visit(local)
  expect((await first.readManifest())!.segments).toEqual(manifest.segments)
  await readAll(first, [base])
  expect(host.requests.sort()).toEqual(['manifest.json', ...base.files.keys()].sort())

  goOffline()
  const second = visit(local)
  expect((await second.readManifest())!.segments).toEqual(manifest.segments)
  expect(second.state().baseError).toMatchObject({ code: 'network' })
  await readAll(second, [base])
})

test('a later visit with a network asks for the manifest and nothing else', async () => {
  deploy([base])
  const local = memoryStore()
  await readFirst(local)
  host.requests.length = 0
  const store = visit(local)
  await store.readManifest()
  await readAll(store, [base])
  expect(host.requests).toEqual(['manifest.json'])
  expect(store.state()).toEqual({})
})

async function readFirst(local: WritableStore) {
  const store = visit(local)
  await store.readManifest()
  await readAll(store, [base])
  return store
}

test('files that were never read are missing offline, with a code that says so', async () => {
  deploy([base])
  const local = memoryStore()
  await visit(local).readManifest()
  goOffline()
  const store = visit(local)
  await store.readManifest()
  await expect(store.open(base.reference.vectorFile)).rejects.toMatchObject({ code: 'network' })
})

test('without a local copy, a base that cannot be read is an error, and one that is not there is none', async () => {
  deploy([base])
  goOffline()
  await expect(visit(memoryStore()).readManifest()).rejects.toMatchObject({ code: 'network' })
  host.fault = undefined
  host.files.clear()
  expect(await visit(memoryStore()).readManifest()).toBeUndefined()
})

test.each<[string, string, string]>([
  ['a page, as a captive portal sends', '<!doctype html>', 'index-not-found'],
  ['a damaged manifest', '{}', 'index-invalid'],
  ['a manifest of a later version', '{"format":"lateen-index","version":[9,0]}', 'index-version'],
])('the local copy answers when the base is %s', async (_name, content, code) => {
  deploy([base])
  const local = memoryStore()
  await readFirst(local)
  host.files.set('manifest.json', content)
  const store = visit(local)
  await store.readManifest()
  expect(store.state().baseError).toMatchObject({ code })
  await readAll(store, [base])
})

test('documents added here are kept over the base, also without a network', async () => {
  deploy([base])
  const local = memoryStore()
  const store = await readFirst(local)
  await add(store, mine)
  await readAll(store, [base, mine])
  goOffline()
  const later = visit(local)
  expect((await later.readManifest())!.segments).toEqual([base.reference, mine.reference])
  await readAll(later, [base, mine])
})

test('a document of the base that is removed here stays removed, also in the next edition of the base', async () => {
  deploy([base])
  const local = memoryStore()
  await remove(await readFirst(local), 0, [1])
  expect(removedOf(await visit(local).readManifest())).toEqual([[1]])
  expect((await local.readManifest())!.base!.removedIds).toEqual(['b'])

  const next = segmentOf(['x', 'b', 'c', 'a'], 20)
  deploy([next], 2)
  expect(removedOf(await visit(local).readManifest())).toEqual([[1]])
  await readAll(visit(local), [next])
})

test('in the next edition of the base, documents added here stay, and win over those of the same id', async () => {
  deploy([base])
  const local = memoryStore()
  await add(await readFirst(local), mine)
  const next = segmentOf(['b', 'mine', 'a'], 20)
  deploy([next], 2)
  const store = visit(local)
  expect((await store.readManifest())!.segments).toEqual([
    { ...next.reference, removed: [1] },
    mine.reference,
  ])
  await readAll(store, [next, mine])

  // Removed here for good: the document of the base does not come back in its place.
  await remove(store, 1, [0])
  deploy([segmentOf(['mine', 'a'], 30)], 3)
  expect(removedOf(await visit(local).readManifest())).toEqual([[0], [0]])
})

test('a document that was added and removed here does not hide one that the base gets later', async () => {
  deploy([base])
  const local = memoryStore()
  const store = await readFirst(local)
  await add(store, segmentOf(['mine', 'also mine'], 50))
  await remove(store, 1, [0])
  deploy([segmentOf(['mine', 'also mine'], 20)], 2)
  expect(removedOf(await visit(local).readManifest())).toEqual([[1], [0]])
})

test('a segment that the next edition of the base still has keeps what was removed in it, by base and here', async () => {
  deploy([base])
  const local = memoryStore()
  await remove(await readFirst(local), 0, [2])
  const more = segmentOf(['d'], 40)
  deploy([{ ...base, reference: { ...base.reference, removed: [0] } }, more], 2)
  expect(removedOf(await visit(local).readManifest())).toEqual([[0, 2], []])
})

test('files of the base before are removed once the next edition has been read', async () => {
  deploy([base])
  const local = memoryStore()
  await readFirst(local)
  deploy([segmentOf(['z'], 60)], 2)
  await visit(local).readManifest()
  expect(await local.has(base.reference.textFile.file)).toBe(false)
})

test('a base for another model is searched alone; local documents are kept, reported, and not changed', async () => {
  deploy([base])
  const local = memoryStore()
  await add(await readFirst(local), mine)
  const kept = await local.readManifest()
  const next = deploy([base], 2, otherModel)

  const store = visit(local)
  expect((await store.readManifest())!.segments).toEqual(next.segments)
  expect(store.state().mismatch).toMatchObject({
    code: 'index-model-mismatch',
    message: expect.stringContaining('the 1 documents added here'),
  })
  await readAll(store, [base])
  await expect(add(store, segmentOf(['more'], 70))).rejects.toMatchObject({ code: 'index-model-mismatch' })
  expect(await local.readManifest()).toEqual(kept)

  deploy([base])
  const back = visit(local)
  expect((await back.readManifest())!.segments).toEqual([base.reference, mine.reference])
  expect(back.state().mismatch).toBeUndefined()
})

test('reset gives up local changes and starts again from the base', async () => {
  deploy([base])
  const local = memoryStore()
  await add(await readFirst(local), mine)
  deploy([base], 2, otherModel)
  const store = visit(local)
  await store.readManifest()
  await store.reset()
  expect(store.state()).toEqual({})
  expect((await store.readManifest())!.model).toEqual(otherModel.model)
  expect(await local.has(mine.reference.textFile.file)).toBe(false)
  await add(store, mine)
})

test('without local changes, a base for another model is simply taken over', async () => {
  deploy([base])
  const local = memoryStore()
  await readFirst(local)
  deploy([base], 2, otherModel)
  const store = visit(local)
  expect((await store.readManifest())!.model).toEqual(otherModel.model)
  expect(store.state()).toEqual({})
})

test('an index made here before there was a base goes on top of it', async () => {
  host.files.clear()
  const local = memoryStore()
  const store = visit(local)
  expect(await store.readManifest()).toBeUndefined()
  await store.commit(sampleManifest([mine.reference]), mine.files, 0)
  deploy([base])
  const later = visit(local)
  expect((await later.readManifest())!.segments).toEqual([base.reference, mine.reference])
  await readAll(later, [base, mine])
})

test('a damaged file of the base is refused, not kept, and read again the next time', async () => {
  deploy([base])
  const local = memoryStore()
  const store = visit(local)
  await store.readManifest()
  const { file } = base.reference.vectorFile
  host.files.set(
    file,
    base.vectorFile.map((byte, i) => (i === 800 ? byte ^ 1 : byte)),
  )
  await expect(store.open(base.reference.vectorFile)).rejects.toMatchObject({ code: 'segment-corrupt' })
  expect(await local.has(file)).toBe(false)
  host.files.set(file, base.vectorFile)
  await readAll(store, [base])
})

test('a file that several ask for at once is loaded once, and one who aborts does not spoil it', async () => {
  deploy([base])
  const store = visit(memoryStore())
  await store.readManifest()
  host.requests.length = 0
  const { textFile } = base.reference
  const controller = new AbortController()
  const given = store.open(textFile, controller.signal).catch((error) => error.code)
  const others = [store.open(textFile), store.open(textFile)]
  controller.abort()
  expect(await given).toBe('aborted')
  await Promise.all(others)
  expect(host.requests).toEqual([textFile.file])
})

test('files above keepBytes are read from the base every time', async () => {
  deploy([base])
  const local = memoryStore()
  const store = visit(local, { keepBytes: base.reference.textFile.bytes })
  await store.readManifest()
  await readAll(store, [base])
  expect(await local.has(base.reference.textFile.file)).toBe(true)
  expect(await local.has(base.reference.vectorFile.file)).toBe(false)
})

test.each(['storage-full', 'storage-unavailable'] as const)(
  'when local storage is %s, the base is searched all the same, and the state says why nothing is kept',
  async (code) => {
    deploy([base])
    const local = memoryStore()
    const fail = async () => {
      throw new LateenError(code, 'no room')
    }
    const store = visit({ ...local, stage: fail, commit: fail })
    expect((await store.readManifest())!.segments).toEqual([base.reference])
    await readAll(store, [base])
    expect(store.state().storageError).toMatchObject({ code })
    await expect(add(store, mine)).rejects.toMatchObject({ code })
    await readAll(store, [base])
  },
)

test.each([
  ['damaged', '{}', 'index-invalid'],
  ['of a later version', '{"format":"lateen-index","version":[9,0]}', 'index-version'],
])(
  'a local copy that is %s is left alone, and the base is searched all the same',
  async (_name, content, code) => {
    deploy([base])
    const folder = await newFolder()
    await writeFile(join(folder, 'manifest.json'), content)
    const store = visit(fileStore(folder))
    expect((await store.readManifest())!.segments).toEqual([base.reference])
    await readAll(store, [base])
    expect(store.state().storageError).toMatchObject({ code })
    await expect(add(store, mine)).rejects.toMatchObject({ code })

    await store.reset()
    expect(store.state()).toEqual({})
    await add(store, mine)
    await readAll(visit(fileStore(folder)), [base, mine])
  },
)

const parted = cutText(
  buildSegment([
    ...['a', 'b'].map((id, i) => sampleDocument({ id, vectors: [2, 2, 2, 2], textLength: 9000 }, codec, i)),
  ]),
)
const { textFile } = parted.reference
const partNames = storedFiles(textFile).map(({ file }) => file)
const openText = async (store: OverlayStore) =>
  openTextSegment(await store.open(textFile), (await store.readManifest())!, parted.reference)
const readParts = async (local: WritableStore) => {
  const store = visit(local)
  await store.readManifest()
  expect(await readFile(store, textFile)).toEqual(parted.textFile)
}
const requestsOfParts = () => host.requests.filter((name) => name !== 'manifest.json')

test('of a file in parts, those that were read are there without a network, and only those', async () => {
  deploy([parted])
  const local = memoryStore()
  const first = visit(local)
  const passage = await (await openText(first)).readPassage(0)
  expect(requestsOfParts()).toEqual(partNames.slice(0, 2))
  goOffline()
  const text = await openText(visit(local))
  expect(await text.readPassage(0)).toEqual(passage)
  await expect(text.readPassage(7)).rejects.toMatchObject({ code: 'network' })
})

test('parts that were read before are not asked for again', async () => {
  deploy([parted])
  const local = memoryStore()
  await readParts(local)
  host.requests.length = 0
  await readParts(local)
  expect(requestsOfParts()).toEqual([])
})

test('a part that several read at once, through one source or several, is fetched once', async () => {
  deploy([parted])
  const store = visit(memoryStore())
  await store.readManifest()
  const sources = await Promise.all([store.open(textFile), store.open(textFile)])
  await Promise.all(sources.flatMap((source) => [source.read(0, 10), source.read(5, 20)]))
  expect(requestsOfParts()).toEqual([partNames[0]])
})

test.each<[string, (bytes: Uint8Array) => Uint8Array]>([
  ['damaged', (bytes) => bytes.map((byte, i) => (i === 300 ? byte ^ 1 : byte))],
  ['truncated', (bytes) => bytes.slice(0, -1)],
])('kept parts that are %s are fetched again, once, and kept as they should be', async (_name, spoil) => {
  deploy([parted])
  const local = memoryStore()
  await readParts(local)
  for (const file of partNames) await local.stage(file, spoil(parted.files.get(file)!))
  host.requests.length = 0
  const text = await openText(visit(local))
  await text.readPassage(0)
  expect(requestsOfParts()).toEqual(partNames.slice(0, 2))
  goOffline()
  await (await openText(visit(local))).readPassage(0)
})

test('a kept part that is damaged stays segment-corrupt where no better one can be had', async () => {
  deploy([parted])
  const local = memoryStore()
  await readParts(local)
  await local.stage(partNames[1]!, new Uint8Array(parted.files.get(partNames[1]!)!.length))
  goOffline()
  const text = await openText(visit(local))
  await expect(text.readPassage(0)).rejects.toMatchObject({ code: 'segment-corrupt' })
})

test('when there is no room for a part, what it says is found all the same', async () => {
  deploy([parted])
  const local = memoryStore()
  const full = async () => {
    throw new LateenError('storage-full', 'no room')
  }
  const store = visit({ ...local, stage: full })
  expect((await (await openText(store)).readPassage(0)).documentId).toBe('a')
  await expect.poll(() => store.state().storageError).toMatchObject({ code: 'storage-full' })
  await expect(store.keepAll()).rejects.toMatchObject({ code: 'storage-full' })
})

test('closing waits for parts that are being kept', async () => {
  deploy([parted])
  const local = memoryStore()
  const kept: string[] = []
  const slow: WritableStore = {
    ...local,
    async stage(file) {
      await setTimeout(50)
      kept.push(file)
    },
  }
  const store = visit(slow)
  await (await store.open(textFile)).read(0, 10)
  expect(kept).toEqual([])
  await store.close()
  expect(kept).toEqual([partNames[0]])
})

test('keepAll brings every file and part once, tells how far it is, and all works without a network', async () => {
  deploy([base, parted])
  const local = memoryStore()
  const store = visit(local)
  await (await openText(store)).readPassage(0)
  await add(store, mine)
  const told: [number, number][] = []
  await store.keepAll(undefined, (...bytes) => told.push(bytes))
  const names = [...base.files.keys(), ...parted.files.keys()]
  expect(requestsOfParts().sort()).toEqual(names.sort())
  const total = [base, parted, mine].flatMap(({ files }) => [...files.values()])
  expect(told.at(-1)).toEqual(Array(2).fill(total.reduce((sum, { length }) => sum + length, 0)))
  expect(told.map(([done]) => done)).toEqual(told.map(([done]) => done).toSorted((a, b) => a - b))

  goOffline()
  const later = visit(local)
  await later.keepAll()
  await readAll(later, [base, parted, mine])
})

test('keepAll that fails or is aborted keeps what it brought, and goes on from there', async () => {
  deploy([base, parted])
  const local = memoryStore()
  const store = visit(local)
  await expect(store.keepAll(AbortSignal.abort())).rejects.toMatchObject({ code: 'aborted' })
  host.fault = (request, response) =>
    request.url!.endsWith(partNames.at(-1)!) && response.writeHead(503).end() !== undefined
  await expect(store.keepAll()).rejects.toMatchObject({ code: 'network' })
  await expect.poll(() => local.has(base.reference.textFile.file)).toBe(true)
  host.fault = undefined
  host.requests.length = 0
  await store.keepAll()
  expect(requestsOfParts()).not.toContain(base.reference.textFile.file)
  goOffline()
  await readAll(visit(local), [base, parted])
})

test('a change that touches more of a base segment than its removed documents is refused', async () => {
  deploy([base])
  const local = memoryStore()
  const store = await readFirst(local)
  await remove(store, 0, [1])
  const refused = { code: 'bad-argument' }
  await expect(change(store, () => ({ segments: [] }))).rejects.toMatchObject(refused)
  await expect(change(store, () => ({ segments: [mine.reference] }), [mine])).rejects.toMatchObject(refused)
  await expect(remove(store, 0, [])).rejects.toMatchObject(refused)
  expect(removedOf(await local.readManifest())).toEqual([[1]])
})

test('of two tabs that change the index at once, one gets index-conflict and succeeds when it repeats', async () => {
  deploy([base])
  const folder = await newFolder()
  const tabs = [visit(fileStore(folder)), visit(fileStore(folder))] as const
  await Promise.all(tabs.map((tab) => tab.readManifest()))
  const theirs = segmentOf(['theirs'], 80)
  const outcomes = await Promise.allSettled([add(tabs[0], mine), add(tabs[1], theirs)])
  const lost = outcomes.find((outcome) => outcome.status === 'rejected')
  expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBe(1)
  expect(lost?.reason).toMatchObject({ code: 'index-conflict' })
  await (outcomes[0].status === 'rejected' ? add(tabs[0], mine) : add(tabs[1], theirs))
  for (const tab of tabs) {
    expect((await tab.readManifest())!.segments.length).toBe(3)
    await readAll(tab, [base, mine, theirs])
  }
})

test('two tabs that meet a new edition of the base at once end with the same index', async () => {
  deploy([base])
  const folder = await newFolder()
  await add(visit(fileStore(folder)), mine)
  const next = segmentOf(['q', 'mine'], 90)
  deploy([next], 2)
  const tabs = [visit(fileStore(folder)), visit(fileStore(folder)), visit(fileStore(folder))]
  const manifests = await Promise.all(tabs.map((tab) => tab.readManifest()))
  for (const manifest of manifests) {
    expect(manifest!.segments).toEqual([{ ...next.reference, removed: [1] }, mine.reference])
  }
})

test('a tab whose base files another tab removed learns segment-missing, reads again and goes on', async () => {
  deploy([base])
  const local = memoryStore()
  const old = await readFirst(local)
  const next = segmentOf(['n'], 95)
  deploy([next], 2)
  await visit(local).readManifest()
  await expect(old.open(base.reference.textFile)).rejects.toMatchObject({ code: 'segment-missing' })
  await old.readManifest()
  await readAll(old, [next])
})

test('an aborted read of the manifest is aborted, not taken for a missing network', async () => {
  deploy([base])
  const local = memoryStore()
  const store = await readFirst(local)
  await expect(store.readManifest(AbortSignal.abort())).rejects.toMatchObject({ code: 'aborted' })
})

test('closing closes both stores', async () => {
  deploy([base])
  const local = memoryStore()
  const store = visit(local)
  await store.close()
  await expect(store.readManifest()).rejects.toMatchObject({ code: 'closed' })
  await expect(local.readManifest()).rejects.toMatchObject({ code: 'closed' })
})
