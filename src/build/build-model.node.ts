/** A model opened for building: cutting passages needs its tokenizer, and only new text needs its weights. */
import { readModelBundle } from '../encode/bundle.ts'
import type { Encoder } from '../encode/encoder.ts'
import { folderSource } from '../encode/folder.node.ts'
import { countDocumentTokens } from '../encode/input.ts'
import { bundledModel, type LoadedEncoder, loadNodeEncoder } from '../encode/load.node.ts'
import type { ModelSource } from '../encode/source.ts'
import { weightsFor } from '../encode/weights.ts'
import type { Backend } from '../search/backend.ts'
import { readModelFiles } from '../search/model-files.ts'
import { once } from '../util/once.ts'

export interface BuildModel {
  /** Folder of the model bundle. */
  readonly folder: string
  /** Paths of what a browser may load of the bundle, in order. */
  readonly files: readonly string[]
  readonly encoder: Pick<Encoder, 'spec' | 'countTokens' | 'encodeDocuments'>
  readonly modelCodec: Backend['modelCodec']
  dispose(): Promise<void>
}

/**
 * Reads a bundle; weights are loaded by the first text that is encoded in this thread.
 *
 * @param folder of a model bundle; default: the bundled `lateen-mini`
 * @throws LateenError as `loadNodeEncoder` does
 */
export async function openBuildModel(folder = bundledModel(), signal?: AbortSignal): Promise<BuildModel> {
  const { source, paths } = recorded(folderSource(folder))
  const { spec, tokenizer, readFile } = await readModelBundle(source, { signal })
  const { modelCodec } = await readModelFiles(readFile)
  for (const backend of ['wasm', 'webgpu'] as const) paths.add(weightsFor(spec, backend).path)
  let loaded: LoadedEncoder | undefined
  const load = once(async () => (loaded = await loadNodeEncoder({ model: folder, signal })))
  return {
    folder,
    files: [...paths].sort(),
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

/** The same source; every file that could be read is remembered. */
function recorded(source: ModelSource): { source: ModelSource; paths: Set<string> } {
  const paths = new Set<string>()
  const read: ModelSource['read'] = async (path, options) => {
    const bytes = await source.read(path, options)
    paths.add(path)
    return bytes
  }
  return { source: { ...source, read }, paths }
}
