/**
 * Lateen in the browser: `createSearch()` opens an index, takes documents in, and answers queries
 * from a worker, all of it on the reader's machine.
 */
import { createClient } from './client/client.ts'
import { type CreateSearchOptions, resolveOptions } from './client/options.ts'
import { type Search, searchOver } from './client/search.ts'

export type { CreateSearchOptions } from './client/options.ts'
export type { Hit, Search, SearchOptions } from './client/search.ts'
export { ERROR_CODES, type ErrorCode, isLateenError, LateenError } from './errors.ts'
export type { Dtype } from './model/dtype.ts'
export { maxSim, type RankHit, type RankOptions, rank } from './score/max-sim.ts'
export type {
  ChangeOptions,
  EncodeTextsOptions,
  HitReference,
  RerankHit,
  RerankOptions,
  TextVectors,
} from './search/engine.ts'
export type {
  ChangeSummary,
  DocumentFormat,
  DocumentInput,
  EncoderBackend,
  EngineInfo,
  ExcerptPart,
  Explanation,
  Fallback,
  FilterCounts,
  Filters,
  FilterValue,
  HitData,
  HitDetail,
  HitList,
  Metadata,
  MetadataValue,
  OfflineSummary,
  OnProgress,
  PassageField,
  PassageTokenHeat,
  PassageTokenMatch,
  Progress,
  QueryOptions,
  QueryTokenExplanation,
  ScorerKind,
  SearchMode,
  SectionHit,
  Span,
  Timings,
  TokenMatrix,
} from './types.ts'

/**
 * Opens a search: over a prebuilt index, over documents added in the browser, or both.
 *
 * Only the manifest of the index, its list of documents and the head of its keywords are read now. The
 * model, and the code that runs it, is loaded by the first query that needs meaning, or by `prepare()`; until
 * then, and where it cannot be had, the keyword leg answers.
 *
 * ```ts
 * const search = await createSearch({ index: '/search/' })
 * for await (const { hits } of search.stream('cancel a running fetch')) show(hits)
 * ```
 *
 * The page's content security policy needs `script-src 'self' 'wasm-unsafe-eval'` and
 * `worker-src 'self'`; under Trusted Types also `trusted-types lateen`.
 *
 * @throws LateenError `bad-argument` on an unknown or impossible option; `index-not-found`,
 *         `index-invalid`, `index-version` or `network` when the index cannot be opened; `aborted` when the
 *         signal fired first. A worker that cannot be started is no error: `info().fallbacks` tells.
 */
export async function createSearch(options: CreateSearchOptions = {}): Promise<Search> {
  const client = createClient(resolveOptions(options))
  await client.open(options.signal)
  return searchOver(client, askToPersist)
}

/** False where there is no storage manager, as outside of secure contexts, or where it is forbidden. */
async function askToPersist(): Promise<boolean> {
  try {
    return await navigator.storage.persist()
  } catch {
    return false
  }
}
