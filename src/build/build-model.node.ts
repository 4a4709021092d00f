/** A model opened for building: cutting passages needs its tokenizer, and only new text needs its weights. */

import type { Encoder } from '../encode/encoder.ts'
import { countDocumentTokens } from '../encode/input.ts'
import { type LoadedEncoder, loadNodeEncoder, namedModel } from '../encode/load.node.ts'
import { LateenError } from '../errors.ts'
import { readModelBundle } from '../model/bundle.ts'
import type { Dtype } from '../model/dtype.ts'
import { nodeModelSource } from '../model/source.node.ts'
import type { ModelSource } from '../model/source.ts'
import { rungsFor, weightsFor } from '../model/weights.ts'
import type { Backend } from '../search/backend.ts'
import { readModelFiles } from '../search/model-files.ts'
import { once } from '../util/once.ts'

export interface BuildModel {
  /** Folder of the model bundle. */
  readonly folder: string
  /** What went not as it should and did no harm. */
  readonly warnings: readonly string[]
  /** Weights that are loaded here; browsers choose their own. */
  readonly dtype: Dtype
  /** Paths of what a browser may load of the bundle, in order. */
  readonly files: readonly string[]
  /** One of them, unpacked and checked. */
  readFile(path: string): Promise<Uint8Array>
  /** The bytes `from` (inclusive) to `to` (exclusive) of one of them, where not all of it may be here. */
  readRange(path: string, from: number, to: number): Promise<Uint8Array>
  readonly encoder: Pick<Encoder, 'spec' | 'countTokens' | 'encodeDocuments'>
  readonly modelCodec: Backend['modelCodec']
  dispose(): Promise<void>
}

/**
 * Reads a bundle; weights are loaded by the first text that is encoded in this thread.
 *
 * @param named  folder of a bundle, or `hub:owner/name[@revision]`, which is stored on this machine first, with
 *               the weights browsers load; default: the bundled `lateen-mini`
 * @param dim    leading components of its vectors that are kept; default: all
 * @throws LateenError as `loadNodeEncoder` does
 */
export async function openBuildModel(
  named?: string,
  signal?: AbortSignal,
  dtype: Dtype = 'auto',
  dim?: number,
): Promise<BuildModel> {
  const warnings: string[] = []
  const model = namedModel(named)
  const opened = await nodeModelSource(model, { signal, onFallback: ({ message }) => warnings.push(message) })
  const { folder } = opened
  if (!folder) {
    throw new LateenError(
      'bad-argument',
      `Expected the folder of a model or hub:owner/name, found ${model}. Copy that model into a folder.`,
    )
  }
  const { source, paths, inParts } = recorded(opened)
  const { spec, tokenizer, readFile } = await readModelBundle(source, { dim, signal })
  const { modelCodec } = await readModelFiles(readFile, spec)
  rungsFor(spec, 'node', dtype)
  for (const backend of ['wasm', 'webgpu'] as const) {
    const { path, external = [] } = weightsFor(spec, backend)
    for (const file of [path, ...external]) paths.add(file)
  }
  for (const path of paths) await opened.fetch?.(path, { signal })
  await opened.complete()
  let loaded: LoadedEncoder | undefined
  const load = once(async () => (loaded = await loadNodeEncoder({ model: folder, dtype, dim, signal })))
  return {
    folder,
    warnings,
    dtype,
    files: [...new Set([...paths, ...inParts])].sort(),
    readFile,
    readRange: async (path, from, to) =>
      inParts.has(path) ? opened.readRange!(path, from, to) : (await readFile(path)).subarray(from, to),
    modelCodec,
    encoder: {
      spec,
      countTokens: (text) => countDocumentTokens(spec, tokenizer, text),
      async encodeDocuments(texts, options = {}) {
        const { encoder } = await load()
        const results: Awaited<ReturnType<Encoder['encodeDocuments']>> = []
        for (const text of texts) {
          // Alone: what a text is encoded with could decide its last bit, and caches decide what is encoded.
          results.push(
            ...(await encoder.encodeDocuments([text], options.signal ? { signal: options.signal } : {})),
          )
          options.onBatch?.(results.length)
        }
        return results
      },
    },
    dispose: async () => loaded?.encoder.dispose(),
  }
}

/** The same source; every file that could be read is remembered, apart from them those that were read in parts. */
function recorded(source: ModelSource): {
  source: ModelSource
  paths: Set<string>
  inParts: Set<string>
} {
  const paths = new Set<string>()
  const inParts = new Set<string>()
  const { readRange } = source
  return {
    source: {
      ...source,
      async read(path, options) {
        const bytes = await source.read(path, options)
        paths.add(path)
        return bytes
      },
      ...(readRange && {
        async readRange(path, from, to, options) {
          const bytes = await readRange(path, from, to, options)
          inParts.add(path)
          return bytes
        },
      }),
    },
    paths,
    inParts,
  }
}
