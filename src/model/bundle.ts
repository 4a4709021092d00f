/**
 * Opens a model bundle: settings, tokenizer, head and known answers, everything but the weights,
 * which are read when a backend is chosen.
 */
import { LateenError } from '../errors.ts'
import type { Tokenizer } from '../tokenize/tokenize.ts'
import { sha256Hex } from '../util/hash.ts'
import { cutRows, normalizeRows } from '../util/rows.ts'
import { type BundleFiles, bundleFiles, type ReadBundleOptions } from './bundle-files.ts'
import { readHead } from './head-files.ts'
import { readLayout } from './layouts/read.ts'
import { learnedPositions } from './positions.ts'
import { resolveLayout } from './resolve.ts'
import type { ModelSource } from './source.ts'
import type { Golden, ModelSpec, ModelWeights } from './spec.ts'
import { specialTokens } from './special-tokens.ts'
import { readTokenizer } from './tokenizer-files.ts'
import { findWeights, weightsIdentity } from './weights.ts'

export interface ReadModelOptions extends ReadBundleOptions {
  /** How many leading components of the vectors are kept, for models trained to allow it. @default all */
  readonly dim?: number | undefined
  /** The same where `dim` is not given, for a model that may have fewer: the components of an index. */
  readonly indexDim?: number | undefined
}

export interface ModelBundle {
  readonly spec: ModelSpec
  readonly tokenizer: Tokenizer
  readWeights(weights: ModelWeights, signal?: AbortSignal): Promise<Uint8Array>
  /** Any other file, e.g. a codec. Fails with `model-missing-file`. */
  readFile(path: string, signal?: AbortSignal): Promise<Uint8Array>
  /** Bytes of a file; undefined where nobody states them. */
  size(path: string): Promise<number | undefined>
  /** Bytes of the files read so far. */
  bytesRead(): number
  /** Counts another download along with the files, in the progress that is reported. */
  track: BundleFiles['track']
}

/**
 * @throws LateenError `model-missing-file`, `model-invalid`, `model-unsupported`, `network`, `aborted`;
 *         the message names the file. `bad-argument` for a `dim` the model cannot give
 */
export async function readModelBundle(
  source: ModelSource,
  { dim, indexDim, ...options }: ReadModelOptions = {},
): Promise<ModelBundle> {
  const files = await bundleFiles(source, options)
  const layout = await readLayout(files.json)
  const { folder } = layout
  const cut = dimOf(layout.dim, dim ?? Math.min(indexDim ?? layout.dim, layout.dim))
  const [{ tokenizer, ...tokenizing }, specials, { identity, ...head }, weights, goldens] = await Promise.all(
    [
      readTokenizer(files, folder, layout.text),
      files.json.optional(`${folder}special_tokens_map.json`),
      readHead(files, layout.head),
      findWeights(files, source, options.weights),
      readGoldens(files),
    ],
  )
  const idOfSpecial = specialTokens(
    tokenizer,
    [tokenizing.config, specials ?? {}],
    layout.config['model_type'],
  )
  const settings = resolveLayout(layout, tokenizer, idOfSpecial, tokenizing.config)
  const positions = files.positions ?? learnedPositions(layout.config)
  const { kept, ...others } = settings
  const fingerprint = fingerprintOf({
    weights: await weightsIdentity(files, weights),
    head: identity,
    tokenizer: tokenizing.hash,
    dim: cut,
    ...others,
    skiplistIds: sorted(kept.document.skip),
    ...(layout.text.strips ? {} : { keepsSpace: true }),
    ...(kept.query.skip.size > 0 ? { querySkiplistIds: sorted(kept.query.skip) } : {}),
    ...(kept.document.only ? { only: sorted(kept.document.only) } : {}),
  })
  const spec: ModelSpec = {
    name: files.name,
    fingerprint,
    tokenizerHash: tokenizing.hash,
    dim: cut,
    fullDim: layout.dim,
    ...settings,
    ...(positions === undefined ? {} : { positions }),
    similarity: layout.similarity ?? 'maxsim',
    ...(layout.pooling ? { pooling: layout.pooling } : {}),
    ...head,
    weights,
    goldens: goldens.map((golden) => cutGolden(golden, layout.dim, cut)),
  }
  return {
    spec,
    tokenizer,
    readWeights: (chosen, signal) => files.readLast(chosen.path, signal),
    readFile: (path, signal) => files.read(path, signal),
    size: files.size,
    bytesRead: files.bytesRead,
    track: files.track,
  }
}

function dimOf(fullDim: number, dim: number): number {
  if (Number.isSafeInteger(dim) && dim >= 1 && dim <= fullDim) return dim
  throw new LateenError(
    'bad-argument',
    `Expected dim as a whole number from 1 to the ${fullDim} components of the model, found ${dim}.`,
  )
}

/** Known texts with their vectors, as `reference.json` stores them; none when it is not there. */
async function readGoldens(files: BundleFiles): Promise<Golden[]> {
  const json = await files.json.optional('reference.json')
  return Object.entries(json ?? {}).map(([name, value]) => {
    if (isReference(value)) {
      const { kind, text, input_ids: ids, vectors } = value
      return { kind, text, ids, vectors: Float32Array.from(vectors.flat()) }
    }
    throw new LateenError(
      'model-invalid',
      `reference.json should have kind, text, input_ids and vectors of a known text as ${JSON.stringify(name)}. Copy the model again, or remove the file.`,
    )
  })
}

interface Reference extends Pick<Golden, 'kind' | 'text'> {
  readonly input_ids: readonly number[]
  readonly vectors: readonly (readonly number[])[]
}

function isReference(value: unknown): value is Reference {
  const { kind, text, input_ids: ids, vectors } = Object(value) as Record<keyof Reference, unknown>
  return (
    (kind === 'query' || kind === 'document') &&
    typeof text === 'string' &&
    Array.isArray(ids) &&
    Array.isArray(vectors) &&
    vectors.every((row) => Array.isArray(row) && row.every(Number.isFinite))
  )
}

function cutGolden(golden: Golden, fullDim: number, dim: number): Golden {
  const { text, ids, vectors } = golden
  if (vectors.length !== ids.length * fullDim) {
    throw new LateenError(
      'model-invalid',
      `reference.json should have ${ids.length} × ${fullDim} values for ${JSON.stringify(text)}, found ${vectors.length}.`,
    )
  }
  if (dim === fullDim) return golden
  return { ...golden, vectors: normalizeRows(cutRows(vectors, fullDim, dim), dim) }
}

const sorted = (ids: ReadonlySet<number>) => [...ids].sort((a, b) => a - b)

function fingerprintOf(parts: object): string {
  const sorted = Object.fromEntries(Object.entries(parts).sort(([a], [b]) => (a < b ? -1 : 1)))
  return sha256Hex(new TextEncoder().encode(JSON.stringify(sorted)))
}
