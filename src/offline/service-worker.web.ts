/**
 * What a site's service worker does for the search, in two calls that any service worker can make beside
 * its own work:
 *
 * ```js
 * import { keepSearch, keepVisitedPages } from 'lateen/service-worker'
 * keepSearch()
 * keepVisitedPages()
 * ```
 */
import { VERSION } from '../version.ts'
import { boundedCache } from './cache.web.ts'
import { isKeepMessage } from './message.ts'
import { pageStrategy, searchStrategy } from './routes.ts'

declare const self: ServiceWorkerGlobalScope

export interface KeepSearchOptions {
  /** Folder that `lateen index` has written, relative to the scope. @default 'lateen/' */
  readonly folder?: string
}

export interface KeepPagesOptions extends KeepSearchOptions {
  /** Pages and their parts beyond this number are forgotten, the oldest first. @default 400 */
  readonly maxEntries?: number
}

const SEARCH_CACHE = 'lateen-search-'
const PAGES_CACHE = 'lateen-pages'
/** Some three releases of the runtime. */
const MAX_SEARCH_FILES = 60

/** Keeps the code of the search. What an older version of Lateen kept is dropped. */
export function keepSearch({ folder = 'lateen/' }: KeepSearchOptions = {}): void {
  const name = SEARCH_CACHE + VERSION
  const cache = boundedCache(name, MAX_SEARCH_FILES)
  const folderUrl = new URL(folder, self.registration.scope)
  self.addEventListener('activate', (event) => {
    event.waitUntil(dropCaches((other) => other.startsWith(SEARCH_CACHE) && other !== name))
  })
  self.addEventListener('fetch', (event) => {
    const { request } = event
    const strategy = request.method === 'GET' && searchStrategy(new URL(request.url), folderUrl)
    if (strategy) event.respondWith(cache.answer(request, strategy))
  })
  onKeepMessage((urls) => cache.keep(urls.filter((url) => searchStrategy(new URL(url), folderUrl))))
}

/** Keeps pages the reader has visited, with their styles, scripts, pictures and fonts; the network goes first. */
export function keepVisitedPages({ folder = 'lateen/', maxEntries = 400 }: KeepPagesOptions = {}): void {
  const cache = boundedCache(PAGES_CACHE, maxEntries)
  const scope = new URL(self.registration.scope)
  const folderUrl = new URL(folder, scope)
  const isPage = (url: URL, request: Pick<Request, 'method' | 'destination'>) =>
    !searchStrategy(url, folderUrl) && pageStrategy(request, url, scope)
  self.addEventListener('fetch', (event) => {
    const { request } = event
    const strategy = isPage(new URL(request.url), request)
    if (strategy) event.respondWith(cache.answer(request, strategy))
  })
  const loaded = { method: 'GET', destination: 'document' } as const
  onKeepMessage((urls) => cache.keep(urls.filter((url) => isPage(new URL(url), loaded))))
}

/** Pages tell what they had loaded before a service worker saw their requests. */
function onKeepMessage(keep: (urls: readonly string[]) => Promise<void>): void {
  self.addEventListener('message', (event) => {
    if (isKeepMessage(event.data)) event.waitUntil(keep(event.data.urls))
  })
}

async function dropCaches(isStale: (name: string) => boolean): Promise<void> {
  const names = (await caches.keys()).filter(isStale)
  await Promise.all(names.map((name) => caches.delete(name)))
}
