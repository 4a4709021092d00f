/** What is checked of a model bundle: its files, its tokenizer, and what every backend computes. */
import { readdir, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { ModelBundle } from '../encode/bundle.ts'
import type { BundleManifest } from '../encode/bundle-files.ts'
import { modelInput } from '../encode/input.ts'
import { loadNodeEncoder } from '../encode/load.node.ts'
import { checkFile, type ModelSource } from '../encode/source.ts'
import { asLateenError, type ErrorCode, isLateenError } from '../errors.ts'

export interface Failure {
  readonly code: ErrorCode
  readonly message: string
}

export interface FileCheck {
  readonly path: string
  readonly bytes: number
  /** Whether it has the stated hash; null when none is stated. */
  readonly ok: boolean | null
  readonly error?: Failure
}

export interface BackendCheck {
  readonly backend: 'node' | 'wasm'
  readonly ok: boolean
  /** Smallest cosine of a token vector to its known one; null without known answers. */
  readonly min_cosine: number | null
  readonly error?: Failure
}

export interface TokenCheck {
  readonly kind: 'query' | 'document'
  readonly text: string
  /** Whether the tokenizer gives the known ids. */
  readonly ok: boolean
}

/** The files `lateen.json` states, each with whether it is what it should be; else all files of the folder. */
export async function checkFiles(source: ModelSource): Promise<FileCheck[]> {
  const stated = await statedFiles(source)
  if (!stated) return listFiles(source.location)
  return Promise.all(
    Object.entries(stated).map(async ([path, facts]): Promise<FileCheck> => {
      try {
        checkFile(source.location, path, await source.read(path), facts)
        return { path, bytes: facts.bytes, ok: true }
      } catch (error) {
        return { path, bytes: facts.bytes, ok: false, error: failureOf(error) }
      }
    }),
  )
}

export function checkTokens({ spec, tokenizer }: ModelBundle): TokenCheck[] {
  return spec.goldens.map(({ kind, text, ids }) => ({
    kind,
    text,
    ok: `${modelInput(spec, tokenizer, text, kind).ids}` === `${ids}`,
  }))
}

/** Runs the known-answer test on every backend that is installed here. */
export async function checkBackends(model: string, signal: AbortSignal): Promise<BackendCheck[]> {
  const checks: BackendCheck[] = []
  if (hasNativeRuntime()) checks.push(await checkBackend(model, 'node', signal))
  checks.push(await checkBackend(model, 'wasm', signal))
  return checks
}

async function checkBackend(
  model: string,
  backend: BackendCheck['backend'],
  signal: AbortSignal,
): Promise<BackendCheck> {
  try {
    const prefer = backend === 'wasm' ? 'wasm' : 'auto'
    const { encoder, fallbacks } = await loadNodeEncoder({ model, prefer, signal })
    const { minCosine } = encoder.selfTest
    await encoder.dispose()
    const dropped = fallbacks.find(({ from }) => from === backend)
    if (dropped) {
      const { code, message } = dropped
      return { backend, ok: false, min_cosine: null, error: { code: code as ErrorCode, message } }
    }
    return { backend, ok: true, min_cosine: Number.isNaN(minCosine) ? null : Number(minCosine.toFixed(6)) }
  } catch (error) {
    if (isLateenError(error, 'aborted')) throw error
    return { backend, ok: false, min_cosine: null, error: failureOf(error) }
  }
}

/** The native build is an optional dependency. */
function hasNativeRuntime(): boolean {
  try {
    createRequire(import.meta.url).resolve('onnxruntime-node')
    return true
  } catch {
    return false
  }
}

async function statedFiles(source: ModelSource): Promise<BundleManifest['files'] | undefined> {
  if (!(await source.has('lateen.json'))) return undefined
  try {
    const text = new TextDecoder().decode(await source.read('lateen.json'))
    return (JSON.parse(text) as Partial<BundleManifest>).files
  } catch {
    // Whoever opens the bundle says what is wrong with it.
    return undefined
  }
}

async function listFiles(folder: string): Promise<FileCheck[]> {
  const entries = await readdir(folder, { recursive: true })
  const files = await Promise.all(
    entries.sort().map(async (path) => ({ path, stats: await stat(join(folder, path)) })),
  )
  return files
    .filter(({ stats }) => stats.isFile())
    .map(({ path, stats }) => ({ path, bytes: stats.size, ok: null }))
}

function failureOf(error: unknown): Failure {
  const { code, message } = asLateenError(error)
  return { code, message }
}
