/** The options of `createSearch`: checked and completed once, here. */

import { LateenError } from '../errors.ts'
import { DTYPES, type Dtype } from '../model/dtype.ts'
import type { OnProgress } from '../types.ts'
import { loadCode } from '../util/load-code.ts'
import type { ClientOptions } from './client.ts'
import { startSearchWorker } from './worker.ts'

export interface CreateSearchOptions {
  /**
   * URL of a prebuilt index folder, absolute or relative to the page. Absent: the index is what this
   * page adds to it.
   */
  readonly index?: string
  /**
   * IndexedDB name of the local index. Searches with the same name on one origin share it.
   * @default the URL of the index, or 'default' where there is none
   */
  readonly name?: string
  /**
   * Base URL of the model bundle, absolute or relative to the page; or `hub:owner/name[@revision]`, which is
   * then fetched from the Hub by the reader's browser.
   * @default `model/` in the folder of the index, where `lateen index` puts it; without an index
   * `models/lateen-mini/` next to the page (`document.baseURI`)
   */
  readonly model?: string
  /** Base URL of the Hub. @default https://huggingface.co */
  readonly hub?: string
  /**
   * How many leading components of the model's vectors are used, for models trained to allow it; fewer make
   * a smaller index. @default those of the index, else all
   */
  readonly dim?: number
  /** Backend to try first. What is really used, and why, is in `info()`. @default 'auto' */
  readonly prefer?: 'auto' | 'webgpu' | 'wasm'
  /**
   * Weights to load, in the names of transformers.js: `auto` tries all that suit a backend until one gives
   * the known vectors, any other is the only one that is tried. @default 'auto'
   */
  readonly dtype?: Dtype
  /** ONNX file of the model bundle, where it is none of the usual `onnx/model*.onnx` and `model*.onnx`. */
  readonly weights?: string
  /** False keeps nothing beyond the page's life. @default true: IndexedDB */
  readonly persist?: boolean
  /** Makes the worker, for pages that serve its script from a place of their own. @default the bundled one */
  readonly worker?: () => Worker
  /**
   * Milliseconds a worker may take to start, restarts included, before the engine runs in the page;
   * 0 runs it there at once. @default 10000
   */
  readonly handshakeMs?: number
  /** Told about every download and index job for as long as the search is open. */
  readonly onProgress?: OnProgress
  /** Told that another tab has changed the local index, which queries see from now on. */
  readonly onChange?: (revision: number) => void
  /** Gives up opening. Has no effect afterwards; use `close()`. */
  readonly signal?: AbortSignal
}

/** What is wrong with a value: what was expected in its place, or undefined when nothing is. */
type Check = (value: unknown) => string | undefined

const CHECKS: Record<keyof CreateSearchOptions, Check> = {
  index: nonEmptyString,
  name: nonEmptyString,
  model: nonEmptyString,
  hub: nonEmptyString,
  dim: (value) => (Number.isSafeInteger(value) && Number(value) > 0 ? undefined : 'a whole number from 1'),
  prefer: (value) => (PREFERENCES.has(value) ? undefined : `'auto', 'webgpu' or 'wasm'`),
  dtype: (value) => (DTYPES.includes(value as Dtype) ? undefined : `one of ${DTYPES.join(', ')}`),
  weights: nonEmptyString,
  persist: (value) => (typeof value === 'boolean' ? undefined : 'true or false'),
  worker: aFunction,
  handshakeMs: (value) => (Number.isFinite(value) && Number(value) >= 0 ? undefined : 'a number from 0'),
  onProgress: aFunction,
  onChange: aFunction,
  signal: (value) => (value instanceof AbortSignal ? undefined : 'an AbortSignal'),
}
const PREFERENCES = new Set<unknown>(['auto', 'webgpu', 'wasm'])

/** Fails with `bad-argument` on an unknown option or a value that cannot be meant. */
export function resolveOptions(options: CreateSearchOptions): ClientOptions {
  check(options)
  const index = options.index === undefined ? undefined : folderUrl('index', options.index, document.baseURI)
  return {
    host: {
      ...(index ? { index } : {}),
      name: options.name ?? index ?? 'default',
      model: modelAddress(options.model, index),
      ...(options.hub ? { hub: options.hub } : {}),
      ...(options.dim ? { dim: options.dim } : {}),
      prefer: options.prefer ?? 'auto',
      ...(options.dtype ? { dtype: options.dtype } : {}),
      ...(options.weights ? { weights: options.weights } : {}),
      persist: options.persist ?? true,
    },
    startWorker: options.worker ?? startSearchWorker,
    // Loaded only when it is needed: a page with a working worker never fetches the engine itself.
    openInPage: async (...args) => (await loadCode(() => import('./host.web.ts'))).openEngine(...args),
    handshakeMs: options.handshakeMs ?? 10_000,
    events: {
      ...(options.onProgress ? { onProgress: options.onProgress } : {}),
      ...(options.onChange ? { onChange: options.onChange } : {}),
    },
  }
}

function check(options: CreateSearchOptions): void {
  const checks = new Map(Object.entries(CHECKS))
  for (const [name, value] of Object.entries(options)) {
    const expected = checks.get(name)
    if (!expected) {
      const known = [...checks.keys()].join(', ')
      throw new LateenError('bad-argument', `createSearch has no option '${name}'; it has ${known}.`)
    }
    const missed = value === undefined ? undefined : expected(value)
    if (missed) {
      throw new LateenError(
        'bad-argument',
        `Expected option '${name}' to be ${missed}, got ${String(value)}.`,
      )
    }
  }
}

function modelAddress(model: string | undefined, index: string | undefined): string {
  if (model?.startsWith('hub:')) return model
  if (model) return folderUrl('model', model, document.baseURI)
  return index
    ? folderUrl('model', 'model/', index)
    : folderUrl('model', 'models/lateen-mini/', document.baseURI)
}

/** An absolute URL that ends with a slash, so that names resolve below it. */
function folderUrl(option: string, url: string, base: string): string {
  try {
    const absolute = new URL(url, base)
    if (!absolute.pathname.endsWith('/')) absolute.pathname += '/'
    return absolute.href
  } catch (cause) {
    throw new LateenError(
      'bad-argument',
      `Expected option '${option}' to be the URL of a folder, got '${url}'.`,
      { cause },
    )
  }
}

function nonEmptyString(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? undefined : 'a non-empty string'
}

function aFunction(value: unknown): string | undefined {
  return typeof value === 'function' ? undefined : 'a function'
}
