/** What every search that is compared can do. */
export interface System {
  readonly name: string
  /** Paths of pages below the site, best first, without repetition. */
  rank(query: string): Promise<readonly string[]>
}

/** Pages looked at. */
export const DEPTH = 10

/** The first `DEPTH` different pages of URLs below the root of a site; anchors are cut off. */
export function pagesOf(urls: Iterable<string>): string[] {
  const pages = new Set<string>()
  for (const url of urls) {
    if (pages.size === DEPTH) break
    const { pathname } = new URL(url, 'http://site/')
    const page = decodeURIComponent(pathname).slice(1)
    pages.add(page === '' || page.endsWith('/') ? `${page}index.html` : page)
  }
  return [...pages]
}
