/** Measures an index on a collection with judgements: the engine's ranking, without the cost of showing hits. */
import type { Collection } from '../eval/beir.ts'
import { mean, ndcg, recall, reciprocalRank } from '../eval/metrics.ts'
import { fuse } from '../lexical/fusion.ts'
import type { Backend } from '../search/backend.ts'
import { MIN_DEPTH } from '../search/engine.ts'
import { documentIdOf, documentsOf } from '../search/hits.ts'
import { type Meaning, openMeaning } from '../search/meaning.ts'
import { planQuery } from '../search/plan.ts'
import { type IndexState, openState } from '../search/state.ts'
import type { IndexStore } from '../store/store.ts'
import type { SearchMode } from '../types.ts'
import { throwIfAborted } from '../util/abort.ts'

/** The first page: what nDCG and MRR look at, ranked with the limit a reader's page asks for. */
const PAGE = 10
/** Depth of recall. */
const DEPTH = 100

export interface EvaluateOptions {
  readonly store: IndexStore
  /** Stays open. */
  readonly backend: Backend
  readonly mode: SearchMode
  /** How two legs become one, to compare others with the engine's. @default the engine's */
  readonly fuse?: typeof fuse
  readonly signal?: AbortSignal
  /** Called after every query with the number of queries done. */
  readonly onQuery?: (done: number) => void
}

/** One entry per judged query, in order. Times are milliseconds; a stage that did not run is left out. */
export interface Measurements {
  readonly ndcg10: readonly number[]
  readonly recall100: readonly number[]
  readonly mrr10: readonly number[]
  readonly encodeMs: readonly number[]
  /** Keyword search, scoring and fusion. */
  readonly searchMs: readonly number[]
}

/** What a search gives for a query. */
export interface Ranking {
  /** Documents, best first. */
  readonly ids: readonly string[]
  /** Milliseconds; absent when nothing was encoded. */
  readonly encodeMs?: number | undefined
  readonly searchMs: number
}

/**
 * Ranks documents for every judged query as the engine does.
 *
 * @throws LateenError `aborted`, and what the stages throw
 */
export async function evaluate(
  collection: Pick<Collection, 'queries' | 'qrels'>,
  options: EvaluateOptions,
): Promise<Measurements> {
  const { store, backend, mode, signal, onQuery } = options
  const state = await openState(store, await store.readManifest(signal), undefined, signal)
  const meaning = openMeaning(
    async () => backend,
    () => undefined,
  )
  // Times are those of an index that is in use.
  if (mode !== 'lexical') await meaning.prepare(state, signal)
  return measureRankings(
    collection,
    (text, limit) => {
      throwIfAborted(signal)
      return rank(state, meaning, options, text, limit)
    },
    onQuery,
  )
}

/**
 * @param rankDocuments called for every query with the limits of a page and of recall
 */
export async function measureRankings(
  { queries, qrels }: Pick<Collection, 'queries' | 'qrels'>,
  rankDocuments: (text: string, limit: number) => Promise<Ranking> | Ranking,
  onQuery?: (done: number) => void,
): Promise<Measurements> {
  const result = {
    ndcg10: [] as number[],
    recall100: [] as number[],
    mrr10: [] as number[],
    encodeMs: [] as number[],
    searchMs: [] as number[],
  }
  for (const { id, text } of queries) {
    const grades = qrels.get(id)!
    const page = await rankDocuments(text, PAGE)
    result.ndcg10.push(ndcg(page.ids, grades, PAGE))
    result.mrr10.push(reciprocalRank(page.ids, grades, PAGE))
    if (page.encodeMs !== undefined) result.encodeMs.push(page.encodeMs)
    result.searchMs.push(page.searchMs)
    result.recall100.push(recall((await rankDocuments(text, DEPTH)).ids, grades, DEPTH))
    onQuery?.(result.ndcg10.length)
  }
  return result
}

async function rank(
  state: IndexState,
  meaning: Meaning,
  { mode, fuse: combine = fuse, signal }: EvaluateOptions,
  text: string,
  limit: number,
): Promise<Ranking> {
  const startMs = performance.now()
  const plan = planQuery(state, text, { mode, limit }, MIN_DEPTH)
  const { text: query, depth, allows } = plan
  const lexical =
    mode === 'semantic' ? [] : await state.lexical.search(query, { limit: depth, filter: allows })
  const answer = mode === 'lexical' ? undefined : await meaning.answer(state, plan, signal)
  const semantic = answer?.ranked ?? []
  const ranked = {
    lexical: () => lexical,
    semantic: () => semantic,
    hybrid: () => combine({ lexical, semantic, query }, depth),
  }[mode]()
  const totalMs = performance.now() - startMs
  return {
    ids: documentsOf(state, ranked, limit).map(([{ id }]) => documentIdOf(state, id)),
    encodeMs: answer?.encodeMs,
    searchMs: totalMs - (answer?.encodeMs ?? 0),
  }
}

/** The figures that are published, to four decimals. */
export function figures({ ndcg10, recall100, mrr10 }: Measurements) {
  return {
    'ndcg@10': round(mean(ndcg10)),
    'recall@100': round(mean(recall100)),
    'mrr@10': round(mean(mrr10)),
  }
}

export function round(value: number, decimals = 4): number {
  return Number(value.toFixed(decimals))
}
