/**
 * Which files a service worker has to keep so that the search starts without a network. The index and the
 * model are not among them: the library keeps those itself, checked by length and hash.
 */

/** How a request is answered. */
export type Strategy =
  /** From the cache when it is there: the name of the file follows from its content. */
  | 'kept-first'
  /** From the network while there is one: the file keeps its name when it changes. */
  | 'network-first'

/** The parts of a URL that count. */
export type Address = Readonly<Record<'origin' | 'pathname', string>>

/**
 * @param url    of the request
 * @param folder URL of the folder `lateen index` has written, with a slash at the end
 * @returns undefined for everything that is none of a service worker's business
 */
export function searchStrategy(url: Address, folder: Address): Strategy | undefined {
  if (url.origin !== folder.origin || !url.pathname.startsWith(folder.pathname)) return undefined
  const path = url.pathname.slice(folder.pathname.length)
  if (/^assets\/.+\.(js|css)$/.test(path)) return 'kept-first'
  if (/^[^/]+\.(js|css)$/.test(path)) return 'network-first'
  return undefined
}

/** A request as far as its strategy depends on it. */
export interface PageRequest {
  readonly method: string
  /** `document`, `style`, `script`, `worker`, `image`, `font`; empty for what scripts fetch. */
  readonly destination: string
}

const PAGE_PARTS = new Set(['document', 'style', 'script', 'worker', 'image', 'font'])

/** Pages that were visited and what they are drawn with, so that a hit can be followed offline. */
export function pageStrategy(request: PageRequest, url: Address, scope: Address): Strategy | undefined {
  const isOurs = url.origin === scope.origin && url.pathname.startsWith(scope.pathname)
  return isOurs && request.method === 'GET' && PAGE_PARTS.has(request.destination)
    ? 'network-first'
    : undefined
}
