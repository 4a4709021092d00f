/** Filters: conditions on the metadata of a document. */
import { LateenError } from '../errors.ts'
import type { FilterCounts, Filters, FilterValue, Metadata, MetadataValue } from '../types.ts'

type Scalar = string | number | boolean

const KINDS = new Set(['any', 'all', 'not'])

/**
 * True when every key of the filters matches. Keys the metadata does not have match nothing, except `not`.
 */
export function matchesFilters(metadata: Metadata, filters: Filters): boolean {
  return Object.entries(filters).every(([key, filter]) => {
    const value = Object.hasOwn(metadata, key) ? metadata[key] : undefined
    if (isScalar(filter)) return holds(value, filter)
    if ('any' in filter) return filter.any.some((wanted) => holds(value, wanted))
    if ('all' in filter) return filter.all.every((wanted) => holds(value, wanted))
    return !filter.not.some((unwanted) => holds(value, unwanted))
  })
}

function holds(value: MetadataValue | undefined, wanted: Scalar): boolean {
  if (value === undefined) return false
  return isScalar(value) ? value === wanted : value.some((item) => item === wanted)
}

/** How many of the documents have each value. Without prototypes: any key may be a document's own. */
export function countFilters(documents: Iterable<Metadata>): FilterCounts {
  const counts: Record<string, Record<string, number>> = Object.create(null)
  for (const metadata of documents) {
    for (const [key, value] of Object.entries(metadata)) {
      const values = (counts[key] ??= Object.create(null) as Record<string, number>)
      for (const item of isScalar(value) ? [value] : new Set(value)) {
        values[`${item}`] = (values[`${item}`] ?? 0) + 1
      }
    }
  }
  return counts
}

/** @throws LateenError `bad-argument` naming the key, what was expected and what was found */
export function assertFilters(filters: unknown): asserts filters is Filters {
  if (typeof filters !== 'object' || filters === null || Array.isArray(filters)) {
    throw new LateenError('bad-argument', `Expected filters as an object, found ${show(filters)}.`)
  }
  for (const [key, filter] of Object.entries(filters)) {
    if (isFilterValue(filter)) continue
    throw new LateenError(
      'bad-argument',
      `Expected filter "${key}" as a string, number, boolean, { any: [...] }, { all: [...] } or { not: [...] }, found ${show(filter)}.`,
    )
  }
}

function isFilterValue(filter: unknown): filter is FilterValue {
  if (isScalar(filter)) return true
  if (typeof filter !== 'object' || filter === null) return false
  const [[kind, values] = ['', undefined], ...others] = Object.entries(filter)
  return others.length === 0 && KINDS.has(kind) && Array.isArray(values) && values.every(isScalar)
}

function isScalar(value: unknown): value is Scalar {
  return ['string', 'number', 'boolean'].includes(typeof value)
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? String(value)
}
