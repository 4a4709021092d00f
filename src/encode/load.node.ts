/** Loads the encoder in Node. */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { asLateenError, LateenError } from '../errors.ts'
import { readModelBundle } from '../model/bundle.ts'
import type { Dtype } from '../model/dtype.ts'
import { nodeModelSource } from '../model/source.node.ts'
import { rungsFor } from '../model/weights.ts'
import type { Fallback, OnProgress } from '../types.ts'
import type { Encoder } from './encoder.ts'
import { type BackendRungs, climb } from './ladder.ts'
import { nodeMemory } from './memory.node.ts'
import { WASM_LIMIT } from './memory.ts'
import { nativeRuntime, nativeSession, wasmSession } from './onnx.node.ts'
import type { EncoderSession, Graph } from './session.ts'
import { checkTokenizer, startEncoder } from './start.ts'

export interface LoadNodeEncoderOptions {
  /**
   * Folder or base URL of the model bundle; `hub:owner/name[@revision]`, or the same without `hub:` where
   * no such folder exists. @default the bundled `lateen-mini`
   */
  readonly model?: string | undefined
  /** Base URL of the Hub. @default HF_ENDPOINT of the environment, else https://huggingface.co */
  readonly hub?: string | undefined
  /** Threads of one run of the native build; 0 leaves the choice to ONNX Runtime. @default 0 */
  readonly threads?: number | undefined
  /** `wasm` leaves out the native build. @default 'auto' */
  readonly prefer?: 'auto' | 'wasm' | undefined
  /** Weights to load; `auto` tries all that suit a backend, any other only those. @default 'auto' */
  readonly dtype?: Dtype | undefined
  /** ONNX file of the bundle, where it is none of those that are looked for. */
  readonly weights?: string | undefined
  /** Components of a vector to keep, for models trained for that. @default all */
  readonly dim?: number | undefined
  /** Components of the vectors of an index, taken where `dim` is not given and the model has as many. */
  readonly indexDim?: number | undefined
  readonly onProgress?: OnProgress | undefined
  readonly signal?: AbortSignal | undefined
}

export interface LoadedEncoder {
  readonly encoder: Encoder
  /** Backends that were tried and dropped. */
  readonly fallbacks: readonly Fallback[]
  /** Reads another file of the bundle. Fails with `model-missing-file`. */
  readFile(path: string): Promise<Uint8Array>
}

/**
 * @throws LateenError `model-missing-file`, `model-invalid`, `model-unsupported`, `model-too-large`,
 *         `model-self-test-failed`, `network`, `aborted`
 */
export async function loadNodeEncoder(options: LoadNodeEncoderOptions = {}): Promise<LoadedEncoder> {
  const { model, hub, threads = 0, prefer = 'auto', dtype, weights, dim, onProgress, signal } = options
  const notes: Fallback[] = []
  const source = await nodeModelSource(namedModel(model), {
    hub,
    onFallback: (fallback) => notes.push(fallback),
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
  const rungs = (
    backend: 'node' | 'wasm',
    open: (graph: Graph) => Promise<EncoderSession>,
  ): BackendRungs<{ encoder: Encoder }> => ({
    backend,
    weights: rungsFor(bundle.spec, backend, dtype),
    start: async (chosen) => ({
      encoder: await startEncoder({
        bundle,
        backend,
        weights: chosen,
        limits: [nodeMemory(), ...(backend === 'wasm' ? [WASM_LIMIT] : [])],
        signal,
        open: async (graph) => open(await graph),
      }),
    }),
  })
  const backends = [rungs('wasm', (graph) => wasmSession(graph.bytes, graph))]
  if (prefer !== 'wasm') {
    const open = async () => void (await nativeRuntime())
    backends.unshift({ ...rungs('node', (graph) => nativeSession(graph.bytes, threads, graph)), open })
  }
  const { value, fallbacks } = await climb(backends, signal)
  await source.complete().catch((error: unknown) => {
    // It runs all the same; the next load fetches it again.
    const { code, message } = asLateenError(error, 'storage-unavailable')
    notes.push({ from: 'store', code, message })
  })
  return { ...value, fallbacks: [...notes, ...fallbacks], readFile: (path) => bundle.readFile(path) }
}

const MINI = 'lateen-mini'
const BUNDLED = join('public', 'models', MINI)

/** The address of a model; `lateen-mini` is the bundled one, where no folder has that name. */
export function namedModel(model: string = MINI): string {
  return model === MINI && !existsSync(MINI) ? bundledModel() : model
}

/** The model of this package, above the sources as above the built files. */
export function bundledModel(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (folder !== dirname(folder)) {
    const model = join(folder, BUNDLED)
    if (existsSync(join(model, 'modules.json'))) return model
    folder = dirname(folder)
  }
  throw new LateenError(
    'model-missing-file',
    `The package has no ${BUNDLED}. Install it again, or name the folder of a model.`,
  )
}
