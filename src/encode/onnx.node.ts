/** ONNX Runtime in Node: the native build where it is installed, else the WebAssembly one. */
import { LateenError } from '../errors.ts'
import { ERRORS_ONLY, onnxSession, unusable } from './onnx.ts'
import type { EncoderSession, Graph } from './session.ts'

/** @throws LateenError `model-unsupported` when the native build is missing or does not fit this machine */
export async function nativeRuntime(): Promise<typeof import('onnxruntime-node')> {
  try {
    return await import('onnxruntime-node')
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new LateenError('model-unsupported', `onnxruntime-node cannot be loaded: ${reason}`, { cause })
  }
}

/**
 * @param threads of one run; 0 leaves the choice to ONNX Runtime
 * @throws LateenError `model-unsupported` when the native build is missing or cannot run the graph,
 *         `model-invalid`, `model-too-large`
 */
export async function nativeSession(
  bytes: Uint8Array,
  threads: number,
  { external = [], widths }: Omit<Graph, 'bytes'> = {},
): Promise<EncoderSession> {
  try {
    const runtime = await nativeRuntime()
    const session = await runtime.InferenceSession.create(bytes, {
      logSeverityLevel: ERRORS_ONLY,
      ...(threads > 0 ? { intraOpNumThreads: threads } : {}),
      ...(external.length > 0 ? { externalData: external } : {}),
      // Threads that spin while they wait make a busy machine several times slower.
      extra: { session: { intra_op: { allow_spinning: '0' } } },
    })
    return onnxSession(runtime, session, 'node', widths)
  } catch (error) {
    throw unusable('onnxruntime-node', error)
  }
}

/** ONNX Runtime Web has one thread in Node. Fails as `nativeSession` does. */
export async function wasmSession(
  bytes: Uint8Array,
  { external = [], widths }: Omit<Graph, 'bytes'> = {},
): Promise<EncoderSession> {
  try {
    const runtime = await import('onnxruntime-web')
    runtime.env.wasm.numThreads = 1
    const session = await runtime.InferenceSession.create(bytes, {
      executionProviders: ['wasm'],
      logSeverityLevel: ERRORS_ONLY,
      ...(external.length > 0 ? { externalData: external } : {}),
    })
    return onnxSession(runtime, session, 'wasm', widths)
  } catch (error) {
    throw unusable('onnxruntime-web', error)
  }
}
