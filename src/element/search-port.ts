/** What the box needs of a search: the part of the public API it calls, and nothing behind it. */
import type { CreateSearchOptions, Search } from '../index.ts'
import { loadCode } from '../util/load-code.ts'

export type BoxSearch = Pick<Search, 'stream' | 'prepare' | 'info' | 'filters' | 'keepOffline' | 'close'>

/** `createSearch`, or what a page has in its place. */
export type OpenSearch = (options: CreateSearchOptions) => Promise<BoxSearch>

/** The search of this package, fetched when a reader shows intent. */
export const openOwnSearch: OpenSearch = async (options) =>
  (await loadCode(() => import('../index.ts'))).createSearch(options)
