/** ONNX Runtime in the browser: WebGPU with JSPI, or WebAssembly. */
import jspiUrl from 'onnxruntime-web/ort-wasm-simd-threaded.jspi.wasm?url'
import wasmUrl from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url'
import { LateenError } from '../errors.ts'
import { loadCode } from '../util/load-code.ts'
import { ERRORS_ONLY, onnxSession, unusable } from './onnx.ts'
import { type RuntimeOptions, runtimeBinary } from './runtime.web.ts'
import type { EncoderSession, Graph } from './session.ts'

const MAX_THREADS = 4

/** The builds in use, each with the file it runs. */
const WASM_BUILD = {
  name: 'ort-wasm-simd-threaded.wasm',
  url: wasmUrl,
  load: () => import('onnxruntime-web/wasm'),
  isStarted: false,
}
const JSPI_BUILD = {
  name: 'ort-wasm-simd-threaded.jspi.wasm',
  url: jspiUrl,
  load: () => import('onnxruntime-web/jspi'),
  isStarted: false,
}

export interface RuntimeDownload extends Omit<RuntimeOptions, 'onBytes'> {
  readonly track: (stage: string, received: number, total?: number) => void
}

/**
 * Runs on the CPU. Threads need a cross-origin isolated page, and one core is left to the page.
 *
 * @param reading may still go on: the runtime is fetched at the same time
 * @throws LateenError `model-unsupported`, `model-invalid`, `model-too-large`, `network`, and what `reading`
 *         rejects with
 */
export async function wasmSession(
  reading: Promise<Graph>,
  download: RuntimeDownload,
): Promise<EncoderSession> {
  try {
    const [runtime, graph] = await Promise.all([loadRuntime(WASM_BUILD, download), reading])
    const canShare = globalThis.crossOriginIsolated && typeof SharedArrayBuffer !== 'undefined'
    const threads = Math.min(navigator.hardwareConcurrency - 1, MAX_THREADS)
    runtime.env.wasm.numThreads = canShare ? Math.max(1, threads) : 1
    const session = await runtime.InferenceSession.create(graph.bytes, {
      executionProviders: ['wasm'],
      logSeverityLevel: ERRORS_ONLY,
      ...(graph.external?.length ? { externalData: graph.external } : {}),
    })
    markStarted(WASM_BUILD, runtime)
    return onnxSession(runtime, session, 'wasm', graph.widths)
  } catch (error) {
    throw unusable('WebAssembly', error)
  }
}

/** @throws LateenError `gpu-unavailable` without JavaScript Promise Integration */
export function assertSuspending(): void {
  if ('Suspending' in WebAssembly) return
  throw new LateenError(
    'gpu-unavailable',
    'WebGPU needs a browser with JavaScript Promise Integration, and this one has none.',
  )
}

/** Runs on the given device and leaves outputs there. Fails as `wasmSession` does. */
export async function webgpuSession(
  reading: Promise<Graph>,
  device: GPUDevice,
  download: RuntimeDownload,
): Promise<EncoderSession> {
  try {
    const [runtime, graph] = await Promise.all([loadRuntime(JSPI_BUILD, download), reading])
    runtime.env.wasm.numThreads = 1
    const session = await runtime.InferenceSession.create(graph.bytes, {
      executionProviders: [{ name: 'webgpu', device }],
      preferredOutputLocation: 'gpu-buffer',
      logSeverityLevel: ERRORS_ONLY,
      ...(graph.external?.length ? { externalData: graph.external } : {}),
    })
    markStarted(JSPI_BUILD, runtime)
    return onnxSession(runtime, session, 'webgpu', graph.widths, { device, lost: rejectWhenLost(device) })
  } catch (error) {
    throw unusable('WebGPU', error)
  }
}

type Runtime = typeof import('onnxruntime-web/wasm')
type Build = Omit<typeof WASM_BUILD, 'load'> & { readonly load: () => Promise<Runtime> }

async function loadRuntime(build: Build, { track, ...options }: RuntimeDownload): Promise<Runtime> {
  const runtime = await loadCode(build.load)
  if (!build.isStarted) {
    const onBytes = (received: number, total?: number) => track(build.name, received, total)
    const { web = '' } = runtime.env.versions
    runtime.env.wasm.wasmBinary = await runtimeBinary(build.name, build.url, web, {
      ...options,
      onBytes,
    })
  }
  return runtime
}

/** A runtime reads its file for its first session only; then 14 MB of memory can be given back. */
function markStarted(build: Build, runtime: Runtime): void {
  build.isStarted = true
  delete runtime.env.wasm.wasmBinary
}

function rejectWhenLost(device: GPUDevice): Promise<never> {
  const lost = device.lost.then(({ message }) => {
    throw new LateenError(
      'gpu-lost',
      `The GPU device was lost: ${message || 'no reason given'}. Load the model again.`,
    )
  })
  // Nobody may be waiting when it happens.
  lost.catch(() => undefined)
  return lost
}
