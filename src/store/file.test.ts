import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseManifest } from '../segment/manifest.ts'
import { fileReference } from '../segment/write.ts'
import { byteSourceSuite, sampleBytes } from './byte-source.test-suite.ts'
import { fileStore } from './file.node.ts'
import { indexOf, indexStoreSuite, readFile as readStored, sampleSegment } from './index-store.test-suite.ts'

let root: string
let places = 0
const newFolder = () => join(root, String(places++))

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'lateen-store-'))
})
afterAll(() => rm(root, { recursive: true }))

byteSourceSuite('file', async () => {
  const bytes = sampleBytes(100_000)
  const file = fileReference(bytes, 'lexical')
  const store = fileStore(newFolder())
  await store.stage(file.file, bytes)
  return { source: await store.open(file), bytes }
})

indexStoreSuite('file', async () => {
  const folder = newFolder()
  return { open: () => fileStore(folder) }
})

const a = sampleSegment(1)
const b = sampleSegment(2)

test('a folder that is shared with a site loses none of its files', async () => {
  const folder = newFolder()
  await mkdir(folder)
  await writeFile(join(folder, 'index.html'), 'site')
  await writeFile(join(folder, 'notes.text'), 'not ours')
  const store = fileStore(folder)
  await store.commit(indexOf([a], 1), a.files, 0)
  await store.commit(indexOf([b], 2), b.files, 1)
  expect((await readdir(folder)).sort()).toEqual(
    ['index.html', 'manifest.json', 'notes.text', ...b.files.keys()].sort(),
  )
  await store.clear()
  expect((await readdir(folder)).sort()).toEqual(['index.html', 'notes.text'])
})

test('a process that died before the manifest leaves the old index, and its remains go with the next commit', async () => {
  const folder = newFolder()
  const store = fileStore(folder)
  await store.commit(indexOf([a], 1), a.files, 0)
  // What is there when the process ends after the files, before the manifest was renamed.
  for (const [file, bytes] of b.files) await writeFile(join(folder, file), bytes)
  await writeFile(join(folder, `${b.reference.textFile.file}.tmp`), 'half')
  await writeFile(join(folder, 'manifest.json.tmp'), '{"format"')
  await writeFile(join(folder, 'commit.lock'), '999999999')
  expect(await store.readManifest()).toEqual(indexOf([a], 1))

  const c = sampleSegment(3)
  await store.commit(indexOf([a, c], 2), c.files, 1)
  expect((await readdir(folder)).sort()).toEqual(
    ['manifest.json', ...a.files.keys(), ...c.files.keys()].sort(),
  )
})

test('a commit waits for a living process, and gives up with index-conflict', async () => {
  const folder = newFolder()
  const store = fileStore(folder, { lockTimeoutMs: 100 })
  await store.commit(indexOf([a], 1), a.files, 0)
  await writeFile(join(folder, 'commit.lock'), String(process.ppid))
  await expect(store.commit(indexOf([b], 2), b.files, 1)).rejects.toMatchObject({
    code: 'index-conflict',
    message: expect.stringContaining(`Process ${process.ppid}`),
  })
  const later = fileStore(folder).commit(indexOf([b], 2), b.files, 1)
  await rm(join(folder, 'commit.lock'))
  await later
  expect((await store.readManifest())!.revision).toBe(2)
})

test('a commit that fails half-way leaves the old index and no lock', async () => {
  const folder = newFolder()
  const store = fileStore(folder)
  await store.commit(indexOf([a], 1), a.files, 0)
  // A folder in the place of a file makes the second write fail, whoever runs this.
  const blocked = [...b.files.keys()][1]!
  await mkdir(join(folder, `${blocked}.tmp`))
  await expect(store.commit(indexOf([b], 2), b.files, 1)).rejects.toMatchObject({
    code: 'storage-unavailable',
  })
  expect(await store.readManifest()).toEqual(indexOf([a], 1))
  expect(await readStored(store, a.reference.textFile)).toEqual(a.textFile)
  expect(await readdir(folder)).not.toContain('commit.lock')
})

test('the manifest on disk is the canonical text', async () => {
  const folder = newFolder()
  await fileStore(folder).commit(indexOf([a], 1), a.files, 0)
  expect(parseManifest(await readFile(join(folder, 'manifest.json')))).toEqual(indexOf([a], 1))
})

test('a name that is no content hash opens nothing, whatever lies there', async () => {
  const folder = newFolder()
  const store = fileStore(folder)
  await store.commit(indexOf([a], 1), a.files, 0)
  for (const name of ['manifest.json', '../secret', '', `../${a.reference.textFile.file}`]) {
    await expect(store.open({ file: name, bytes: 1 })).rejects.toMatchObject({ code: 'segment-missing' })
    expect(await store.has(name)).toBe(false)
  }
})

test('a file that was cut after it was opened is refused', async () => {
  const folder = newFolder()
  const store = fileStore(folder)
  await store.commit(indexOf([a], 1), a.files, 0)
  const { vectorFile } = a.reference
  const source = await store.open(vectorFile)
  await writeFile(join(folder, vectorFile.file), a.vectorFile.slice(0, 500))
  await expect(source.read(400, 200)).rejects.toMatchObject({ code: 'segment-corrupt' })
})

test('a damaged manifest is refused as index-invalid', async () => {
  const folder = newFolder()
  await mkdir(folder)
  await writeFile(join(folder, 'manifest.json'), '{"format": "lateen-index"')
  await expect(fileStore(folder).readManifest()).rejects.toMatchObject({ code: 'index-invalid' })
})

test('a path that cannot be a folder is storage-unavailable', async () => {
  const file = newFolder()
  await writeFile(file, 'a file')
  await expect(fileStore(file).commit(indexOf([a], 1), a.files, 0)).rejects.toMatchObject({
    code: 'storage-unavailable',
  })
})

test.skipIf(process.getuid?.() === 0)('a folder without permission is storage-unavailable', async () => {
  const folder = newFolder()
  await mkdir(folder)
  await chmod(folder, 0o500)
  await expect(fileStore(folder).commit(indexOf([a], 1), a.files, 0)).rejects.toMatchObject({
    code: 'storage-unavailable',
  })
})

test.skipIf(process.platform !== 'linux')('a full disk is storage-full', async () => {
  const folder = newFolder()
  const store = fileStore(folder)
  await store.commit(indexOf([a], 1), a.files, 0)
  await symlink('/dev/full', join(folder, 'manifest.json.tmp'))
  await expect(store.commit(indexOf([a], 2), new Map(), 1)).rejects.toMatchObject({ code: 'storage-full' })
  expect(await store.readManifest()).toEqual(indexOf([a], 1))
})
