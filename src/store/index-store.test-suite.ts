/** What every writable store promises. */
import { describe, expect, test } from 'vitest'
import { type FileReference, type Manifest, storedFiles } from '../segment/manifest.ts'
import {
  buildSegment,
  cutText,
  residualCodec,
  sampleDocument,
  sampleManifest,
} from '../segment/samples.test-suite.ts'
import type { WrittenSegment } from '../segment/write.ts'
import type { WritableStore } from './store.ts'

/** An empty place for an index, and as many connections to it as are asked for. */
export interface Place {
  open(): WritableStore
}

/** A segment of one small document; another number makes another one. */
export function sampleSegment(seed: number): WrittenSegment {
  return buildSegment([sampleDocument({ id: `document ${seed}`, vectors: [2, 1] }, residualCodec(), seed)])
}

export function indexOf(segments: readonly WrittenSegment[], revision: number): Manifest {
  return sampleManifest(
    segments.map(({ reference }) => reference),
    { revision },
  )
}

export async function readFile(store: Pick<WritableStore, 'open'>, file: FileReference): Promise<Uint8Array> {
  return (await store.open(file)).read(0, file.bytes)
}

export function indexStoreSuite(name: string, makePlace: () => Promise<Place>): void {
  describe(`index store: ${name}`, () => {
    const a = sampleSegment(1)
    const b = sampleSegment(2)

    async function withFirst() {
      const place = await makePlace()
      const store = place.open()
      await store.commit(indexOf([a], 1), a.files, 0)
      return { place, store }
    }
    async function expectFirst(store: WritableStore) {
      expect(await store.readManifest()).toEqual(indexOf([a], 1))
      expect(await readFile(store, a.reference.vectorFile)).toEqual(a.vectorFile)
      expect(await readFile(store, a.reference.textFile)).toEqual(a.textFile)
    }

    test('begins without an index', async () => {
      const store = (await makePlace()).open()
      expect(await store.readManifest()).toBeUndefined()
      expect(await store.has(a.reference.textFile.file)).toBe(false)
      await expect(store.open(a.reference.textFile)).rejects.toMatchObject({ code: 'segment-missing' })
    })

    test('gives back what was committed, to other connections too', async () => {
      const { place, store } = await withFirst()
      await expectFirst(store)
      await expectFirst(place.open())
    })

    test('a commit adds files, keeps those still named and removes the others', async () => {
      const { store } = await withFirst()
      await store.commit(indexOf([a, b], 2), b.files, 1)
      expect(await readFile(store, a.reference.textFile)).toEqual(a.textFile)
      await store.commit(indexOf([b], 3), new Map(), 2)
      expect(await store.readManifest()).toEqual(indexOf([b], 3))
      expect(await readFile(store, b.reference.vectorFile)).toEqual(b.vectorFile)
      expect(await store.has(a.reference.vectorFile.file)).toBe(false)
      await expect(store.open(a.reference.vectorFile)).rejects.toMatchObject({ code: 'segment-missing' })
    })

    test('a commit on top of another revision is an index-conflict and changes nothing', async () => {
      const { store } = await withFirst()
      for (const [revision, expected] of [
        [1, 0],
        [3, 2],
      ] as const) {
        await expect(store.commit(indexOf([b], revision), b.files, expected)).rejects.toMatchObject({
          code: 'index-conflict',
        })
      }
      await expectFirst(store)
    })

    test('of two connections that commit at the same time, one wins and one gets index-conflict', async () => {
      const { place, store } = await withFirst()
      for (let round = 1; round < 4; round++) {
        const rivals = [sampleSegment(10 * round), sampleSegment(10 * round + 1)]
        const other = place.open()
        const outcomes = await Promise.allSettled([
          store.commit(indexOf([rivals[0]!], round + 1), rivals[0]!.files, round),
          other.commit(indexOf([rivals[1]!], round + 1), rivals[1]!.files, round),
        ])
        expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
        const lost = outcomes.find((outcome) => outcome.status === 'rejected')
        expect(lost?.reason).toMatchObject({ code: 'index-conflict' })
        const winner = rivals[outcomes.findIndex(({ status }) => status === 'fulfilled')]!
        expect(await store.readManifest()).toEqual(indexOf([winner], round + 1))
        expect(await readFile(other, winner.reference.vectorFile)).toEqual(winner.vectorFile)
      }
    })

    test('the loser of a race succeeds when it repeats its change', async () => {
      const { place, store } = await withFirst()
      const other = place.open()
      await other.commit(indexOf([a, b], 2), b.files, 1)
      const c = sampleSegment(3)
      await expect(store.commit(indexOf([a, c], 2), c.files, 1)).rejects.toMatchObject({
        code: 'index-conflict',
      })
      await store.commit(indexOf([a, b, c], 3), c.files, 2)
      for (const { reference, textFile } of [a, b, c]) {
        expect(await readFile(other, reference.textFile)).toEqual(textFile)
      }
    })

    test('a manifest that names a file nobody has is refused and changes nothing', async () => {
      const { store } = await withFirst()
      await expect(store.commit(indexOf([a, b], 2), new Map(), 1)).rejects.toMatchObject({
        code: 'segment-missing',
      })
      await expectFirst(store)
    })

    test('a commit that contradicts itself is refused and changes nothing', async () => {
      const { store } = await withFirst()
      const file = b.reference.textFile.file
      const refused = { code: 'bad-argument' }
      await expect(store.commit(indexOf([a], 3), new Map(), 1)).rejects.toMatchObject(refused)
      await expect(store.commit(indexOf([a], 2), b.files, 1)).rejects.toMatchObject(refused)
      const short = new Map([...b.files, [file, b.textFile.slice(1)]])
      await expect(store.commit(indexOf([a, b], 2), short, 1)).rejects.toMatchObject(refused)
      const invalid = { ...indexOf([a], 2), model: { ...indexOf([a], 2).model, dim: 0 } }
      await expect(store.commit(invalid, new Map(), 1)).rejects.toMatchObject({ code: 'index-invalid' })
      await expectFirst(store)
    })

    test('a staged file waits for its manifest, and goes with the first one that does not name it', async () => {
      const { place, store } = await withFirst()
      for (const [file, bytes] of b.files) await store.stage(file, bytes)
      await store.stage(b.reference.textFile.file, b.textFile)
      await expectFirst(place.open())
      await store.commit(indexOf([a, b], 2), new Map(), 1)
      expect(await readFile(place.open(), b.reference.textFile)).toEqual(b.textFile)

      const c = sampleSegment(3)
      await store.stage(c.reference.textFile.file, c.textFile)
      expect(await store.has(c.reference.textFile.file)).toBe(true)
      await store.commit(indexOf([a], 3), new Map(), 2)
      expect(await store.has(c.reference.textFile.file)).toBe(false)
    })

    test('a file in parts is read as one, and its parts go when no manifest names them', async () => {
      const { place, store } = await withFirst()
      const parted = cutText(b)
      const { textFile } = parted.reference
      expect(textFile.parts!.length).toBeGreaterThan(1)
      await store.commit(indexOf([a, parted], 2), parted.files, 1)
      expect(await readFile(place.open(), textFile)).toEqual(b.textFile)
      expect(await store.has(textFile.file)).toBe(false)
      for (const { file } of storedFiles(textFile)) expect(await store.has(file)).toBe(true)

      await store.commit(indexOf([a], 3), new Map(), 2)
      for (const { file } of storedFiles(textFile)) expect(await store.has(file)).toBe(false)
      const source = await store.open(textFile)
      await expect(source.read(0, 1)).rejects.toMatchObject({ code: 'segment-missing' })
    })

    test('a commit without one of the parts is segment-missing and changes nothing', async () => {
      const { store } = await withFirst()
      const parted = cutText(b)
      const files = new Map(parted.files)
      files.delete(storedFiles(parted.reference.textFile)[1]!.file)
      await expect(store.commit(indexOf([a, parted], 2), files, 1)).rejects.toMatchObject({
        code: 'segment-missing',
      })
      await expectFirst(store)
    })

    test('a part of another length than the manifest says is segment-corrupt, and the others are read', async () => {
      const { store } = await withFirst()
      const parted = cutText(b)
      const { textFile } = parted.reference
      await store.commit(indexOf([a, parted], 2), parted.files, 1)
      const [first, second] = storedFiles(textFile)
      await store.stage(second!.file, parted.files.get(second!.file)!.slice(1))
      const source = await store.open(textFile)
      expect(await source.read(0, first!.bytes)).toEqual(b.textFile.slice(0, first!.bytes))
      await expect(source.read(first!.bytes, 1)).rejects.toMatchObject({ code: 'segment-corrupt' })
    })

    test('keeping everything is done at once', async () => {
      const { store } = await withFirst()
      await store.keepAll()
      await expectFirst(store)
    })

    test('clearing removes the index, and a new one can be made', async () => {
      const { place, store } = await withFirst()
      await store.clear()
      expect(await place.open().readManifest()).toBeUndefined()
      expect(await store.has(a.reference.textFile.file)).toBe(false)
      await store.commit(indexOf([b], 1), b.files, 0)
      expect(await readFile(store, b.reference.textFile)).toEqual(b.textFile)
    })

    test('files of the base of a local copy may be missing', async () => {
      const store = (await makePlace()).open()
      const sha256 = a.reference.textFile.sha256
      const copy = { ...indexOf([a, b], 1), base: { sha256, segments: 1, removedIds: [] } }
      await store.commit(copy, b.files, 0)
      expect(await store.readManifest()).toEqual(copy)
      await store.stage(a.reference.textFile.file, a.textFile)
      await store.commit({ ...copy, revision: 2 }, new Map(), 1)
      expect(await readFile(store, a.reference.textFile)).toEqual(a.textFile)
    })

    test('whoever reads during a commit gets the right bytes or segment-missing', async () => {
      const { place, store } = await withFirst()
      const source = await place.open().open(a.reference.vectorFile)
      const reads: Promise<unknown>[] = []
      const read = () =>
        source.read(0, source.byteLength).then(
          (bytes) => expect(bytes).toEqual(a.vectorFile),
          (error) => expect(error).toMatchObject({ code: 'segment-missing' }),
        )
      reads.push(read(), read())
      const commit = store.commit(indexOf([b], 2), b.files, 1)
      for (let i = 0; i < 10; i++) reads.push(read())
      await commit
      reads.push(read())
      await Promise.all(reads)
    })

    test('nobody ever sees a manifest without its files', async () => {
      const { place, store } = await withFirst()
      const reader = place.open()
      let done = false
      const watch = async () => {
        while (!done) {
          const manifest = await reader.readManifest()
          const names = manifest!.segments.map(({ textFile }) => textFile)
          const found = await Promise.all(names.map(({ file }) => reader.has(file)))
          const now = await reader.readManifest()
          if (now!.revision === manifest!.revision) expect(found).not.toContain(false)
        }
      }
      const watching = watch()
      const segments = Array.from({ length: 10 }, (_, i) => sampleSegment(100 + i))
      for (const [i, segment] of segments.entries()) {
        await store.commit(indexOf([segment], i + 2), segment.files, i + 1)
      }
      done = true
      await watching
    })

    test('nothing works on an aborted signal or after close', async () => {
      const { place, store } = await withFirst()
      const aborted = { code: 'aborted' }
      await expect(store.readManifest(AbortSignal.abort())).rejects.toMatchObject(aborted)
      await expect(store.open(a.reference.textFile, AbortSignal.abort())).rejects.toMatchObject(aborted)
      await place.open().close()
      const last = (await makePlace()).open()
      await last.close()
      await last.close()
      const closed = { code: 'closed' }
      await expect(last.readManifest()).rejects.toMatchObject(closed)
      await expect(last.open(a.reference.textFile)).rejects.toMatchObject(closed)
      await expect(last.has(a.reference.textFile.file)).rejects.toMatchObject(closed)
      await expect(last.stage(a.reference.textFile.file, a.textFile)).rejects.toMatchObject(closed)
      await expect(last.commit(indexOf([a], 1), a.files, 0)).rejects.toMatchObject(closed)
      await expect(last.clear()).rejects.toMatchObject(closed)
    })
  })
}
