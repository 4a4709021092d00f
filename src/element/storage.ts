/** Small choices that outlive the page. Storage may be forbidden or full: then they last as long as the page. */
const PREFIX = 'lateen.'

const RECENT_LENGTH = 200

export function readChoice(name: string): string | undefined {
  try {
    return localStorage.getItem(PREFIX + name) ?? undefined
  } catch {
    return undefined
  }
}

/** @param value undefined forgets the choice */
export function writeChoice(name: string, value: string | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(PREFIX + name)
    else localStorage.setItem(PREFIX + name, value)
  } catch {
    // Blocked or full: the choice still holds for this page view.
  }
}

/** Queries that led somewhere, newest first; what is stored is not trusted to be ours. */
export function readRecent(index: string, limit: number): readonly string[] {
  try {
    const stored: unknown = JSON.parse(readChoice(recentName(index)) ?? '[]')
    return Array.isArray(stored)
      ? stored.filter((query) => typeof query === 'string' && query.length <= RECENT_LENGTH).slice(0, limit)
      : []
  } catch {
    return []
  }
}

export function writeRecent(index: string, queries: readonly string[]): void {
  writeChoice(recentName(index), queries.length > 0 ? JSON.stringify(queries) : undefined)
}

/** The list with a query in front. */
export function withRecent(queries: readonly string[], query: string, limit: number): readonly string[] {
  const key = query.toLowerCase()
  const others = queries.filter((known) => known.toLowerCase() !== key)
  return [query.slice(0, RECENT_LENGTH), ...others].slice(0, limit)
}

const recentName = (index: string) => `recent:${index}`
