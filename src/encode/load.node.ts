/** Loads the encoder in Node. */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LateenError } from '../errors.ts'
import type { Fallback, OnProgress } from '../types.ts'
import { type ModelBundle, readModelBundle } from './bundle.ts'
import { createEncoder } from './create.ts'
import type { Encoder } from './encoder.ts'
import { folderSource } from './folder.node.ts'
import { climb } from './ladder.ts'
import { nativeSession, wasmSession } from './onnx.node.ts'
import type { EncoderSession } from './session.ts'
import { httpSource } from './source-http.ts'
import { weightsFor } from './weights.ts'

export interface LoadNodeEncoderOptions {
  /** Folder or base URL of the model bundle. @default the bundled `lateen-mini` */
  readonly model?: string | undefined
  /** Threads of one run of the native build; 0 leaves the choice to ONNX Runtime. @default 0 */
  readonly threads?: number | undefined
  /** `wasm` leaves out the native build. @default 'auto' */
  readonly prefer?: 'auto' | 'wasm' | undefined
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
 * @throws LateenError `model-missing-file`, `model-invalid`, `model-unsupported`,
 *         `model-self-test-failed`, `network`, `aborted`
 */
export async function loadNodeEncoder(options: LoadNodeEncoderOptions = {}): Promise<LoadedEncoder> {
  const { model = bundledModel(), threads = 0, prefer = 'auto', onProgress, signal } = options
  const source = /^https?:/.test(model) ? httpSource(model) : folderSource(model)
  const bundle = await readModelBundle(source, { onProgress, signal })
  const native = {
    name: 'node',
    start: () => start(bundle, 'node', (w) => nativeSession(w, threads), signal),
  }
  const wasm = { name: 'wasm', start: () => start(bundle, 'wasm', wasmSession, signal) }
  const { value, fallbacks } = await climb(prefer === 'wasm' ? [wasm] : [native, wasm], signal)
  return { ...value, fallbacks, readFile: (path) => bundle.readFile(path) }
}

async function start(
  bundle: ModelBundle,
  backend: 'node' | 'wasm',
  open: (weights: Uint8Array) => Promise<EncoderSession>,
  signal: AbortSignal | undefined,
): Promise<{ encoder: Encoder }> {
  const { spec, tokenizer } = bundle
  const weights = weightsFor(spec, backend)
  const session = await open(await bundle.readWeights(weights, signal))
  return { encoder: await createEncoder(session, spec, tokenizer, { weights, bytes: bundle.bytesRead() }) }
}

const BUNDLED = join('public', 'models', 'lateen-mini')

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
