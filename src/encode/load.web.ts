/** Loads the encoder in a browser, page or worker. */
import { LateenError } from '../errors.ts'
import type { Fallback, OnProgress } from '../types.ts'
import { type ModelBundle, readModelBundle } from './bundle.ts'
import { cachedSource } from './cache.web.ts'
import { createEncoder } from './create.ts'
import type { Encoder } from './encoder.ts'
import { type Gpu, openGpu, sharedGpu } from './gpu.web.ts'
import { climb } from './ladder.ts'
import { type RuntimeDownload, wasmSession, webgpuSession } from './onnx.web.ts'
import { httpSource } from './source-http.ts'
import { weightsFor } from './weights.ts'

export interface LoadWebEncoderOptions {
  /** Base URL of the model bundle, absolute or relative to the page. */
  readonly model: string
  /**
   * `auto` takes the GPU where it is hardware and fast enough; `webgpu` takes it where it works at
   * all; `wasm` leaves it alone.
   */
  readonly prefer: 'auto' | 'webgpu' | 'wasm'
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
 * @throws LateenError `model-missing-file`, `model-invalid`, `model-unsupported`,
 *         `model-self-test-failed`, `network`, `aborted`
 */
export async function loadWebEncoder(options: LoadWebEncoderOptions): Promise<LoadedWebEncoder> {
  const { prefer, signal } = options
  assertWebAssembly()
  let failed = false
  // The runtime may still be on its way when the model has failed: who was told of that must not hear of it.
  const onProgress: OnProgress = (progress) => {
    if (!failed) options.onProgress?.(progress)
  }
  const notKept: Fallback[] = []
  const url = new URL(options.model, globalThis.location.href).href
  const source = await cachedSource(httpSource(url), (fallback) => notKept.push(fallback))
  const bundle = await readModelBundle(source, { onProgress, signal })
  const download: RuntimeDownload = {
    track: bundle.track,
    onFallback: (fallback) => notKept.push(fallback),
    signal,
  }
  const webgpu = { name: 'webgpu', start: () => startOnGpu(bundle, options, download) }
  const wasm = { name: 'wasm', start: () => startOnCpu(bundle, download) }
  const { value, fallbacks } = await climb(prefer === 'wasm' ? [wasm] : [webgpu, wasm], signal).catch(
    (error: unknown) => {
      failed = true
      throw error
    },
  )
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

async function startOnCpu(bundle: ModelBundle, download: RuntimeDownload): Promise<Started> {
  const { spec, tokenizer } = bundle
  const weights = weightsFor(spec, 'wasm')
  const session = await wasmSession(bundle.readWeights(weights, download.signal), download)
  const encoder = await createEncoder(session, spec, tokenizer, { weights, bytes: bundle.bytesRead() })
  await warmUp(encoder)
  return { encoder }
}

async function startOnGpu(
  bundle: ModelBundle,
  options: LoadWebEncoderOptions,
  download: RuntimeDownload,
): Promise<Started> {
  const { spec, tokenizer } = bundle
  const isChoosy = options.prefer === 'auto'
  const gpu = options.device ? sharedGpu(options.device) : await openGpu()
  let encoder: Encoder | undefined
  try {
    if (isChoosy && gpu.isSoftware) throw tooSlow(gpu, 'computes on the CPU')
    const weights = weightsFor(spec, 'webgpu')
    const read = () => bundle.readWeights(weights, options.signal)
    const session = await webgpuSession(read, gpu.device, download)
    encoder = await createEncoder(session, spec, tokenizer, { weights, bytes: bundle.bytesRead() })
    const queryMs = await warmUp(encoder)
    if (isChoosy && queryMs > MAX_GPU_QUERY_MS) {
      throw tooSlow(gpu, `takes ${Math.round(queryMs)} ms for a short query, more than ${MAX_GPU_QUERY_MS}`)
    }
  } catch (error) {
    await encoder?.dispose()
    if (!options.device) gpu.device.destroy()
    throw error
  }
  return { encoder: owning(encoder, gpu, options), device: gpu.device, adapter: gpu.description }
}

/** Milliseconds of the last run. */
async function warmUp(encoder: Encoder): Promise<number> {
  let startedAt = 0
  for (let run = 0; run < WARM_UP_RUNS; run++) {
    startedAt = performance.now()
    await encoder.encodeQuery(WARM_UP_QUERY)
  }
  return performance.now() - startedAt
}

/** A device opened here goes with the encoder. */
function owning(encoder: Encoder, gpu: Gpu, { device }: LoadWebEncoderOptions): Encoder {
  if (device) return encoder
  return {
    ...encoder,
    async dispose() {
      await encoder.dispose()
      gpu.device.destroy()
    },
  }
}

function tooSlow(gpu: Gpu, what: string): LateenError {
  return new LateenError(
    'gpu-unavailable',
    `The GPU (${gpu.description}) ${what}; WebAssembly is used. Ask for webgpu to use it all the same.`,
  )
}
