import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { EncodedText } from './encoder.ts'
import { openGpu } from './gpu.web.ts'
import { type LoadedWebEncoder, loadWebEncoder } from './load.web.ts'

const MODEL = '/models/lateen-mini/'
const QUERY = 'how do i cancel a running fetch request'
const DOCUMENTS = ['Paris is the capital of France.', 'Call abort() on the controller.', 'Short.']

const gpu = await openGpu().then(
  (opened) => opened,
  () => undefined,
)
afterAll(() => gpu?.device.destroy())

function largestDifference(a: EncodedText, b: EncodedText): number {
  return Math.max(...a.matrix.data.map((value, i) => Math.abs(value - b.matrix.data[i]!)))
}

describe('on WebAssembly', () => {
  let loaded: LoadedWebEncoder
  beforeAll(async () => {
    loaded = await loadWebEncoder({ model: MODEL, prefer: 'wasm' })
  })
  afterAll(() => loaded.encoder.dispose())

  test('the known vectors come out, with a cosine of at least 0.999', () => {
    expect(loaded.encoder.backend).toBe('wasm')
    expect(loaded.encoder.selfTest.minCosine).toBeGreaterThanOrEqual(0.999)
    expect(loaded.fallbacks).toEqual([])
    expect(loaded.device).toBeUndefined()
    expect(loaded.encoder.encodeQueryOnGpu).toBeUndefined()
  })

  test('a document has the same vectors alone and in company', async () => {
    const together = await loaded.encoder.encodeDocuments(DOCUMENTS)
    for (const [i, text] of DOCUMENTS.entries()) {
      const [alone] = await loaded.encoder.encodeDocuments([text])
      expect(largestDifference(alone!, together[i]!)).toBe(0)
    }
  })
})

describe.skipIf(!gpu)('on WebGPU', () => {
  let loaded: LoadedWebEncoder
  beforeAll(async () => {
    loaded = await loadWebEncoder({ model: MODEL, prefer: 'webgpu', device: gpu!.device })
  })
  afterAll(() => loaded.encoder.dispose())

  test('the known vectors come out, with a cosine of at least 0.999', () => {
    expect(loaded.encoder.backend).toBe('webgpu')
    expect(loaded.encoder.selfTest.minCosine).toBeGreaterThanOrEqual(0.999)
    expect(loaded.device).toBe(gpu!.device)
    expect(loaded.adapter).not.toBe('')
  })

  test('a query left on the GPU is the query read back', async () => {
    const plain = await loaded.encoder.encodeQuery(QUERY)
    const onGpu = await loaded.encoder.encodeQueryOnGpu!(QUERY)
    expect(onGpu.device).toBe(gpu!.device)
    expect(onGpu.buffer).toBeInstanceOf(GPUBuffer)
    expect([onGpu.numTokens, onGpu.dim]).toEqual([plain.matrix.numTokens, 64])
    const { data } = await onGpu.read()
    expect(Math.max(...data.map((value, i) => Math.abs(value - plain.matrix.data[i]!)))).toBeLessThan(1e-5)
    onGpu.dispose()
  })

  test('order and company of documents change a vector by less than 1e-4', async () => {
    const together = await loaded.encoder.encodeDocuments(DOCUMENTS)
    const reversed = (await loaded.encoder.encodeDocuments([...DOCUMENTS].reverse())).reverse()
    for (const [i, text] of DOCUMENTS.entries()) {
      const [alone] = await loaded.encoder.encodeDocuments([text])
      expect(largestDifference(alone!, together[i]!)).toBeLessThan(1e-4)
      expect(largestDifference(alone!, reversed[i]!)).toBeLessThan(1e-4)
    }
  })

  test('a lost device is an error with its own code', async () => {
    const own = await openGpu()
    const { encoder } = await loadWebEncoder({ model: MODEL, prefer: 'webgpu', device: own.device })
    own.device.destroy()
    await expect(encoder.encodeQuery(QUERY)).rejects.toMatchObject({ code: 'gpu-lost' })
    await encoder.dispose()
    await expect(encoder.encodeQuery(QUERY)).rejects.toMatchObject({ code: 'closed' })
  })
})

test.skipIf(!gpu?.isSoftware)(
  'auto leaves an adapter alone that computes on the CPU, and says why',
  async () => {
    const { encoder, fallbacks } = await loadWebEncoder({ model: MODEL, prefer: 'auto' })
    expect(encoder.backend).toBe('wasm')
    expect(fallbacks).toEqual([
      { from: 'webgpu', code: 'gpu-unavailable', message: expect.stringContaining('computes on the CPU') },
    ])
    await encoder.dispose()
  },
)

describe('the cache', () => {
  afterEach(() => vi.restoreAllMocks())

  async function withoutNetwork<T>(work: () => Promise<T>): Promise<T> {
    const { fetch } = globalThis
    // ONNX Runtime fetches its own binary, which a host precaches: only the model is cut off here.
    vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
      if (String(input).includes('/models/')) throw new TypeError('Failed to fetch')
      return fetch(input, init)
    })
    return work()
  }

  test('a second visit needs no network for the model', async () => {
    await caches.delete('lateen-models')
    await expect(
      withoutNetwork(() => loadWebEncoder({ model: MODEL, prefer: 'wasm' })),
    ).rejects.toMatchObject({ code: 'network' })
    vi.restoreAllMocks()
    const first = await loadWebEncoder({ model: MODEL, prefer: 'wasm' })
    await first.encoder.dispose()
    const second = await withoutNetwork(() => loadWebEncoder({ model: MODEL, prefer: 'wasm' }))
    expect(second.encoder.selfTest.passed).toBe(true)
    expect(second.encoder.bytes).toBe(first.encoder.bytes)
    await second.encoder.dispose()
  })

  test('a damaged copy is fetched again', async () => {
    const first = await loadWebEncoder({ model: MODEL, prefer: 'wasm' })
    await first.encoder.dispose()
    const cache = await caches.open('lateen-models')
    const keys = (await cache.keys()).filter(({ url }) => url.includes('tokenizer.json'))
    expect(keys.length).toBe(1)
    await cache.put(keys[0]!, new Response('damaged'))
    const second = await loadWebEncoder({ model: MODEL, prefer: 'wasm' })
    expect(second.encoder.selfTest.passed).toBe(true)
    await second.encoder.dispose()
  })

  test('another version of a file takes the place of the old one', async () => {
    const cache = await caches.open('lateen-models')
    const old = new URL(`${MODEL}modules.json?lateen-sha256=0`, location.href).href
    await caches.delete('lateen-models')
    await (await caches.open('lateen-models')).put(old, new Response('old'))
    const { encoder } = await loadWebEncoder({ model: MODEL, prefer: 'wasm' })
    expect(await cache.match(old)).toBeUndefined()
    await encoder.dispose()
  })

  test('a forbidden Cache API is told and does not matter', async () => {
    vi.spyOn(caches, 'open').mockRejectedValue(new DOMException('forbidden', 'SecurityError'))
    const { encoder, fallbacks } = await loadWebEncoder({ model: MODEL, prefer: 'wasm' })
    expect(encoder.selfTest.passed).toBe(true)
    expect(fallbacks).toEqual([
      { from: 'cache', code: 'storage-unavailable', message: expect.stringContaining('forbidden') },
    ])
    await encoder.dispose()
  })

  test('a full disk is told and does not matter', async () => {
    await caches.delete('lateen-models')
    vi.spyOn(Cache.prototype, 'put').mockRejectedValue(new DOMException('full', 'QuotaExceededError'))
    const { encoder, fallbacks } = await loadWebEncoder({ model: MODEL, prefer: 'wasm' })
    expect(encoder.selfTest.passed).toBe(true)
    expect(fallbacks.map(({ from, code }) => [from, code])).toEqual([['cache', 'storage-full']])
    await encoder.dispose()
  })
})

test('a host that answers every address with its page is told from a model', async () => {
  const loading = loadWebEncoder({ model: '/no/such/model/', prefer: 'wasm' })
  await expect(loading).rejects.toMatchObject({ code: 'model-missing-file' })
})

test('an aborted load stops', async () => {
  const controller = new AbortController()
  const loading = loadWebEncoder({
    model: MODEL,
    prefer: 'wasm',
    signal: controller.signal,
    onProgress: () => controller.abort(),
  })
  await expect(loading).rejects.toMatchObject({ code: 'aborted' })
})
