/** Loads the encoder in a browser, page or worker. */
import { LateenError } from '../errors.ts'
import { type ModelBundle, readModelBundle } from '../model/bundle.ts'
import { type Dtype, needsHalfFloats } from '../model/dtype.ts'
import { webModelSource } from '../model/source.web.ts'
import { rungsFor } from '../model/weights.ts'
import type { Fallback, OnProgress } from '../types.ts'
import type { Encoder } from './encoder.ts'
import { type Gpu, openGpu, sharedGpu } from './gpu.web.ts'
import { type BackendRungs, climb } from './ladder.ts'
import { type MemoryLimit, WASM_LIMIT } from './memory.ts'
import { assertSuspending, type RuntimeDownload, wasmSession, webgpuSession } from './onnx.web.ts'
import { checkTokenizer, startEncoder } from './start.ts'

export interface LoadWebEncoderOptions {
  /** Base URL of the model bundle, absolute or relative to the page; or `hub:owner/name[@revision]`. */
  readonly model: string
  /** Base URL of the Hub. @default https://huggingface.co */
  readonly hub?: string | undefined
  /**
   * `auto` takes the GPU where it is hardware and fast enough; `webgpu` takes it where it works at
   * all; `wasm` leaves it alone.
   */
  readonly prefer: 'auto' | 'webgpu' | 'wasm'
  /** Weights to load; `auto` tries all that suit a backend, any other only those. @default 'auto' */
  readonly dtype?: Dtype | undefined
  /** ONNX file of the bundle, where it is none of those that are looked for. */
  readonly weights?: string | undefined
  /** Components of a vector to keep, for models trained for that. @default all */
  readonly dim?: number | undefined
  /** Components of the vectors of an index, taken where `dim` is not given and the model has as many. */
  readonly indexDim?: number | undefined
  /** A device to share; it stays the caller's. @default one is opened when it is needed */
  readonly device?: GPUDevice | undefined
  readonly onProgress?: OnProgress | undefined
  readonly signal?: AbortSignal | undefined
}

export interface LoadedWebEncoder {
  readonly encoder: Encoder
  /** Backends that were tried and dropped, and why the model is not kept if it is not. */
  readonly fallbacks: readonly Fallback[]
  /** Reads another file of the bundle. Fails with `model-missing-file`. */
  readFile(path: string): Promise<Uint8Array>
  /** The device the encoder runs on, for scorers that take queries from the GPU. */
  readonly device?: GPUDevice
  /** What the adapter of that device says of itself. */
  readonly adapter?: string
}

/** What a warm query of 12 tokens may take on the GPU; above it, WebAssembly is as fast on most machines. */
const MAX_GPU_QUERY_MS = 50
const WARM_UP_QUERY = 'how do i cancel a running fetch request in time'
/** Until then, shaders are compiled, and WebAssembly is not yet optimised. */
const WARM_UP_RUNS = 3

/**
 * @throws LateenError `model-missing-file`, `model-invalid`, `model-unsupported`, `model-too-large`,
 *         `model-self-test-failed`, `network`, `aborted`
 */
export async function loadWebEncoder(options: LoadWebEncoderOptions): Promise<LoadedWebEncoder> {
  const { prefer, dtype, weights, dim, signal } = options
  assertWebAssembly()
  let failed = false
  // The runtime may still be on its way when the model has failed: who was told of that must not hear of it.
  const onProgress: OnProgress = (progress) => {
    if (!failed) options.onProgress?.(progress)
  }
  const notKept: Fallback[] = []
  const source = await webModelSource(options.model, {
    hub: options.hub,
    onFallback: (fallback) => notKept.push(fallback),
    signal,
  })
  const bundle = await readModelBundle(source, {
    dim,
    indexDim: options.indexDim,
    weights,
    onProgress,
    signal,
  })
  checkTokenizer(bundle)
  const download: RuntimeDownload = {
    track: bundle.track,
    onFallback: (fallback) => notKept.push(fallback),
    signal,
  }
  const backends = [onCpu(bundle, dtype, download)]
  if (prefer !== 'wasm') backends.unshift(onGpu(bundle, options, download))
  const { value, fallbacks } = await climb(backends, signal).catch((error: unknown) => {
    failed = true
    throw error
  })
  await source.complete()
  return { ...value, fallbacks: [...notKept, ...fallbacks], readFile: (path) => bundle.readFile(path) }
}

/** The smallest module there is: what forbids WebAssembly forbids this one too, before megabytes are fetched. */
const EMPTY_MODULE = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0)

function assertWebAssembly(): void {
  try {
    new WebAssembly.Module(EMPTY_MODULE)
  } catch (cause) {
    throw new LateenError(
      'model-unsupported',
      "The model runs in WebAssembly, which is not allowed here. It needs 'wasm-unsafe-eval' in script-src of the content security policy of this site, and a browser that has WebAssembly switched on.",
      { cause },
    )
  }
}

type Started = Pick<LoadedWebEncoder, 'encoder' | 'device' | 'adapter'>

function onCpu(
  bundle: ModelBundle,
  dtype: Dtype | undefined,
  download: RuntimeDownload,
): BackendRungs<Started> {
  return {
    backend: 'wasm',
    weights: rungsFor(bundle.spec, 'wasm', dtype),
    async start(weights) {
      const encoder = await startEncoder({
        bundle,
        backend: 'wasm',
        weights,
        limits: memoryLimits(),
        signal: download.signal,
        open: (graph) => wasmSession(graph, download),
      })
      await warmUp(encoder)
      return { encoder }
    },
  }
}

function onGpu(
  bundle: ModelBundle,
  { prefer, device, dtype, signal }: LoadWebEncoderOptions,
  download: RuntimeDownload,
): BackendRungs<Started> {
  const isChoosy = prefer === 'auto'
  let gpu: Gpu
  return {
    backend: 'webgpu',
    weights: rungsFor(bundle.spec, 'webgpu', dtype),
    async open() {
      assertSuspending()
      gpu = device ? sharedGpu(device) : await openGpu()
      if (isChoosy && gpu.isSoftware) throw tooSlow(gpu, 'computes on the CPU')
    },
    async start(weights) {
      if (needsHalfFloats(weights.dtype) && !gpu.device.features.has('shader-f16')) {
        throw new LateenError(
          'model-unsupported',
          `${weights.dtype} weights need a GPU with shader-f16, which this one (${gpu.description}) has not.`,
        )
      }
      const encoder = await startEncoder({
        bundle,
        backend: 'webgpu',
        weights,
        limits: memoryLimits(),
        signal,
        open: (graph) => webgpuSession(graph, gpu.device, download),
      })
      const queryMs = await warmUp(encoder)
      if (isChoosy && queryMs > MAX_GPU_QUERY_MS) {
        await encoder.dispose()
        throw tooSlow(gpu, `takes ${Math.round(queryMs)} ms for a short query, more than ${MAX_GPU_QUERY_MS}`)
      }
      const { device: used, description: adapter } = gpu
      return { encoder: device ? encoder : owning(encoder, used), device: used, adapter }
    },
    close() {
      if (!device) gpu?.device.destroy()
    },
  }
}

/** Browsers say how much memory a device has, roughly and at most 8 GB or so; some say nothing. */
function memoryLimits(): MemoryLimit[] {
  const { deviceMemory = 8 } = navigator as { deviceMemory?: number }
  if (deviceMemory >= 8) return [WASM_LIMIT]
  // Rounded to a power of two, possibly down.
  return [WASM_LIMIT, { bytes: 1.5 * deviceMemory * 2 ** 30, what: 'this device has at most' }]
}

/** Milliseconds of the last run. */
async function warmUp(encoder: Encoder): Promise<number> {
  let startedAt = 0
  try {
    for (let run = 0; run < WARM_UP_RUNS; run++) {
      startedAt = performance.now()
      await encoder.encodeQuery(WARM_UP_QUERY)
    }
  } catch (error) {
    await encoder.dispose()
    throw error
  }
  return performance.now() - startedAt
}

/** A device opened here goes with the encoder. */
function owning(encoder: Encoder, device: GPUDevice): Encoder {
  return {
    ...encoder,
    async dispose() {
      await encoder.dispose()
      device.destroy()
    },
  }
}

function tooSlow(gpu: Gpu, what: string): LateenError {
  return new LateenError(
    'gpu-unavailable',
    `The GPU (${gpu.description}) ${what}; WebAssembly is used. Ask for webgpu to use it all the same.`,
  )
}
