/**
 * Lateen in Node: the same search as in the browser over an index in a folder or in memory, and what
 * it takes to write one.
 */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { assertReplaceable, noIndex } from './build/index-folder.node.ts'
import {
  type WriteIndexOptions as CoreOptions,
  type WrittenIndex,
  writeIndex as write,
} from './build/write-index.ts'
import { type Search, searchOver } from './client/search.ts'
import { loadNodeEncoder } from './encode/load.node.ts'
import type { Dtype } from './model/dtype.ts'
import { referenceScorer } from './score/reference.ts'
import { wasmScorer } from './score/wasm.ts'
import type { OpenBackend } from './search/backend.ts'
import { createEngine, DEFAULT_INDEX } from './search/engine.ts'
import { readModelFiles } from './search/model-files.ts'
import { MODEL_FOLDER } from './site/model-output.node.ts'
import { fileStore } from './store/file.node.ts'
import { memoryStore } from './store/memory.ts'
import type { WritableStore } from './store/store.ts'
import type { OnProgress } from './types.ts'

export type { Bits } from './build/codec.ts'
export type { IndexBytes, WrittenIndex } from './build/write-index.ts'
export { type ReadDocuments, readDocuments } from './cli/read-documents.ts'
export type { Hit, Search, SearchOptions } from './client/search.ts'
export { ERROR_CODES, type ErrorCode, isLateenError, LateenError } from './errors.ts'
export type { Dtype } from './model/dtype.ts'
export { type ImportedIndex, type ImportPlaidOptions, importPlaid } from './plaid/import.node.ts'
export type { PlaidChunk, PlaidIndex, PlaidLayout, PlaidLists } from './plaid/plaid.ts'
export { readPlaid } from './plaid/read.node.ts'
export { maxSim, type RankHit, type RankOptions, rank } from './score/max-sim.ts'
export type { Backend, OpenBackend } from './search/backend.ts'
export type {
  ChangeOptions,
  EncodeTextsOptions,
  HitReference,
  RerankHit,
  RerankOptions,
  TextVectors,
} from './search/engine.ts'
export { buildSite, type SiteBuildOptions } from './site/build-site.node.ts'
export type { IndexedPage, SiteBytes, SiteReport, SkippedPage } from './site/report.ts'
export { fileStore } from './store/file.node.ts'
export { memoryStore } from './store/memory.ts'
export type { IndexStore, WritableStore } from './store/store.ts'
export { parseDocument } from './text/parse.ts'
export type * from './types.ts'

export interface NodeBackendOptions {
  /**
   * How many leading components of the model's vectors are used, for models trained to allow it; fewer make
   * a smaller index. @default those of the index, else all
   */
  readonly dim?: number
  /**
   * Folder or base URL of a model bundle; or `hub:owner/name[@revision]`, which is stored on this machine
   * first; without `hub:` where no such folder exists. @default the bundled `lateen-mini`
   */
  readonly model?: string
  /** Base URL of the Hub. @default HF_ENDPOINT of the environment, else https://huggingface.co */
  readonly hub?: string
  /**
   * Weights to load, in the names of transformers.js: `auto` tries all that suit a backend until one gives
   * the known vectors, any other is the only one that is tried. @default 'auto'
   */
  readonly dtype?: Dtype
  /** ONNX file of the model bundle, where it is none of the usual `onnx/model*.onnx` and `model*.onnx`. */
  readonly weights?: string
  /** What computes MaxSim: WebAssembly, or the plain reference that is the truth and slow. @default 'wasm' */
  readonly scorer?: 'wasm' | 'reference'
}

/** Model and scorer of a Node process. Fails as {@link openSearch} does when its model is needed. */
export function nodeBackend({
  model,
  hub,
  dtype,
  weights,
  dim,
  scorer = 'wasm',
}: NodeBackendOptions = {}): OpenBackend {
  return async (_gpuLosses, onProgress, indexDim) => {
    const { encoder, fallbacks, readFile } = await loadNodeEncoder({
      ...(model === undefined ? {} : { model }),
      hub,
      dtype,
      weights,
      dim,
      indexDim,
      ...(onProgress ? { onProgress } : {}),
    })
    try {
      const files = await readModelFiles(readFile, encoder.spec)
      const scoring = scorer === 'wasm' ? await wasmScorer() : referenceScorer()
      return {
        encoder,
        scorer: scoring,
        ...files,
        fallbacks,
        async dispose() {
          scoring.dispose()
          await encoder.dispose()
        },
      }
    } catch (error) {
      await encoder.dispose()
      throw error
    }
  }
}

export interface OpenSearchOptions extends NodeBackendOptions {
  /** As of {@link NodeBackendOptions}. @default `model/` in the folder of the index, else the bundled one */
  readonly model?: string
  /** Folder of an index. @default an empty index in memory */
  readonly index?: string
  /** True: a folder without an index becomes an empty one. @default false */
  readonly create?: boolean
  /** Told about the model and the index being loaded. */
  readonly onProgress?: OnProgress
  readonly signal?: AbortSignal
}

/**
 * Opens a search. Changes made through it are written to the folder. The model is loaded by the first
 * query that needs meaning, or by `prepare()`.
 *
 * @throws LateenError `index-not-found`, `index-invalid`, `index-version`, `segment-missing`,
 *         `segment-corrupt`, `storage-unavailable`, `aborted`
 */
export async function openSearch(options: OpenSearchOptions = {}): Promise<Search> {
  const { index, create = false, onProgress, signal } = options
  const store = index === undefined ? memoryStore() : fileStore(index)
  if (index !== undefined && !create && !(await store.readManifest(signal))) throw noIndex(index)
  const engine = await createEngine({
    store,
    openBackend: nodeBackend({ ...modelBeside(index), ...options }),
    ...(onProgress ? { onProgress } : {}),
    ...(signal ? { signal } : {}),
  })
  return searchOver({ ...engine, info: async () => engine.info() })
}

/** The model that a site has with its index: what its pages load. */
function modelBeside(index: string | undefined): Pick<NodeBackendOptions, 'model'> {
  if (index === undefined) return {}
  const model = join(index, MODEL_FOLDER)
  return existsSync(model) ? { model } : {}
}

export interface WriteIndexOptions
  extends Omit<CoreOptions, 'store' | 'backend' | 'bits' | 'poolFactor'>,
    Partial<Pick<CoreOptions, 'bits' | 'poolFactor'>>,
    NodeBackendOptions {
  /** Folder to write, or another store. An index that is there is replaced, a folder of anything else refused. */
  readonly out: string | WritableStore
}

/**
 * Writes a whole index that `createSearch`, `openSearch` and any static host can use. The same
 * documents give the same bytes.
 *
 * @throws LateenError `bad-argument`; `bad-document` when no document holds text; `duplicate-id`; `aborted`,
 *         and then nothing has changed; `model-missing-file` and the other codes of a model that cannot be
 *         used; `storage-full`, `storage-unavailable`
 */
export async function writeIndex(options: WriteIndexOptions): Promise<WrittenIndex> {
  const { out, onProgress } = options
  if (typeof out === 'string') await assertReplaceable(out)
  const backend = await nodeBackend(options)(0, onProgress)
  try {
    const store = typeof out === 'string' ? fileStore(out) : out
    return await write({ ...DEFAULT_INDEX, ...options, store, backend })
  } finally {
    await backend.dispose()
  }
}
