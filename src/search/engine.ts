/**
 * The engine: one index, one model, one scorer, and the five things a caller does with them. The
 * worker exposes it, the CLI and Node callers use it as it is.
 */
import type { EncodedText } from '../encode/encoder.ts'
import { asLateenError, LateenError } from '../errors.ts'
import { fuse } from '../lexical/fusion.ts'
import { maxSim } from '../score/reference.ts'
import type { IndexStore } from '../store/store.ts'
import { encodedText } from '../text/passages.ts'
import type {
  ChangeOptions,
  ChangeSummary,
  DocumentInput,
  EngineInfo,
  Explanation,
  HitDetail,
  HitList,
  OnProgress,
  QueryOptions,
  Timings,
} from '../types.ts'
import { throwIfAborted } from '../util/abort.ts'
import type { OpenBackend } from './backend.ts'
import { addDocuments, type ChangeContext, type IndexDefaults, removeDocuments } from './changes.ts'
import { meaningful } from './floor.ts'
import { explainNumbered, numberOf, readPassage, toHits, vectorsOf } from './hits.ts'
import { engineInfo } from './info.ts'
import { planQuery, type QueryPlan } from './plan.ts'
import { type SemanticAnswer, semanticLeg } from './semantic.ts'
import { type IndexState, openState } from './state.ts'

export type { ChangeOptions }

/** Names the passage behind a hit. */
export interface HitReference {
  readonly id: string
  readonly passage: number
}

export interface RerankOptions {
  /** How many at most, 1 to 1,000. @default all */
  readonly limit?: number
  readonly signal?: AbortSignal
}

/** A reranked text: its place in the input and its MaxSim score. */
export interface RerankHit {
  readonly index: number
  readonly id: string
  readonly score: number
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
  /** Scores texts against a query without any index. */
  rerank(
    query: string,
    documents: readonly (string | DocumentInput)[],
    options?: RerankOptions,
  ): Promise<RerankHit[]>
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
  /** Told about the model download and the index load; jobs of a single call report to that call. */
  readonly onProgress?: OnProgress
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
 * Opens an index and answers from it. Only the manifest, the document tables and the keyword index are
 * read now; the model and the vectors follow on the first semantic query or on `prepare()`.
 *
 * @throws LateenError `index-invalid`, `index-version`, `segment-missing`, `segment-corrupt`, `network`,
 *         `storage-unavailable`
 */
export async function createEngine(options: EngineOptions): Promise<Engine> {
  const { store, openBackend, onProgress, signal } = options
  let state = await openState(store, await store.readManifest(signal), undefined, signal)
  const semantic = semanticLeg(openBackend, onProgress)
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
      if (running === 0) semantic.retain(state)
    },
    backend: (abort) => semantic.open(abort),
  }

  function assertOpen() {
    if (closed) throw new LateenError('closed', 'This search was closed. Create a new one.')
  }

  function change<T>(work: () => Promise<T>): Promise<T> {
    assertOpen()
    const mine = changes.then(() => {
      assertOpen()
      return work()
    })
    changes = mine.catch(() => undefined)
    return mine
  }

  /** Keeps vectors alive that a running query scores, even when a change drops their segment. */
  async function whileRunning<T>(work: () => Promise<T>): Promise<T> {
    assertOpen()
    running++
    try {
      return await work()
    } finally {
      running--
      if (running === 0 && !closed) semantic.retain(state)
    }
  }

  async function answer(
    snapshot: IndexState,
    plan: QueryPlan,
    abort: AbortSignal | undefined,
  ): Promise<SemanticAnswer> {
    const found = await semantic.rank(plan.text, snapshot, plan.passagesOf, plan.depth, abort)
    const backend = await semantic.open(abort)
    const ranked = await meaningful(found.ranked, plan.text, found.query, backend.semanticFloor, (passage) =>
      vectorsOf(snapshot, passage, backend),
    )
    return { ...found, ranked }
  }

  async function* stream(text: string, queryOptions: QueryOptions = {}): AsyncGenerator<HitList> {
    assertOpen()
    const snapshot = state
    const abort = queryOptions.signal
    const plan = planQuery(snapshot, text, queryOptions, MIN_DEPTH)
    const startMs = performance.now()
    const since = () => performance.now() - startMs
    if (plan.text === '') {
      yield {
        stage: plan.mode === 'semantic' ? 'semantic' : 'lexical',
        final: true,
        hits: [],
        timings: { totalMs: since() },
      }
      return
    }

    let keywords: HitList | undefined
    const found =
      plan.mode === 'semantic'
        ? []
        : snapshot.lexical.search(plan.text, { limit: plan.depth, filter: plan.allows })
    const terms = new Map(found.map((hit) => [hit.id, hit.terms]))
    if (plan.mode !== 'semantic') {
      const lexicalMs = since()
      const hits = await toHits({
        state: snapshot,
        ranked: found,
        limit: plan.limit,
        terms,
        semantic: new Set(),
      })
      throwIfAborted(abort)
      keywords = {
        stage: 'lexical',
        final: plan.mode === 'lexical',
        hits,
        timings: { lexicalMs, totalMs: since() },
      }
      yield keywords
      if (plan.mode === 'lexical') return
    }

    let meaning: SemanticAnswer
    try {
      meaning = await whileRunning(() => answer(snapshot, plan, abort))
    } catch (error) {
      const { code, message } = asLateenError(error)
      if (!keywords || code === 'aborted' || code === 'closed') throw error
      yield {
        ...keywords,
        final: true,
        degraded: { code, message },
        timings: { ...keywords.timings, totalMs: since() },
      }
      return
    }
    throwIfAborted(abort)
    const ranked = keywords
      ? fuse({ lexical: found, semantic: meaning.ranked, query: plan.text }, plan.depth)
      : meaning.ranked
    const hits = await toHits({
      state: snapshot,
      ranked,
      limit: plan.limit,
      terms,
      semantic: new Set(meaning.ranked.map(({ id }) => id)),
      query: meaning.query,
      backend: semantic.backend,
    })
    throwIfAborted(abort)
    const timings: Timings = {
      ...keywords?.timings,
      encodeMs: meaning.encodeMs,
      scoreMs: meaning.scoreMs,
      totalMs: since(),
    }
    yield { stage: keywords ? 'fused' : 'semantic', final: true, hits, timings }
  }

  return {
    info: () => engineInfo(state, store, semantic, context.defaults),
    prepare: async ({ signal: abort } = {}) => {
      await whileRunning(() => semantic.prepare(state, abort))
    },
    stream,
    async query(text, queryOptions) {
      let last: HitList | undefined
      for await (const list of stream(text, queryOptions)) last = list
      return last!
    },
    async explain(text, hit, { signal: abort } = {}) {
      const snapshot = state
      const number = numberOf(snapshot, hit.id, hit.passage)
      const { text: query } = planQuery(snapshot, text, {}, MIN_DEPTH)
      return whileRunning(async () => {
        const encoded: EncodedText = await semantic.encodeQuery(query, abort)
        const backend = await semantic.open(abort)
        return explainNumbered(snapshot, number, await readPassage(snapshot, number), encoded, backend)
      })
    },
    async detail(hit) {
      assertOpen()
      const passage = await readPassage(state, numberOf(state, hit.id, hit.passage))
      return { ...passage, passages: state.find(hit.id)!.entry.numPassages }
    },
    add: (documents, changeOptions) => change(() => addDocuments(context, documents, false, changeOptions)),
    update: (documents, changeOptions) => change(() => addDocuments(context, documents, true, changeOptions)),
    remove: (ids) => change(() => removeDocuments(context, ids)),
    async rerank(query, documents, { limit = documents.length, signal: abort } = {}) {
      assertOpen()
      const { encoder } = await semantic.open(abort)
      const encodeOptions = abort ? { signal: abort } : {}
      const texts = documents.map((document) =>
        typeof document === 'string' ? document : inputText(document),
      )
      const { matrix } = await encoder.encodeQuery(query, encodeOptions)
      const encoded = await encoder.encodeDocuments(texts, encodeOptions)
      return encoded
        .map((document, index): RerankHit => {
          const input = documents[index]!
          return {
            index,
            id: typeof input === 'string' ? String(index) : input.id,
            score: maxSim(matrix, document.matrix),
          }
        })
        .sort((a, b) => b.score - a.score || a.index - b.index)
        .slice(0, limit)
    },
    refresh: () =>
      change(async () => {
        context.setState(await openState(store, await store.readManifest(), state))
      }),
    async close() {
      if (closed) return
      closed = true
      await changes
      await semantic.dispose()
      await store.close()
    },
  }
}

/** A document as the model would see it if it were one passage. */
function inputText({ title = '', text }: DocumentInput): string {
  return encodedText({ title, headings: [], text }).text
}
