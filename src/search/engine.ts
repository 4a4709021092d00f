/**
 * The engine: one index, one model, one scorer, and the five things a caller does with them. The
 * worker exposes it, the CLI and Node callers use it as it is.
 */
import { LateenError } from '../errors.ts'
import type { IndexStore } from '../store/store.ts'
import type {
  ChangeOptions,
  ChangeSummary,
  DocumentInput,
  EngineInfo,
  Explanation,
  FilterCounts,
  HitDetail,
  HitList,
  OnProgress,
  Progress,
  QueryOptions,
} from '../types.ts'
import { loadCode } from '../util/load-code.ts'
import type { OpenBackend } from './backend.ts'
import type { ChangeContext, IndexDefaults } from './changes.ts'
import { editions } from './editions.ts'
import type { EncodeTextsOptions, TextVectors } from './encode-texts.ts'
import { countFilters } from './filters.ts'
import { numberOf, readPassage } from './hits.ts'
import { engineInfo, indexBytes } from './info.ts'
import { lazyMeaning } from './lazy-meaning.ts'
import { planQuery } from './plan.ts'
import { idlePrefetch } from './prefetch.ts'
import type { RerankHit, RerankOptions } from './rerank.ts'
import { openState } from './state.ts'
import { answers } from './stream.ts'

export type { ChangeOptions, EncodeTextsOptions, RerankHit, RerankOptions, TextVectors }

/** Names the passage behind a hit. */
export interface HitReference {
  readonly id: string
  readonly passage: number
}

export interface Engine {
  info(): EngineInfo
  /** Loads model, scorer and vectors ahead of the first semantic query. Concurrent calls share one load. */
  prepare(options?: ChangeOptions): Promise<void>
  /** The lexical answer at once, then the fused one when the model has spoken. */
  stream(text: string, options?: QueryOptions): AsyncIterable<HitList>
  /** The last answer of `stream`. */
  query(text: string, options?: QueryOptions): Promise<HitList>
  explain(text: string, hit: HitReference, options?: { signal?: AbortSignal }): Promise<Explanation>
  detail(hit: HitReference): Promise<HitDetail>
  /** Fails with `duplicate-id` when an id is already there; nothing is stored then. */
  add(documents: readonly DocumentInput[], options?: ChangeOptions): Promise<ChangeSummary>
  /** Adds, replacing documents with the same id. */
  update(documents: readonly DocumentInput[], options?: ChangeOptions): Promise<ChangeSummary>
  /** Fails with `document-not-found` when an id is not there; nothing is removed then. */
  remove(ids: readonly string[], options?: ChangeOptions): Promise<ChangeSummary>
  /** The token vectors of texts, for callers who keep and compare them themselves. */
  encode(texts: readonly string[], options: EncodeTextsOptions): Promise<TextVectors[]>
  /** Scores texts against a query without any index. */
  rerank(
    query: string,
    documents: readonly (string | DocumentInput)[],
    options?: RerankOptions,
  ): Promise<RerankHit[]>
  /** How many documents have each value of their metadata. */
  filters(): Promise<FilterCounts>
  /**
   * Brings every file of the index and the model here.
   *
   * @returns bytes of both that are stored on this device
   * @throws LateenError `storage-unavailable` where nothing outlives the page, `storage-full`, `network`
   */
  keepOffline(options?: ChangeOptions): Promise<number>
  /** Reads the manifest again, for when another tab has changed the index. */
  refresh(): Promise<void>
  close(): Promise<void>
}

/** An engine that may live elsewhere, so that even `info()` has to be asked. */
export type AsyncEngine = Omit<Engine, 'info'> & { info(): Promise<EngineInfo> }

export interface EngineOptions {
  readonly store: IndexStore
  readonly openBackend: OpenBackend
  /** What a new index is made with. */
  readonly defaults?: Partial<IndexDefaults>
  /** Told about every download of model and index; jobs of a single call report to that call too. */
  readonly onProgress?: OnProgress
  /**
   * An index of at most so many bytes is brought here as a whole, unasked, once a query has used the
   * model and nothing is going on. @default 0: never
   */
  readonly prefetchBytes?: number
  readonly signal?: AbortSignal
}

/**
 * The smallest setting that loses at most one percent of nDCG@10 against float vectors without pooling on
 * the collections of docs/benchmarks.md: with the bundled model pooling by 2 already loses more.
 */
export const DEFAULT_INDEX: IndexDefaults = { bits: 4, poolFactor: 1 }

/** Passages each leg hands to fusion: enough that a hit low in one list and high in the other is seen. */
export const MIN_DEPTH = 100

/**
 * Opens an index and answers from it. Only the manifest, the document tables and the heads of the keyword
 * index are read now; model, vectors and the code for them follow on the first semantic query or on `prepare()`.
 *
 * @throws LateenError `index-invalid`, `index-version`, `segment-missing`, `segment-corrupt`, `network`,
 *         `storage-unavailable`
 */
export async function createEngine(options: EngineOptions): Promise<Engine> {
  const { store, openBackend, prefetchBytes = 0, signal } = options
  let state = await openState(store, await store.readManifest(signal), undefined, signal)
  const listeners = new Set(options.onProgress ? [options.onProgress] : [])
  const meaning = lazyMeaning(
    (gpuLosses, listener) => openBackend(gpuLosses, listener, state.manifest?.model.dim),
    tellAll,
  )
  const ended = new AbortController()
  const prefetch = idlePrefetch(store, ended.signal)
  let running = 0
  let closed = false
  // Changes are made one after the other: each is based on what the one before it left.
  let changes: Promise<unknown> = Promise.resolve()

  const context: ChangeContext = {
    store,
    defaults: { ...DEFAULT_INDEX, ...options.defaults },
    state: () => state,
    setState(next) {
      state = next
      if (running === 0) meaning.retain(state)
    },
    backend: async (abort) => (await meaning.load(abort)).open(abort),
  }

  function tellAll(progress: Progress) {
    for (const listener of listeners) listener(progress)
  }

  /** Has one caller listen for as long as its call takes. */
  async function telling<T>(listener: OnProgress | undefined, work: () => Promise<T>): Promise<T> {
    if (!listener) return work()
    listeners.add(listener)
    try {
      return await work()
    } finally {
      listeners.delete(listener)
    }
  }

  function assertOpen() {
    if (closed) throw new LateenError('closed', 'This search was closed. Create a new one.')
  }

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    assertOpen()
    const mine = changes.then(() => {
      assertOpen()
      return work()
    })
    changes = mine.catch(() => undefined)
    return mine
  }

  const change = <T>(work: (code: typeof import('./changes.ts')) => Promise<T>) =>
    inTurn(async () => work(await loadCode(() => import('./changes.ts'))))

  /** Keeps vectors alive that a running query scores, even when a change drops their segment. */
  async function whileRunning<T>(work: () => Promise<T>): Promise<T> {
    assertOpen()
    running++
    prefetch.pause()
    try {
      return await work()
    } finally {
      running--
      if (running === 0 && !closed) {
        meaning.retain(state)
        const { manifest } = state
        const isWanted = meaning.status().state === 'ready' && indexBytes(manifest) <= prefetchBytes
        if (manifest && isWanted) prefetch.schedule(manifest.revision)
      }
    }
  }

  const refresh = () =>
    inTurn(async () => {
      context.setState(await openState(store, await store.readManifest(), state))
    })
  const newest = editions(() => state, refresh)

  const prepare = (abort?: AbortSignal) =>
    newest.run((index) => whileRunning(async () => (await meaning.load(abort)).prepare(index, abort)))

  async function* stream(text: string, queryOptions: QueryOptions = {}): AsyncGenerator<HitList> {
    assertOpen()
    const abort = queryOptions.signal
    yield* newest.lists((index) => {
      const plan = planQuery(index, text, queryOptions, MIN_DEPTH)
      const askMeaning = () =>
        whileRunning(async () => (await meaning.load(abort)).answer(index, plan, abort))
      return answers({ index, plan, askMeaning, signal: abort })
    })
  }

  return {
    info() {
      const info = engineInfo(state, store, meaning.status(), context.defaults)
      return { ...info, fallbacks: [...info.fallbacks, ...prefetch.fallbacks()] }
    },
    prepare: async ({ signal: abort, onProgress } = {}) => {
      await telling(onProgress, () => prepare(abort))
    },
    stream,
    async query(text, queryOptions) {
      let last: HitList | undefined
      for await (const list of stream(text, queryOptions)) last = list
      return last!
    },
    async explain(text, hit, { signal: abort } = {}) {
      const index = state
      const number = numberOf(index, hit.id, hit.passage)
      const { text: query } = planQuery(index, text, {}, MIN_DEPTH)
      return whileRunning(async () => {
        const half = await meaning.load(abort)
        return half.explain(index, number, await readPassage(index, number), query, abort)
      })
    },
    async detail(hit) {
      assertOpen()
      const first = readPassage(state, numberOf(state, hit.id, 0))
      const passage = readPassage(state, numberOf(state, hit.id, hit.passage))
      const { details = {} } = await first
      return { ...(await passage), details, passages: state.find(hit.id)!.entry.numPassages }
    },
    add: (documents, changeOptions) =>
      change((code) => code.addDocuments(context, documents, false, changeOptions)),
    update: (documents, changeOptions) =>
      change((code) => code.addDocuments(context, documents, true, changeOptions)),
    remove: (ids) => change((code) => code.removeDocuments(context, ids)),
    async encode(texts, encodeOptions) {
      assertOpen()
      return (await meaning.load(encodeOptions.signal)).encode(texts, encodeOptions)
    },
    async rerank(query, documents, rerankOptions = {}) {
      assertOpen()
      const half = await meaning.load(rerankOptions.signal)
      return half.rerank(query, documents, rerankOptions)
    },
    async filters() {
      assertOpen()
      return countFilters(
        state.segments.flatMap(({ text, removed }) =>
          text.documents.filter((_, number) => !removed.has(number)).map(({ metadata }) => metadata),
        ),
      )
    },
    async keepOffline({ signal: abort, onProgress } = {}) {
      assertOpen()
      if (store.kind === 'memory') {
        throw new LateenError(
          'storage-unavailable',
          'Nothing can be kept: this search lives in memory only. Open it with persist, outside of a private window.',
        )
      }
      return telling(onProgress, async () => {
        await store.keepAll(abort, (done, total) =>
          tellAll({ job: 'index', stage: 'offline', done, total, unit: 'bytes' }),
        )
        const { encoder, fallbacks } = await prepare(abort)
        const lost = fallbacks.find(({ from }) => from === 'cache')
        if (lost) throw new LateenError(lost.code as 'storage-full', lost.message)
        return indexBytes(state.manifest) + encoder.bytes
      })
    },
    refresh,
    async close() {
      if (closed) return
      closed = true
      ended.abort()
      await changes
      await meaning.dispose()
      await store.close()
    },
  }
}
