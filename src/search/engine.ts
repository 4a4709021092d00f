/**
 * The engine: one index, one model, one scorer, and the five things a caller does with them. The
 * worker exposes it, the CLI and Node callers use it as it is.
 */
import type {
  ChangeSummary,
  DocumentInput,
  EngineInfo,
  Explanation,
  HitDetail,
  HitList,
  OnProgress,
  QueryOptions,
} from '../types.ts'

/** Names the passage behind a hit. */
export interface HitReference {
  readonly id: string
  readonly passage: number
}

export interface ChangeOptions {
  readonly signal?: AbortSignal
  readonly onProgress?: OnProgress
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
  rerank(query: string, documents: readonly (string | DocumentInput)[], options?: RerankOptions): Promise<RerankHit[]>
  close(): Promise<void>
}
