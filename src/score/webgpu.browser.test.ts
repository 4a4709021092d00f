import { beforeAll, describe, expect, test } from 'vitest'
import type { GpuTokenMatrix } from '../encode/encoder.ts'
import type { TokenMatrix } from '../types.ts'
import { chooseScorer } from './choose.web.ts'
import { scorerConformance } from './conformance.test-suite.ts'
import { GpuUsage } from './gpu-buffers.web.ts'
import type { LoadedSegment, Scorer } from './scorer.ts'
import { SCORE_TOLERANCE } from './scorer.ts'
import { syntheticQuery, syntheticSegment } from './synthetic.ts'
import { requestGpuDevice, webgpuScorer } from './webgpu.web.ts'

const adapter = await navigator.gpu?.requestAdapter()
const requestDevice = async () => (await requestGpuDevice(navigator.gpu)).device

/** The device with some of its members replaced. */
const pretending = (device: GPUDevice, members: Record<string, unknown>) =>
  new Proxy(device, {
    get(target, key) {
      if (key in members) return members[key as string]
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })

function limitsOf({ limits }: GPUDevice): Record<string, number> {
  const names = Object.keys(Object.getOwnPropertyDescriptors(Object.getPrototypeOf(limits)))
  return Object.fromEntries(names.map((name) => [name, Reflect.get(limits, name)]))
}

scorerConformance('WebGPU', adapter ? async () => webgpuScorer(await requestDevice()) : undefined, {
  tolerance: SCORE_TOLERANCE,
})

describe.skipIf(!adapter)('a GPU device', () => {
  test('has the limits of its adapter and no subgroups', async () => {
    const { device, adapter: name, isFallbackAdapter } = await requestGpuDevice(navigator.gpu)
    expect(device.limits.maxBufferSize).toBe(adapter!.limits.maxBufferSize)
    expect([...device.features].filter((feature) => feature.startsWith('subgroup'))).toEqual([])
    expect(name).not.toBe('')
    expect(isFallbackAdapter).toBe(adapter!.info.isFallbackAdapter)
  })
})

test('without WebGPU there is no device', async () => {
  await expect(requestGpuDevice(undefined)).rejects.toMatchObject({ code: 'gpu-unavailable' })
})

describe.skipIf(!adapter)('the WebGPU scorer', () => {
  const segment = syntheticSegment({ kind: 'residual', dim: 64, vectors: [3, 0, 70, 1], seed: 4 })
  const passages = Uint32Array.of(2, 0, 1, 3)
  let device: GPUDevice
  let scorer: Scorer
  let loaded: LoadedSegment
  beforeAll(async () => {
    device = await requestDevice()
    scorer = await webgpuScorer(device)
    loaded = await scorer.load(segment)
  })

  /** As an encoder leaves a query: in a buffer that is larger than the query, with rubbish behind it. */
  function onGpu(query: TokenMatrix, owner = device): GpuTokenMatrix {
    const buffer = owner.createBuffer({
      size: 1 << 16,
      usage: GpuUsage.STORAGE | GpuUsage.COPY_DST,
    })
    owner.queue.writeBuffer(buffer, 0, new Float32Array(1 << 14).fill(Number.NaN))
    owner.queue.writeBuffer(buffer, 0, query.data as Float32Array<ArrayBuffer>)
    const { numTokens, dim } = query
    return { device: owner, buffer, numTokens, dim, read: async () => query, dispose: () => buffer.destroy() }
  }

  test('takes a query that is on its device where it lies', async () => {
    const query = syntheticQuery(13, 64, 5)
    const expected = await scorer.score(query, loaded, passages)
    expect([...(await scorer.score(onGpu(query), loaded, passages))]).toEqual([...expected])
  })

  test('finds a NaN in a query on the GPU', async () => {
    const query = syntheticQuery(13, 64, 5)
    query.data[800] = Number.NaN
    await expect(scorer.score(onGpu(query), loaded, passages)).rejects.toMatchObject({ code: 'bad-argument' })
    expect(await scorer.score(syntheticQuery(3, 64, 5), loaded, passages)).toHaveLength(4)
  })

  test('refuses a query on another device', async () => {
    const query = onGpu(syntheticQuery(3, 64, 5), await requestDevice())
    await expect(scorer.score(query, loaded, passages)).rejects.toMatchObject({ code: 'bad-argument' })
  })

  test('answers queries that overlap, each with its own scores', async () => {
    const queries = Array.from({ length: 9 }, (_, i) => syntheticQuery(1 + 4 * i, 64, i))
    const together = await Promise.all(queries.map((query) => scorer.score(query, loaded, passages)))
    for (const [i, query] of queries.entries()) {
      expect([...together[i]!]).toEqual([...(await scorer.score(query, loaded, passages))])
    }
  })

  test('scores more passages than one dimension of a dispatch has groups', async () => {
    const limits = { ...limitsOf(device), maxComputeWorkgroupsPerDimension: 7 }
    const folding = await webgpuScorer(pretending(device, { limits }))
    const many = syntheticSegment({ kind: 'residual', dim: 64, vectors: Array<number>(40).fill(2), seed: 4 })
    const query = syntheticQuery(5, 64, 5)
    const all = Uint32Array.from({ length: 40 }, (_, i) => i)
    const scores = await folding.score(query, await folding.load(many), all)
    expect([...scores]).toEqual([...(await scorer.score(query, await scorer.load(many), all))])
    folding.dispose()
  })

  test('refuses a segment beyond the limits of its device and stays usable', async () => {
    const limits = { ...limitsOf(device), maxStorageBufferBindingSize: 1 << 20 }
    const limited = await webgpuScorer(pretending(device, { limits }))
    const large = syntheticSegment({ kind: 'f32', dim: 64, vectors: [4097], seed: 1 })
    await expect(limited.load(large)).rejects.toMatchObject({ code: 'segment-too-large' })
    const largest = await limited.load(syntheticSegment({ kind: 'f32', dim: 64, vectors: [4096], seed: 1 }))
    expect(await limited.score(syntheticQuery(1, 64, 1), largest, Uint32Array.of(0))).toHaveLength(1)
    const fitting = await limited.load(segment)
    expect(await limited.score(syntheticQuery(3, 64, 1), fitting, passages)).toHaveLength(4)
    limited.dispose()
  })

  test('rejects with gpu-lost what is pending when the device goes away, and everything after it', async () => {
    const device = await requestDevice()
    const doomed = await webgpuScorer(device)
    const held = await doomed.load(segment)
    const query = syntheticQuery(3, 64, 1)
    const pending = doomed.score(query, held, passages)
    device.destroy()
    await expect(pending).rejects.toMatchObject({ code: 'gpu-lost' })
    await device.lost
    await expect(doomed.score(query, held, passages)).rejects.toMatchObject({ code: 'gpu-lost' })
    await expect(doomed.load(segment)).rejects.toMatchObject({ code: 'gpu-lost' })
  })

  test('rejects with closed what is pending when it is disposed', async () => {
    const closing = await webgpuScorer(device)
    const held = await closing.load(segment)
    const pending = closing.score(syntheticQuery(3, 64, 1), held, passages)
    closing.dispose()
    await expect(pending).rejects.toMatchObject({ code: 'closed' })
  })
})

describe('chooseScorer', () => {
  test.skipIf(!adapter)('takes the GPU when a device is given', async () => {
    const { scorer, fallbacks } = await chooseScorer({ prefer: 'auto', device: await requestDevice() })
    expect([scorer.kind, fallbacks]).toEqual(['webgpu', []])
  })

  test.skipIf(!adapter)('leaves the GPU alone when WASM is preferred', async () => {
    const { scorer, fallbacks } = await chooseScorer({ prefer: 'wasm', device: await requestDevice() })
    expect([scorer.kind, fallbacks]).toEqual(['wasm', []])
  })

  test('reports a missing device only to those who asked for it', async () => {
    expect((await chooseScorer({ prefer: 'auto' })).fallbacks).toEqual([])
    const { scorer, fallbacks } = await chooseScorer({ prefer: 'webgpu' })
    expect(scorer.kind).toBe('wasm')
    expect(fallbacks).toMatchObject([{ from: 'webgpu', code: 'gpu-unavailable' }])
  })

  test.skipIf(!adapter)('drops a device that is lost', async () => {
    const device = await requestDevice()
    device.destroy()
    const { scorer, fallbacks } = await chooseScorer({ prefer: 'auto', device })
    expect(scorer.kind).toBe('wasm')
    expect(fallbacks).toMatchObject([{ from: 'webgpu' }])
  })

  test.skipIf(!adapter)('drops a GPU that computes wrongly', async () => {
    const device = await requestDevice()
    const createShaderModule = (descriptor: GPUShaderModuleDescriptor) =>
      device.createShaderModule({ ...descriptor, code: descriptor.code.replace('[0] = max(', '[0] = min(') })
    const wrong = pretending(device, { createShaderModule })
    const { scorer, fallbacks } = await chooseScorer({ prefer: 'auto', device: wrong })
    expect(scorer.kind).toBe('wasm')
    expect(fallbacks).toMatchObject([{ from: 'webgpu', code: 'internal' }])
  })

  test.skipIf(typeof WebAssembly === 'undefined')(
    'goes on with the reference where WebAssembly is forbidden',
    async () => {
      const { compile } = WebAssembly
      WebAssembly.compile = () => Promise.reject(new Error('forbidden'))
      try {
        const { scorer, fallbacks } = await chooseScorer({ prefer: 'auto' })
        expect(scorer.kind).toBe('reference')
        expect(fallbacks).toMatchObject([{ from: 'wasm', code: 'internal' }])
      } finally {
        WebAssembly.compile = compile
      }
    },
  )
})
