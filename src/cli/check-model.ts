/** What is checked of a model: its files, its tokenizer, what every backend computes, and published scores. */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Encoder } from '../encode/encoder.ts'
import { modelInput } from '../encode/input.ts'
import { loadNodeEncoder } from '../encode/load.node.ts'
import { asLateenError, type ErrorCode, isLateenError, LateenError } from '../errors.ts'
import type { ModelBundle } from '../model/bundle.ts'
import type { BundleManifest } from '../model/bundle-files.ts'
import { differenceOf } from '../model/download.node.ts'
import type { Dtype } from '../model/dtype.ts'
import type { NodeSource } from '../model/source.node.ts'
import { checkFile } from '../model/source.ts'
import { filesIn } from '../model/store.node.ts'
import { maxSim } from '../score/max-sim.ts'
import { comparePublished, PUBLISHED_DOCUMENTS, PUBLISHED_QUERY } from './published-scores.ts'

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
  /** The weights that ran; null when none did. */
  readonly dtype: string | null
  /** Smallest cosine of a token vector to its known one; null without known answers. */
  readonly min_cosine: number | null
  /** Present when scores are published. */
  readonly published?: PublishedCheck
  readonly error?: Failure
}

export interface PublishedCheck {
  readonly scores: readonly number[]
  readonly max_difference: number
  /** Null for other weights than float32, of which nothing is published. */
  readonly ok: boolean | null
}

export interface TokenCheck {
  readonly kind: 'query' | 'document'
  readonly text: string
  /** Whether the tokenizer gives the known ids. */
  readonly ok: boolean
}

/** The files `lateen.json` states, else those of the folder, each with whether it is what it, or the Hub, states. */
export async function checkFiles(source: NodeSource): Promise<FileCheck[]> {
  // What a Hub lists is more than was fetched: reading the rest of it would fetch it.
  const stated = source.listing ? undefined : await statedFiles(source)
  if (!stated) return source.folder === undefined ? [] : checkListed(source.folder, source.listing?.files)
  return Promise.all(
    Object.entries(stated).map(async ([path, facts]): Promise<FileCheck> => {
      try {
        await checkFile(source.location, path, await source.read(path), facts)
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

export interface BackendOptions {
  readonly dtype?: Dtype | undefined
  /** Scores that are known of the checkpoint. */
  readonly published?: readonly number[] | undefined
  readonly signal: AbortSignal
}

/** Runs the known-answer test, and compares published scores, on every backend that is installed here. */
export async function checkBackends(model: string, options: BackendOptions): Promise<BackendCheck[]> {
  const checks: BackendCheck[] = []
  if (hasNativeRuntime()) checks.push(await checkBackend(model, 'node', options))
  checks.push(await checkBackend(model, 'wasm', options))
  return checks
}

async function checkBackend(
  model: string,
  backend: BackendCheck['backend'],
  { dtype, published, signal }: BackendOptions,
): Promise<BackendCheck> {
  try {
    const prefer = backend === 'wasm' ? 'wasm' : 'auto'
    const { encoder, fallbacks } = await loadNodeEncoder({ model, prefer, dtype, signal })
    try {
      const dropped = fallbacks.find(({ from }) => from === backend)
      if (dropped) throw new LateenError(dropped.code as ErrorCode, dropped.message)
      const { minCosine } = encoder.selfTest
      const scores = published && (await checkPublished(encoder, published))
      return {
        backend,
        ok: scores?.ok !== false,
        dtype: encoder.weights.dtype,
        min_cosine: Number.isNaN(minCosine) ? null : Number(minCosine.toFixed(6)),
        ...(scores ? { published: scores } : {}),
        ...(scores?.ok === false ? { error: differsFrom(published!, scores) } : {}),
      }
    } finally {
      await encoder.dispose()
    }
  } catch (error) {
    if (isLateenError(error, 'aborted')) throw error
    return { backend, ok: false, dtype: null, min_cosine: null, error: failureOf(error) }
  }
}

/** The scores of an encoder beside published ones. */
export async function checkPublished(
  encoder: Pick<Encoder, 'encodeQuery' | 'encodeDocuments' | 'weights'>,
  published: readonly number[],
): Promise<PublishedCheck> {
  const { matrix: query } = await encoder.encodeQuery(PUBLISHED_QUERY)
  const documents = await encoder.encodeDocuments(PUBLISHED_DOCUMENTS)
  const scores = documents.map(({ matrix }) => maxSim(query, matrix))
  const { maxDifference, agrees } = comparePublished(scores, published)
  return {
    scores: scores.map((score) => Number(score.toFixed(5))),
    max_difference: Number(maxDifference.toFixed(5)),
    ok: encoder.weights.dtype === 'fp32' ? agrees : null,
  }
}

function differsFrom(published: readonly number[], { scores }: PublishedCheck): Failure {
  return {
    code: 'model-self-test-failed',
    message: `The published scores of this model are ${published.join(', ')}; found ${scores.join(', ')}. Export it again from the published checkpoint.`,
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

async function statedFiles(source: NodeSource): Promise<BundleManifest['files'] | undefined> {
  if (!(await source.has('lateen.json'))) return undefined
  try {
    const text = new TextDecoder().decode(await source.read('lateen.json'))
    return (JSON.parse(text) as Partial<BundleManifest>).files
  } catch {
    // Whoever opens the bundle says what is wrong with it.
    return undefined
  }
}

type Stated = NonNullable<NodeSource['listing']>['files']

async function checkListed(folder: string, stated: Stated = {}): Promise<FileCheck[]> {
  return Promise.all(
    (await filesIn(folder)).map(async ({ path, bytes }): Promise<FileCheck> => {
      const facts = stated[path]
      if (!facts) return { path, bytes, ok: null }
      const wrong = await differenceOf(join(folder, path), facts)
      if (!wrong) return { path, bytes, ok: true }
      const message = `${path} of the model in ${folder} ${wrong}. Remove the model and pull it again.`
      return { path, bytes, ok: false, error: { code: 'model-invalid', message } }
    }),
  )
}

function failureOf(error: unknown): Failure {
  const { code, message } = asLateenError(error)
  return { code, message }
}
