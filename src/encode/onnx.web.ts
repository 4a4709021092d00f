/** ONNX Runtime in the browser: WebGPU with JSPI, or WebAssembly. */
import { LateenError } from '../errors.ts'
import { ERRORS_ONLY, onnxSession, unusable } from './onnx.ts'
import type { EncoderSession } from './session.ts'

const MAX_THREADS = 4

/**
 * Runs on the CPU. Threads need a cross-origin isolated page, and one core is left to the page.
 *
 * @throws LateenError `model-unsupported`
 */
export async function wasmSession(weights: Uint8Array): Promise<EncoderSession> {
  try {
    const runtime = await import('onnxruntime-web/wasm')
    const canShare = globalThis.crossOriginIsolated && typeof SharedArrayBuffer !== 'undefined'
    const threads = Math.min(navigator.hardwareConcurrency - 1, MAX_THREADS)
    runtime.env.wasm.numThreads = canShare ? Math.max(1, threads) : 1
    const session = await runtime.InferenceSession.create(weights, {
      executionProviders: ['wasm'],
      logSeverityLevel: ERRORS_ONLY,
    })
    return onnxSession(runtime, session, 'wasm')
  } catch (error) {
    throw unusable('WebAssembly', error)
  }
}

/**
 * Runs on the given device and leaves outputs there.
 *
 * @throws LateenError `gpu-unavailable` without JavaScript Promise Integration, `model-unsupported`
 */
export async function webgpuSession(weights: Uint8Array, device: GPUDevice): Promise<EncoderSession> {
  if (!('Suspending' in WebAssembly)) {
    throw new LateenError(
      'gpu-unavailable',
      'WebGPU needs a browser with JavaScript Promise Integration, and this one has none.',
    )
  }
  try {
    const runtime = await import('onnxruntime-web/jspi')
    runtime.env.wasm.numThreads = 1
    const session = await runtime.InferenceSession.create(weights, {
      executionProviders: [{ name: 'webgpu', device }],
      preferredOutputLocation: 'gpu-buffer',
      logSeverityLevel: ERRORS_ONLY,
    })
    return onnxSession(runtime, session, 'webgpu', { device, lost: rejectWhenLost(device) })
  } catch (error) {
    throw unusable('WebGPU', error)
  }
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
