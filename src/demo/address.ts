/** The query in the URL, `#q=…`, so that a search can be linked and survives a reload. */
const WRITE_DELAY_MS = 300

/** The query in a hash; empty when there is none. */
export function queryOf(hash: string): string {
  return new URLSearchParams(hash.replace(/^#/, '')).get('q') ?? ''
}

/** The hash for a query; empty for an empty one. */
export function hashOf(query: string): string {
  const trimmed = query.trim()
  return trimmed === '' ? '' : `#${new URLSearchParams({ q: trimmed })}`
}

/** Keeps the address in step without filling the history; waits for a pause, as browsers limit the rate. */
export function createAddress(onChange: (query: string) => void): { show(query: string): void } {
  let timer: ReturnType<typeof setTimeout> | undefined
  addEventListener('hashchange', () => onChange(queryOf(location.hash)))
  return {
    show(query) {
      clearTimeout(timer)
      timer = setTimeout(() => {
        const hash = hashOf(query)
        if (hash !== location.hash)
          history.replaceState(null, '', hash === '' ? location.pathname + location.search : hash)
      }, WRITE_DELAY_MS)
    },
  }
}
