/** What the reader chose, as filters of a query. */
import type { FilterCounts, Filters } from '../types.ts'

/** The metadata key that tells the language of a page. */
const LANGUAGE = 'lang'

/** Chosen values by metadata key. */
export type Chosen = Readonly<Record<string, readonly string[]>>

/** Any of the chosen values of a key will do, and every key must be met. */
export function filtersOf(chosen: Chosen): Filters {
  const used = Object.entries(chosen).filter(([, values]) => values.length > 0)
  return Object.fromEntries(used.map(([key, any]) => [key, { any }]))
}

/** Where an index has several languages, the one of the page, regional variants included. */
export function languageFilter(counts: FilterCounts, pageLanguage: string): Chosen {
  const values = Object.keys(counts[LANGUAGE] ?? {})
  const base = (language: string) => language.toLowerCase().split('-')[0]
  const mine = values.filter((value) => base(value) === base(pageLanguage))
  return values.length > 1 && mine.length > 0 ? { [LANGUAGE]: mine } : {}
}
