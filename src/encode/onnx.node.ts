/** ONNX Runtime in Node: the native build where it is installed, else the WebAssembly one. */
import { ERRORS_ONLY, onnxSession, unusable } from './onnx.ts'
import type { EncoderSession } from './session.ts'

/**
 * @param threads of one run; 0 leaves the choice to ONNX Runtime
 * @throws LateenError `model-unsupported` when the native build is missing or cannot load the graph
 */
export async function nativeSession(weights: Uint8Array, threads: number): Promise<EncoderSession> {
  try {
    const runtime = await import('onnxruntime-node')
    const session = await runtime.InferenceSession.create(weights, {
      logSeverityLevel: ERRORS_ONLY,
      ...(threads > 0 ? { intraOpNumThreads: threads } : {}),
      // Threads that spin while they wait make a busy machine several times slower.
      extra: { session: { intra_op: { allow_spinning: '0' } } },
    })
    return onnxSession(runtime, session, 'node')
  } catch (error) {
    throw unusable('onnxruntime-node', error)
  }
}

/** ONNX Runtime Web has one thread in Node. */
export async function wasmSession(weights: Uint8Array): Promise<EncoderSession> {
  try {
    const runtime = await import('onnxruntime-web')
    runtime.env.wasm.numThreads = 1
    const session = await runtime.InferenceSession.create(weights, {
      executionProviders: ['wasm'],
      logSeverityLevel: ERRORS_ONLY,
    })
    return onnxSession(runtime, session, 'wasm')
  } catch (error) {
    throw unusable('onnxruntime-web', error)
  }
}
