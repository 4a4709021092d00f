/** One search with Pagefind's methods. */
import type { Hit, Search } from '../client/search.ts'
import { LateenError } from '../errors.ts'
import { createSearch } from '../index.ts'
import { countFilters } from '../search/filters.ts'
import type { HitList } from '../types.ts'
import { toFilters, withZeros } from './filters.ts'
import { toResult } from './result.ts'
import type {
  PagefindFilterCounts,
  PagefindOptions,
  PagefindSearchOptions,
  PagefindSearchResults,
} from './types.ts'

export interface PagefindInstance {
  /** Takes effect for what is opened afterwards: call it before `init()`. */
  options(options: PagefindOptions): Promise<void>
  /** Opens the index. Every other method does so by itself. */
  init(): Promise<void>
  search(term: string | null, options?: PagefindSearchOptions): Promise<PagefindSearchResults>
  /** Waits `debounceMs` first; null when another debounced search came in the meantime. @default 300 */
  debouncedSearch(
    term: string | null,
    options?: PagefindSearchOptions,
    debounceMs?: number,
  ): Promise<PagefindSearchResults | null>
  /** Reads what a search for `term` needs, so that it is there when the search comes. */
  preload(term: string, options?: PagefindSearchOptions): Promise<void>
  filters(): Promise<PagefindFilterCounts>
  destroy(): Promise<void>
}

const MAX_RESULTS = 30

/** @param open makes the search; replaced in tests */
export function createInstance(
  initial: PagefindOptions = {},
  open: typeof createSearch = createSearch,
): PagefindInstance {
  let options = initial
  let opened: Promise<Search> | undefined
  let debounced = 0

  function search(): Promise<Search> {
    opened ??= open({
      index: indexUrl(options),
      ...(options.model === undefined ? {} : { model: options.model }),
    }).catch((error: unknown) => {
      // A network that was away may be back for the next call.
      opened = undefined
      throw error
    })
    return opened
  }

  async function run(term: string, { filters = {}, signal }: PagefindSearchOptions): Promise<HitList<Hit>> {
    const { maxResults = MAX_RESULTS, mode = 'auto' } = options
    const engine = await search()
    const query = {
      limit: maxResults,
      filters: toFilters(filters),
      exclusive: false,
      ...(signal ? { signal } : {}),
    }
    if (mode === 'meaning') return engine.query(term, query)
    const isReady = mode === 'auto' && (await engine.info()).model.state === 'ready'
    if (isReady) return engine.query(term, query)
    // A model that cannot be had leaves the keywords; info() says why.
    if (mode === 'auto') engine.prepare().catch(() => undefined)
    return engine.query(term, { ...query, mode: 'lexical' })
  }

  const instance: PagefindInstance = {
    async options(changed) {
      options = { ...options, ...changed }
    },
    async init() {
      await search()
    },
    async search(term, searchOptions = {}) {
      const startMs = performance.now()
      const engine = await search()
      const openedMs = performance.now()
      const totalFilters = await engine.filters()
      const { hits } = term?.trim() ? await run(term, searchOptions) : { hits: [] }
      const link = linker(options, term ?? '')
      const doneMs = performance.now()
      return {
        results: hits.map((hit) => toResult(hit, { search: engine, link })),
        unfilteredResultCount: hits.length,
        filters: withZeros(countFilters(hits.map(({ metadata }) => metadata)), totalFilters),
        totalFilters,
        timings: { preload: openedMs - startMs, search: doneMs - openedMs, total: doneMs - startMs },
      }
    },
    async debouncedSearch(term, searchOptions, debounceMs = 300) {
      const turn = ++debounced
      await new Promise((resolve) => setTimeout(resolve, debounceMs))
      if (turn !== debounced) return null
      const results = await instance.search(term, searchOptions)
      return turn === debounced ? results : null
    },
    async preload(term, searchOptions = {}) {
      if (term.trim()) await run(term, searchOptions)
    },
    filters: async () => (await search()).filters(),
    async destroy() {
      const closing = opened
      opened = undefined
      await (await closing)?.close()
    },
  }
  return instance
}

function indexUrl({ basePath, bundlePath }: PagefindOptions): string {
  return new URL(basePath ?? bundlePath ?? scriptFolder(), document.baseURI).href
}

/** The adapter lies in the folder of the index, unless a bundler has moved it. */
function scriptFolder(): string {
  // In two steps: bundlers take the one-line form for the address of a file to ship.
  const script = import.meta.url
  return new URL('./', script).href
}

function linker(options: PagefindOptions, term: string): (url: string) => string {
  const index = indexUrl(options)
  const folder = index.endsWith('/') ? index : `${index}/`
  const base = new URL(options.baseUrl ?? '..', options.baseUrl === undefined ? folder : document.baseURI)
  return (raw) => {
    const url = new URL(raw, base)
    if (!/^https?:$/.test(url.protocol)) {
      throw new LateenError('index-invalid', `Expected the address of a page, found "${raw}" in the index.`)
    }
    if (options.highlightParam) url.searchParams.set(options.highlightParam, term)
    return url.origin === globalThis.location.origin ? url.pathname + url.search + url.hash : url.href
  }
}
