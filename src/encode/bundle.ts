/**
 * Opens a model bundle: settings, tokenizer, head and known answers, everything but the weights,
 * which are read when a backend is chosen.
 */
import { LateenError } from '../errors.ts'
import type { Tokenizer } from '../text/tokenize.ts'
import { sha256Hex } from '../util/hash.ts'
import { type BundleFiles, bundleFiles, type ReadBundleOptions } from './bundle-files.ts'
import { type DenseDescription, type Json, type ModelLayout, readLayout } from './layout.ts'
import type { DenseLayer, Golden, ModelSpec, ModelWeights } from './model.ts'
import { readSafetensors } from './safetensors.ts'
import type { ModelSource } from './source.ts'
import { readTokenizer } from './tokenizer-files.ts'
import { findWeights } from './weights.ts'

export interface ModelBundle {
  readonly spec: ModelSpec
  readonly tokenizer: Tokenizer
  readWeights(weights: ModelWeights, signal?: AbortSignal): Promise<Uint8Array>
  /** Any other file, e.g. a codec. Fails with `model-missing-file`. */
  readFile(path: string, signal?: AbortSignal): Promise<Uint8Array>
  /** Bytes of the files read so far. */
  bytesRead(): number
  /** Counts another download along with the files, in the progress that is reported. */
  track: BundleFiles['track']
}

/**
 * @throws LateenError `model-missing-file`, `model-invalid`, `model-unsupported`, `network`, `aborted`;
 *         the message names the file
 */
export async function readModelBundle(
  source: ModelSource,
  options: ReadBundleOptions = {},
): Promise<ModelBundle> {
  const files = await bundleFiles(source, options)
  const layout = await readLayout(files.json)
  const { folder } = layout
  const [{ tokenizer, ...tokenizing }, head, weights, goldens] = await Promise.all([
    readTokenizer(files, folder, layout.lowercase),
    Promise.all(layout.dense.map((dense) => readDenseLayer(files, dense))),
    findWeights(files, source),
    readGoldens(files),
  ])
  const settings = resolveLayout(layout, tokenizer, tokenizing.config)
  // A chain with a missing file must be part of the graph.
  const completeHead = head.every((dense) => dense !== undefined) ? head : []
  const fingerprint = fingerprintOf({
    weights: await files.hash(weights[0]!.path),
    head: completeHead.map((dense) => dense.identity),
    tokenizer: tokenizing.hash,
    ...settings,
    skiplistIds: [...settings.skiplistIds].sort((a, b) => a - b),
  })
  const spec: ModelSpec = {
    name: files.name,
    fingerprint,
    tokenizerHash: tokenizing.hash,
    ...settings,
    head: completeHead.map((dense) => dense.layer),
    weights,
    goldens: checkGoldens(goldens, settings.dim),
  }
  return {
    spec,
    tokenizer,
    readWeights: (chosen, signal) => files.readLast(chosen.path, signal),
    readFile: (path, signal) => files.read(path, signal),
    bytesRead: files.bytesRead,
    track: files.track,
  }
}

/** Every setting that decides the vectors, in ids. */
function resolveLayout(layout: ModelLayout, tokenizer: Tokenizer, tokenizerConfig: Json) {
  const markerId = (marker: string) => {
    if (marker === '') return undefined
    const id = tokenizer.idOf(marker)
    if (id !== undefined) return id
    throw new LateenError(
      'model-invalid',
      `config_sentence_transformers.json names the marker ${JSON.stringify(marker)}, which tokenizer.json does not have. Take both files from one version of the model.`,
    )
  }
  const queryMarkerId = markerId(layout.queryMarker)
  const documentMarkerId = markerId(layout.documentMarker)
  // The reference pads with the mask token, else the end token, and expands queries with the same.
  const padTokenId = ['mask_token', 'eos_token', 'pad_token']
    .map((key) => tokenizer.idOf(tokenText(tokenizerConfig[key])))
    .find((id) => id !== undefined)
  if (layout.expansion && padTokenId === undefined) {
    throw new LateenError(
      'model-invalid',
      'The model expands queries, but tokenizer_config.json names no mask, end or padding token.',
    )
  }
  return {
    dim: layout.dense.at(-1)?.outFeatures ?? layout.hiddenSize,
    queryLength: layout.queryLength,
    documentLength: layout.documentLength,
    ...(queryMarkerId === undefined ? {} : { queryMarkerId }),
    ...(documentMarkerId === undefined ? {} : { documentMarkerId }),
    ...(layout.expansion && padTokenId !== undefined
      ? {
          expansion: {
            tokenId: padTokenId,
            attend: layout.expansion.attend,
            length: layout.queryLength,
            strategy: 'fixed' as const,
          },
        }
      : {}),
    // A word that is not in the vocabulary is left out: its id would be the unknown token's, and would
    // drop every unknown word of a document.
    skiplistIds: new Set(layout.skiplist.map(tokenizer.idOf).filter((id) => id !== undefined)),
    queryPrompt: layout.queryPrompt,
    documentPrompt: layout.documentPrompt,
    lowercase: layout.lowercase,
    padTokenId: padTokenId ?? 0,
  }
}

/** Special tokens are stored as strings or as objects. */
function tokenText(token: unknown): string {
  if (typeof token === 'string') return token
  const content = (token as { content?: unknown } | null | undefined)?.content
  return typeof content === 'string' ? content : ''
}

/** A layer of the head, and all that decides what it computes. */
interface DenseFile {
  readonly layer: DenseLayer
  readonly identity: object
}

async function readDenseLayer(files: BundleFiles, dense: DenseDescription): Promise<DenseFile | undefined> {
  const { folder, inFeatures, outFeatures, activation, bias, residual } = dense
  const path = `${folder}model.safetensors`
  if (!(await files.has(path))) return undefined
  const bytes = await files.read(path)
  const tensors = readSafetensors(bytes, path)
  const values = (key: string, size: number) => {
    const tensor = tensors.get(key)
    if (tensor?.data.length === size) return tensor.data
    const found = tensor ? tensor.shape.join(' × ') : 'none'
    throw new LateenError('model-invalid', `${path} should have ${size} values as ${key}, found ${found}.`)
  }
  const isIdentity = inFeatures === outFeatures && !tensors.has('residual.weight')
  const layer: DenseLayer = {
    inFeatures,
    outFeatures,
    activation,
    weight: values('linear.weight', inFeatures * outFeatures),
    ...(bias ? { bias: values('linear.bias', outFeatures) } : {}),
    ...(residual
      ? { residual: isIdentity ? ('identity' as const) : values('residual.weight', inFeatures * outFeatures) }
      : {}),
  }
  return { layer, identity: { weights: sha256Hex(bytes), activation, bias, residual } }
}

/** Known texts with their vectors, as `reference.json` stores them; none when it is not there. */
async function readGoldens(files: BundleFiles): Promise<Golden[]> {
  const json = await files.json.optional('reference.json')
  const list = Object.values(json ?? {}) as {
    kind: Golden['kind']
    text: string
    input_ids: number[]
    vectors: number[][]
  }[]
  return list.map(({ kind, text, input_ids, vectors }) => ({
    kind,
    text,
    ids: input_ids,
    vectors: Float32Array.from(vectors.flat()),
  }))
}

function checkGoldens(goldens: readonly Golden[], dim: number): readonly Golden[] {
  for (const { text, ids, vectors } of goldens) {
    if (vectors.length === ids.length * dim) continue
    throw new LateenError(
      'model-invalid',
      `reference.json should have ${ids.length} × ${dim} values for ${JSON.stringify(text)}, found ${vectors.length}.`,
    )
  }
  return goldens
}

function fingerprintOf(parts: object): string {
  const sorted = Object.fromEntries(Object.entries(parts).sort(([a], [b]) => (a < b ? -1 : 1)))
  return sha256Hex(new TextEncoder().encode(JSON.stringify(sorted)))
}
