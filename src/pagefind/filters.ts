/** Conditions in Pagefind's words become ours. */
import { LateenError } from '../errors.ts'
import type { FilterCounts, Filters, FilterValue, Metadata } from '../types.ts'
import type { PagefindFilter, PagefindFilterCounts } from './types.ts'

/** @throws LateenError `bad-argument` naming the key, for combinations of conditions this index cannot answer */
export function toFilters(filters: Readonly<Record<string, PagefindFilter>>): Filters {
  return Object.fromEntries(Object.entries(filters).map(([key, filter]) => [key, toFilterValue(key, filter)]))
}

function toFilterValue(key: string, filter: PagefindFilter): FilterValue {
  if (typeof filter === 'string') return filter
  // Several values in a plain list must all hold.
  if (isList(filter)) return { all: filter }
  const conditions = Object.entries(filter)
  const [kind, values] = conditions[0] ?? []
  const list = typeof values === 'string' ? [values] : values
  if (conditions.length === 1 && Array.isArray(list)) {
    if (kind === 'any') return { any: list }
    if (kind === 'all') return { all: list }
    if (kind === 'none' || kind === 'not') return { not: list }
  }
  throw new LateenError(
    'bad-argument',
    `Expected filter "${key}" as a value, a list, or one of { any }, { all }, { none }, { not } with values, found ${JSON.stringify(filter)}.`,
  )
}

function isList(filter: PagefindFilter): filter is readonly string[] {
  return Array.isArray(filter)
}

/** Every value as a list of strings. */
export function metadataValues(metadata: Metadata): Record<string, readonly string[]> {
  return Object.fromEntries(
    Object.entries(metadata).map(([key, value]) => [key, Array.isArray(value) ? value : [String(value)]]),
  )
}

/** Every value the index knows, with its count among the results. */
export function withZeros(counts: PagefindFilterCounts, total: FilterCounts): PagefindFilterCounts {
  return Object.fromEntries(
    Object.entries(total).map(([key, values]) => [
      key,
      Object.fromEntries(Object.keys(values).map((value) => [value, own(own(counts, key), value) ?? 0])),
    ]),
  )
}

/** `constructor` and its like are ordinary keys. */
function own<T>(record: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return record && Object.hasOwn(record, key) ? record[key] : undefined
}
