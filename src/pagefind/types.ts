/** The shapes of Pagefind's JavaScript API, as far as they make sense over this index. */

/** A condition as Pagefind writes it: a value, or a list of which every one must hold. */
export type PagefindFilter =
  | string
  | readonly string[]
  | { readonly any: string | readonly string[] }
  | { readonly all: string | readonly string[] }
  | { readonly none: string | readonly string[] }
  | { readonly not: string | readonly string[] }

export interface PagefindSearchOptions {
  readonly filters?: Readonly<Record<string, PagefindFilter>>
  /** Accepted and ignored: hits are ordered by relevance. */
  readonly sort?: Readonly<Record<string, 'asc' | 'desc'>>
  readonly signal?: AbortSignal
}

export interface PagefindOptions {
  /** Folder of the index, a URL absolute or relative to the page. @default the folder of this script */
  readonly basePath?: string
  /** Older name of `basePath`. */
  readonly bundlePath?: string
  /** What the URLs of results begin with. @default the folder that holds the index folder */
  readonly baseUrl?: string
  /** Adds the query to the URLs of results under this name. @default it is left out */
  readonly highlightParam?: string
  /** How many results at most, 1 to 1,000. @default 30 */
  readonly maxResults?: number
  /**
   * `keywords` never loads the model; `meaning` waits for it; `auto` answers by keywords until the model is
   * there, and begins to load it with the first search. @default 'auto'
   */
  readonly mode?: 'auto' | 'keywords' | 'meaning'
  /** Folder of the model. @default `model/` in the folder of the index */
  readonly model?: string
}

export interface PagefindSearchResults {
  readonly results: readonly PagefindResult[]
  readonly unfilteredResultCount: number
  /** Counts over the results. */
  readonly filters: PagefindFilterCounts
  /** Counts over the whole index. */
  readonly totalFilters: PagefindFilterCounts
  /** Milliseconds. */
  readonly timings: { readonly preload: number; readonly search: number; readonly total: number }
}

export type PagefindFilterCounts = Readonly<Record<string, Readonly<Record<string, number>>>>

export interface PagefindResult {
  readonly id: string
  readonly score: number
  /** Always empty: positions of words are not kept. */
  readonly words: readonly number[]
  data(): Promise<PagefindData>
}

export interface PagefindData {
  readonly url: string
  readonly raw_url: string
  /** HTML: escaped text with `<mark>` around what matched. */
  readonly excerpt: string
  readonly plain_excerpt: string
  /** Text of the whole page. */
  readonly content: string
  readonly meta: Readonly<Record<string, string>>
  readonly filters: Readonly<Record<string, readonly string[]>>
  readonly sub_results: readonly PagefindSubResult[]
  readonly word_count: number
  readonly anchors: readonly PagefindAnchor[]
  readonly locations: readonly number[]
  readonly weighted_locations: readonly never[]
}

export interface PagefindSubResult {
  readonly title: string
  readonly url: string
  readonly excerpt: string
  readonly plain_excerpt: string
  /** Absent for text before the first heading with an id. */
  readonly anchor?: PagefindAnchor
  readonly locations: readonly number[]
  readonly weighted_locations: readonly never[]
}

export interface PagefindAnchor {
  readonly id: string
  readonly text: string
  readonly element: string
  readonly location: number
}
