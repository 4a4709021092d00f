import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { runtimeBinary } from './runtime.web.ts'

const NAME = 'runtime.wasm'
const URL_OF_1 = '/assets/runtime-1.wasm.gzip'
const WASM = Uint8Array.from({ length: 50_000 }, (_, i) => [0x00, 0x61, 0x73, 0x6d][i] ?? (i * 7) % 251)

async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const packing = new Response(bytes).body!.pipeThrough(new CompressionStream('gzip'))
  return new Uint8Array(await new Response(packing).arrayBuffer())
}

/** Serves this body at every address, and counts how often. */
function serve(body: Uint8Array<ArrayBuffer> | string, headers: Record<string, string> = {}) {
  const fetched = vi
    .spyOn(globalThis, 'fetch')
    .mockImplementation(async () => new Response(body, { headers }))
  onTestFinished(() => fetched.mockRestore())
  return fetched
}

const read = (url = URL_OF_1, onBytes: (received: number, total?: number) => void = () => undefined) =>
  runtimeBinary(NAME, url, '1', { onBytes, onFallback: () => expect.unreachable() })

beforeEach(() => caches.delete('lateen-models'))

test('the file is unpacked, its transfer is told, and the next visit needs no network', async () => {
  const packed = await gzip(WASM)
  const fetched = serve(packed, { 'content-length': `${packed.length}` })
  const onBytes = vi.fn()
  expect(await read(URL_OF_1, onBytes)).toEqual(WASM)
  expect(onBytes).toHaveBeenLastCalledWith(packed.length, packed.length)
  expect(await read()).toEqual(WASM)
  expect(fetched).toHaveBeenCalledTimes(1)
})

test('a host or development server that has unpacked it is as good', async () => {
  serve(WASM)
  expect(await read()).toEqual(WASM)
})

test('a damaged copy is fetched again', async () => {
  const packed = await gzip(WASM)
  const fetched = serve(packed)
  await read()
  const cache = await caches.open('lateen-models')
  const [request] = await cache.keys()
  const damaged = packed.slice()
  damaged[packed.length >> 1]! ^= 1
  await cache.put(request!, new Response(damaged))
  expect(await read()).toEqual(WASM)
  expect(fetched).toHaveBeenCalledTimes(2)
})

test('what a cache on the way has spoiled is fetched once more past it', async () => {
  const packed = await gzip(WASM)
  const fetched = serve(packed)
  fetched.mockImplementationOnce(async () => new Response(packed.slice(0, 100)))
  expect(await read()).toEqual(WASM)
  expect(fetched.mock.calls.map(([, options]) => options?.cache)).toEqual(['default', 'reload'])
})

test('another version takes the place of the old one', async () => {
  serve(await gzip(WASM))
  await read()
  await read('/assets/runtime-2.wasm.gzip')
  expect(await (await caches.open('lateen-models')).keys()).toHaveLength(1)
})

test('a page in its place is an error that names the address, and is not kept', async () => {
  serve('<!doctype html><title>Not here</title>')
  await expect(read()).rejects.toMatchObject({
    code: 'network',
    message: expect.stringContaining(URL_OF_1),
  })
  expect(await (await caches.open('lateen-models')).keys()).toEqual([])
})

test('a full disk is told and does not matter', async () => {
  serve(await gzip(WASM))
  const put = vi
    .spyOn(Cache.prototype, 'put')
    .mockRejectedValue(new DOMException('Full.', 'QuotaExceededError'))
  onTestFinished(() => put.mockRestore())
  const onFallback = vi.fn()
  expect(await runtimeBinary(NAME, URL_OF_1, '1', { onBytes: () => undefined, onFallback })).toEqual(WASM)
  expect(onFallback).toHaveBeenCalledWith(expect.objectContaining({ from: 'cache', code: 'storage-full' }))
})
