import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, expect, test } from 'vitest'
import { sha256Hex } from '../util/hash.ts'
import { httpSource } from './source-http.ts'

const closers: (() => Promise<void>)[] = []
afterEach(() => Promise.all(closers.splice(0).map((close) => close())))

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(
    () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  )
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/models/mini`
}

const CONTENT = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7) % 251)
const FACTS = { bytes: CONTENT.length, sha256: sha256Hex(CONTENT) }

test('a file is read whole, with growing progress', async () => {
  const url = await serve((request, response) => {
    expect(request.url).toBe('/models/mini/onnx/model.onnx')
    response.end(CONTENT)
  })
  const progress: number[] = []
  const source = httpSource(url)
  const bytes = await source.read('onnx/model.onnx', { expected: FACTS, onBytes: (n) => progress.push(n) })
  expect(sha256Hex(bytes)).toBe(FACTS.sha256)
  expect(progress.at(-1)).toBe(CONTENT.length)
  expect(progress).toEqual([...progress].sort((a, b) => a - b))
  expect(source.name).toBe('mini')
})

test('a file that no memory can hold is called too large, not out of reach', async () => {
  const url = await serve((_, response) => response.end(CONTENT))
  const expected = { ...FACTS, bytes: Number.MAX_SAFE_INTEGER }
  await expect(httpSource(url).read('x.bin', { expected })).rejects.toMatchObject({
    code: 'model-too-large',
    message: expect.stringContaining(`${Number.MAX_SAFE_INTEGER} bytes`),
  })
})

test('a transfer that breaks off is taken up where it stopped', async () => {
  const ranges: (string | undefined)[] = []
  const url = await serve((request, response) => {
    const { range } = request.headers
    ranges.push(range)
    const from = Number(/bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0)
    response.writeHead(range ? 206 : 200, { 'content-length': CONTENT.length - from })
    if (ranges.length > 2) response.end(CONTENT.subarray(from))
    else
      response.write(CONTENT.subarray(from, from + 100_000), () => setTimeout(() => response.destroy(), 50))
  })
  const bytes = await httpSource(url).read('x.bin', { expected: FACTS })
  expect(sha256Hex(bytes)).toBe(FACTS.sha256)
  expect(ranges).toEqual([undefined, 'bytes=100000-', 'bytes=200000-'])
})

test('a transfer that was given up is taken up by the next read', async () => {
  let isAway = false
  const ranges: (string | undefined)[] = []
  const url = await serve((request, response) => {
    if (isAway) return void response.destroy()
    const { range } = request.headers
    ranges.push(range)
    const from = Number(/bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0)
    response.writeHead(range ? 206 : 200, { 'content-length': CONTENT.length - from })
    if (range) return void response.end(CONTENT.subarray(from))
    isAway = true
    response.write(CONTENT.subarray(0, 100_000), () => setTimeout(() => response.destroy(), 50))
  })
  await expect(httpSource(url).read('x.bin', { expected: FACTS })).rejects.toMatchObject({ code: 'network' })
  isAway = false
  const bytes = await httpSource(url).read('x.bin', { expected: FACTS })
  expect(sha256Hex(bytes)).toBe(FACTS.sha256)
  expect(ranges).toEqual([undefined, 'bytes=100000-'])
})

test('what is not the expected file, as a stale copy in a cache, is fetched once more', async () => {
  let requests = 0
  const url = await serve((_, response) => {
    response.end(++requests === 1 ? CONTENT.subarray(0, 1000) : CONTENT)
  })
  const bytes = await httpSource(url).read('x.bin', { expected: FACTS })
  expect(sha256Hex(bytes)).toBe(FACTS.sha256)
  expect(requests).toBe(2)
})

test('a server that knows no ranges starts over', async () => {
  let requests = 0
  const url = await serve((_, response) => {
    response.writeHead(200, { 'content-length': CONTENT.length })
    if (++requests > 1) response.end(CONTENT)
    else response.write(CONTENT.subarray(0, 1000), () => setTimeout(() => response.destroy(), 50))
  })
  const bytes = await httpSource(url).read('x.bin', { expected: FACTS })
  expect(sha256Hex(bytes)).toBe(FACTS.sha256)
})

test.each([
  ['is not named', {}],
  ['is named weakly', { etag: 'W/"1"' }],
])('parts of a file whose version %s are not put together', async (_, headers) => {
  const ranges: (string | undefined)[] = []
  const url = await serve((request, response) => {
    ranges.push(request.headers.range)
    response.writeHead(200, { 'content-length': CONTENT.length, ...headers })
    if (ranges.length > 1) response.end(CONTENT)
    else response.write(CONTENT.subarray(0, 1000), () => setTimeout(() => response.destroy(), 50))
  })
  expect(sha256Hex(await httpSource(url).read('x.bin'))).toBe(FACTS.sha256)
  expect(ranges).toEqual([undefined, undefined])
})

test('a part that begins elsewhere than it was asked to is not put behind the others', async () => {
  const ranges: (string | undefined)[] = []
  const url = await serve((request, response) => {
    const { range } = request.headers
    ranges.push(range)
    const part = range ? { 'content-range': `bytes 500-${CONTENT.length - 1}/${CONTENT.length}` } : {}
    const content = range ? CONTENT.subarray(500) : CONTENT
    response.writeHead(range ? 206 : 200, { 'content-length': content.length, etag: '"1"', ...part })
    if (ranges.length > 1) response.end(content)
    else response.write(content.subarray(0, 1000), () => setTimeout(() => response.destroy(), 50))
  })
  // Without a hash nothing would tell afterwards.
  expect(sha256Hex(await httpSource(url).read('x.bin'))).toBe(FACTS.sha256)
  expect(ranges).toEqual([undefined, 'bytes=1000-', undefined])
})

test('a connection that brings nothing is given up as a network failure', async () => {
  let requests = 0
  const url = await serve((_, response) => {
    requests++
    response.destroy()
  })
  await expect(httpSource(url).read('x.bin')).rejects.toMatchObject({ code: 'network' })
  expect(requests).toBeLessThan(5)
})

test.each([
  [401, 'model-gated'],
  [404, 'model-missing-file'],
  [403, 'model-missing-file'],
  [500, 'network'],
  [429, 'network'],
])('status %i becomes %s and names the file', async (status, code) => {
  const url = await serve((_, response) => response.writeHead(status).end('no'))
  await expect(httpSource(url).read('tokenizer.json')).rejects.toMatchObject({
    code,
    message: expect.stringContaining('tokenizer.json'),
  })
})

test.each([
  ['by its type', { 'content-type': 'text/html; charset=utf-8' }, 'hello'],
  ['by its first bytes', { 'content-type': 'application/octet-stream' }, '\n<!DOCTYPE html><html></html>'],
])('a web page answered in place of a file is recognised %s', async (_, headers, body) => {
  const url = await serve((_request, response) => response.writeHead(200, headers).end(body))
  await expect(httpSource(url).read('modules.json')).rejects.toMatchObject({
    code: 'model-missing-file',
    message: expect.stringContaining('web page'),
  })
})

test('a file of the wrong length or content is refused', async () => {
  const url = await serve((request, response) =>
    response.end(request.url?.endsWith('short') ? CONTENT.subarray(1) : CONTENT.slice().reverse()),
  )
  const source = httpSource(url)
  await expect(source.read('short', { expected: FACTS })).rejects.toMatchObject({ code: 'model-invalid' })
  await expect(source.read('other', { expected: FACTS })).rejects.toMatchObject({ code: 'model-invalid' })
})

test('has() tells files from missing ones and from web pages', async () => {
  const url = await serve((request, response) => {
    if (request.url?.endsWith('there')) response.end(CONTENT)
    else if (request.url?.endsWith('page')) response.writeHead(200, { 'content-type': 'text/html' }).end('x')
    else response.writeHead(404).end()
  })
  const source = httpSource(url)
  expect(await Promise.all(['there', 'page', 'gone'].map((path) => source.has(path)))).toEqual([
    true,
    false,
    false,
  ])
})

test('aborting ends a transfer in the middle', async () => {
  const url = await serve((_, response) => {
    response.writeHead(200, { 'content-length': CONTENT.length })
    response.write(CONTENT.subarray(0, 1000))
  })
  const controller = new AbortController()
  const reading = httpSource(url).read('x.bin', {
    signal: controller.signal,
    onBytes: () => controller.abort(),
  })
  await expect(reading).rejects.toMatchObject({ code: 'aborted' })
})

const PACKED = gzipSync(CONTENT)
const PACKED_FACTS = { ...FACTS, gzip: PACKED.length }

test('a file that is stored as gzip is fetched as such and unpacked, and its progress counts what is transferred', async () => {
  const url = await serve((request, response) => {
    expect(request.url).toBe('/models/mini/x.bin.gzip')
    response.end(PACKED)
  })
  const progress: number[] = []
  const bytes = await httpSource(url).read('x.bin', {
    expected: PACKED_FACTS,
    onBytes: (n) => progress.push(n),
  })
  expect(sha256Hex(bytes)).toBe(FACTS.sha256)
  expect(progress.at(-1)).toBe(PACKED.length)
})

test('a host that unpacks what it sends is as good', async () => {
  const url = await serve((_, response) =>
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(PACKED),
  )
  expect(sha256Hex(await httpSource(url).read('x.bin', { expected: PACKED_FACTS }))).toBe(FACTS.sha256)
})

test('gzip that is damaged, or holds another file, is refused by name', async () => {
  const damaged = Uint8Array.from(PACKED)
  damaged[PACKED.length >> 1]! ^= 1
  for (const stored of [damaged, PACKED.subarray(0, 50), gzipSync('another file')]) {
    const url = await serve((_, response) => response.end(stored))
    await expect(httpSource(url).read('x.bin', { expected: PACKED_FACTS })).rejects.toMatchObject({
      code: 'model-invalid',
      message: expect.stringContaining('x.bin'),
    })
  }
})
