import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { serializeManifest, storedFiles } from '../segment/manifest.ts'
import { openTextSegment } from '../segment/read.ts'
import { buildSegment, cutText, residualCodec, sampleDocument } from '../segment/samples.test-suite.ts'
import { fileReference } from '../segment/write.ts'
import { byteSourceSuite, sampleBytes } from './byte-source.test-suite.ts'
import { type HttpStoreOptions, httpStore } from './http.ts'
import { indexOf, readFile, sampleSegment } from './index-store.test-suite.ts'
import { verifySource } from './source.ts'
import { type StaticHost, staticHost } from './static-host.node.ts'

const codec = residualCodec()
const a = sampleSegment(1)
const manifest = indexOf([a], 1)
const { vectorFile } = a.reference
const { file, bytes } = vectorFile
const page = '<!doctype html><title>My app</title>'
const host = await staticHost()
const rangeless = await staticHost({ ranges: false })

function deploy(at: StaticHost) {
  at.files.clear()
  at.files.set('manifest.json', serializeManifest(manifest))
  for (const [name, content] of a.files) at.files.set(name, content)
  at.requests.length = 0
  at.fault = undefined
}
beforeEach(() => {
  deploy(host)
  deploy(rangeless)
})
afterAll(() => Promise.all([host.close(), rangeless.close()]))

/** A store of one file of 100,000 bytes. */
async function bigFile(at: StaticHost, options: HttpStoreOptions) {
  const content = sampleBytes(100_000)
  const lexicalFile = fileReference(content, 'lexical')
  const segments = [{ ...a.reference, lexicalFile }]
  at.files.set('manifest.json', serializeManifest({ ...manifest, segments }))
  at.files.set(lexicalFile.file, content)
  const source = await httpStore(at.url, options).open(lexicalFile)
  at.requests.length = 0
  return { source, bytes: content, reference: lexicalFile }
}

byteSourceSuite('http, whole files', () => bigFile(host, {}))
byteSourceSuite('http, by Range', () => bigFile(host, { rangeFrom: 1000 }))
byteSourceSuite('http, by Range on a host without it', () => bigFile(rangeless, { rangeFrom: 1000 }))

test('reads a manifest and its files, from an address with or without a slash', async () => {
  for (const url of [host.url, host.url.slice(0, -1)]) {
    const store = httpStore(url)
    expect(await store.readManifest()).toEqual(manifest)
    expect(await readFile(store, a.reference.textFile)).toEqual(a.textFile)
  }
})

test('a file is fetched by one request however often and in how many parts it is read', async () => {
  const { source, reference } = await bigFile(host, {})
  await Promise.all([source.read(0, 10), source.read(50_000, 10), verifySource(source, reference)])
  await source.read(99_990, 10)
  expect(host.requests).toEqual([reference.file])
})

test('a large file is read by the ranges asked for, and nothing else', async () => {
  const { source, reference } = await bigFile(host, { rangeFrom: 100_000 })
  await source.read(0, 10)
  await source.read(50_000, 1000)
  expect(host.requests).toEqual([`${reference.file} bytes=0-9`, `${reference.file} bytes=50000-50999`])
})

test('a host without Range costs one refused part, then the whole file once', async () => {
  const { source, reference } = await bigFile(rangeless, { rangeFrom: 1000 })
  for (let i = 0; i < 5; i++) await source.read(i * 100, 100)
  expect(rangeless.requests).toEqual([`${reference.file} bytes=0-99`, reference.file])
})

test('a part of the wrong length, as from a host that compresses, falls back to the whole file', async () => {
  const { source, bytes } = await bigFile(host, { rangeFrom: 1000 })
  host.fault = (request, response) => {
    if (!request.headers.range) return false
    response.writeHead(206).end('compressed')
    return true
  }
  expect(await source.read(500, 500)).toEqual(bytes.slice(500, 1000))
})

test('a part of a file that has another length now is segment-corrupt', async () => {
  const { source, reference } = await bigFile(host, { rangeFrom: 1000 })
  host.files.set(reference.file, sampleBytes(90_000))
  await expect(source.read(0, 10)).rejects.toMatchObject({ code: 'segment-corrupt' })
  await expect(source.read(95_000, 10)).rejects.toMatchObject({ code: 'segment-corrupt' })
})

test('progress counts bytes up to the length of the file', async () => {
  const seen: number[] = []
  const { source } = await bigFile(host, { onDownload: (_file, done, total) => seen.push(done / total) })
  await source.read(0, 1)
  expect(seen.at(-1)).toBe(1)
  expect(seen).toEqual(seen.toSorted((x, y) => x - y))
})

const parted = cutText(
  buildSegment([sampleDocument({ id: 'a', vectors: [2, 1], textLength: 4000 }, codec, 1)]),
)
const { textFile } = parted.reference
const [head, block] = storedFiles(textFile).map(({ file }) => file) as [string, string]
const partedManifest = indexOf([parted], 1)

function deployParts() {
  host.files.clear()
  host.files.set('manifest.json', serializeManifest(partedManifest))
  for (const [name, content] of parted.files) host.files.set(name, content)
}
const openText = async () =>
  openTextSegment(await httpStore(host.url).open(textFile), partedManifest, parted.reference)

byteSourceSuite('http, in parts', async () => {
  deployParts()
  return { source: await httpStore(host.url).open(textFile), bytes: parted.textFile }
})

test('of a file in parts, only those that are needed are fetched, each once, without Range', async () => {
  deployParts()
  const text = await openText()
  expect(host.requests).toEqual([head])
  await Promise.all([text.readPassage(0), text.readPassage(1)])
  expect(host.requests).toEqual([head, block])
})

test('small parts tell no progress', async () => {
  deployParts()
  const told: string[] = []
  const source = await httpStore(host.url, { onDownload: (file) => told.push(file) }).open(textFile)
  await source.read(0, textFile.bytes)
  expect(told).toEqual([])
})

test('reads at the same time share the request of a part, and one who aborts does not spoil it', async () => {
  deployParts()
  const source = await httpStore(host.url).open(textFile)
  const controller = new AbortController()
  const given = source.read(0, 10, controller.signal).catch((error) => error.code)
  const others = [source.read(5, 10), source.read(100, 50)]
  controller.abort()
  expect(await given).toBe('aborted')
  await Promise.all(others)
  expect(host.requests).toEqual([head])
})

test('a request for a part that failed is made again by the next read', async () => {
  deployParts()
  const source = await httpStore(host.url).open(textFile)
  host.fault = (_request, response) => response.writeHead(503).end() !== undefined
  await expect(source.read(0, 10)).rejects.toMatchObject({ code: 'network' })
  host.fault = undefined
  expect(await source.read(0, 10)).toEqual(parted.textFile.slice(0, 10))
})

test.each<[string, () => void]>([
  ['is gone, as with the manifest of another edition', () => host.files.delete(block)],
  [
    'is answered by a page',
    () => {
      host.fault = (_request, response, path) =>
        path === block && response.writeHead(200, { 'content-type': 'text/html' }).end(page) !== undefined
    },
  ],
])('a part that %s is segment-missing, with what to do, and the rest is read', async (_name, spoil) => {
  deployParts()
  spoil()
  const text = await openText()
  expect(text.documents.length).toBe(1)
  await expect(text.readPassage(0)).rejects.toMatchObject({
    code: 'segment-missing',
    message: expect.stringMatching(/reload the page.*deploy the whole index again/),
  })
})

test.each<[string, (bytes: Uint8Array) => Uint8Array]>([
  ['truncated', (bytes) => bytes.slice(1)],
  ['longer', (bytes) => Uint8Array.of(...bytes, 0)],
  ['damaged', (bytes) => bytes.map((byte, i) => (i === 40 ? byte ^ 1 : byte))],
])(
  'a part that is %s is asked for once more, past the caches, and then segment-corrupt',
  async (_name, spoil) => {
    deployParts()
    const good = parted.files.get(block)!
    host.files.set(block, spoil(good))
    const text = await openText()
    host.requests.length = 0
    await expect(text.readPassage(0)).rejects.toMatchObject({ code: 'segment-corrupt' })
    expect(host.requests).toEqual([block, block])
    host.files.set(block, good)
    expect((await text.readPassage(0)).documentId).toBe('a')
  },
)

test('a host without an index has no manifest', async () => {
  host.files.clear()
  expect(await httpStore(host.url).readManifest()).toBeUndefined()
  const source = await httpStore(host.url).open(vectorFile)
  await expect(source.read(0, 10)).rejects.toMatchObject({ code: 'segment-missing' })
})

test('a page in place of the manifest is index-not-found, whatever its type says', async () => {
  for (const type of ['text/html; charset=utf-8', 'application/json']) {
    host.fault = (_request, response) =>
      response.writeHead(200, { 'content-type': type }).end(page) !== undefined
    await expect(httpStore(host.url).readManifest()).rejects.toMatchObject({
      code: 'index-not-found',
      message: expect.stringContaining('found an HTML page'),
    })
  }
})

test('a page in place of a file is segment-missing', async () => {
  const source = await httpStore(host.url).open(vectorFile)
  host.fault = (_request, response) =>
    response.writeHead(200, { 'content-type': 'text/html' }).end(page) !== undefined
  await expect(source.read(0, 10)).rejects.toMatchObject({ code: 'segment-missing' })
})

test('a file that is gone from the host is segment-missing', async () => {
  const source = await httpStore(host.url).open(vectorFile)
  host.files.delete(file)
  await expect(source.read(0, 10)).rejects.toMatchObject({ code: 'segment-missing' })
})

test.each([403, 429, 500, 503])(
  'status %i is a network error, and the next read tries again',
  async (status) => {
    const store = httpStore(host.url)
    host.fault = (_request, response) => response.writeHead(status).end() !== undefined
    const failed = { code: 'network', message: expect.stringContaining(`${status}`) }
    await expect(store.readManifest()).rejects.toMatchObject(failed)
    host.fault = undefined
    const source = await store.open(vectorFile)
    host.fault = (_request, response) => response.writeHead(status).end() !== undefined
    await expect(source.read(0, 10)).rejects.toMatchObject(failed)
    host.fault = undefined
    expect(await source.read(0, bytes)).toEqual(a.vectorFile)
  },
)

test('a connection that breaks in the middle is a network error, and the next read tries again', async () => {
  const source = await httpStore(host.url).open(vectorFile)
  host.fault = (_request, response) => {
    response.writeHead(200, { 'content-length': bytes })
    response.write(a.vectorFile.subarray(0, 500), () => response.destroy())
    return true
  }
  await expect(source.read(0, 10)).rejects.toMatchObject({ code: 'network' })
  host.fault = undefined
  expect(await source.read(0, bytes)).toEqual(a.vectorFile)
})

test('a host that cannot be reached is a network error', async () => {
  const gone = await staticHost()
  await gone.close()
  await expect(httpStore(gone.url).readManifest()).rejects.toMatchObject({ code: 'network' })
})

test.each([
  ['shorter', a.vectorFile.slice(1)],
  ['longer', new Uint8Array(bytes + 1)],
  ['empty', new Uint8Array(0)],
])('a file that is %s than the manifest says is segment-corrupt', async (_name, content) => {
  const source = await httpStore(host.url).open(vectorFile)
  host.files.set(file, content)
  await expect(source.read(0, 10)).rejects.toMatchObject({ code: 'segment-corrupt' })
})

test('a file of the right length with other bytes is refused by verification', async () => {
  host.files.set(
    file,
    a.vectorFile.map((byte, i) => (i === 700 ? byte ^ 1 : byte)),
  )
  const source = await httpStore(host.url).open(vectorFile)
  await expect(verifySource(source, a.reference.vectorFile)).rejects.toMatchObject({
    code: 'segment-corrupt',
  })
})

test('a caller that aborts leaves alone; the transfer ends when the last one has left', async () => {
  let ended = 0
  host.fault = (_request, response, path) => {
    if (path === 'manifest.json') return false
    response.writeHead(200, { 'content-length': bytes })
    response.write(a.vectorFile.subarray(0, 100))
    response.on('close', () => ended++)
    return true
  }
  const source = await httpStore(host.url).open(vectorFile)
  const [first, second] = [new AbortController(), new AbortController()]
  const reads = [source.read(0, 10, first.signal), source.read(0, 10, second.signal)].map((read) =>
    read.catch((error) => error.code),
  )
  await setTimeout(100)
  first.abort()
  expect(await reads[0]).toBe('aborted')
  await setTimeout(50)
  expect(ended).toBe(0)
  second.abort()
  expect(await reads[1]).toBe('aborted')
  await expect.poll(() => ended).toBe(1)
  host.fault = undefined
  expect(await source.read(0, bytes)).toEqual(a.vectorFile)
})

test('a caller that arrives while an abandoned transfer ends gets the file', async () => {
  const source = await httpStore(host.url).open(vectorFile)
  const controller = new AbortController()
  const abandoned = source.read(0, 10, controller.signal).catch((error) => error.code)
  controller.abort()
  const second = source.read(0, bytes)
  expect(await abandoned).toBe('aborted')
  expect(await second).toEqual(a.vectorFile)
})

test('it cannot be changed, and does nothing after close', async () => {
  const store = httpStore(host.url)
  expect(store.writable).toBe(false)
  await expect(store.commit(indexOf([a], 2), new Map(), 1)).rejects.toMatchObject({ code: 'index-read-only' })
  await store.close()
  await expect(store.readManifest()).rejects.toMatchObject({ code: 'closed' })
  await expect(store.open(vectorFile)).rejects.toMatchObject({ code: 'closed' })
})
