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
export type { ChangeOptions, HitReference, RerankHit, RerankOptions } from './search/engine.ts'
export type {
  ChangeSummary,
  DocumentFormat,
  DocumentInput,
  EncoderBackend,
  EngineInfo,
  ExcerptPart,
  Explanation,
  Fallback,
  Filters,
  FilterValue,
  HitData,
  HitDetail,
  HitList,
  Metadata,
  MetadataValue,
  OnProgress,
  PassageField,
  PassageTokenHeat,
  PassageTokenMatch,
  Progress,
  QueryOptions,
  QueryTokenExplanation,
  ScorerKind,
  SearchMode,
  Span,
  Timings,
} from './types.ts'

/**
 * Opens a search: over a prebuilt index, over documents added in the browser, or both.
 *
 * Only the manifest of the index is read now. The model is loaded by the first query that needs
 * meaning, or by `prepare()`; until then, and where it cannot be had, the keyword leg answers.
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
  return searchOver(client)
}
