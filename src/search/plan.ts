/** A query, checked and made concrete: what to look for, in which passages, how deep. */
import { exhaustive } from '../candidates/exhaustive.ts'
import { LateenError } from '../errors.ts'
import type { QueryOptions, SearchMode } from '../types.ts'
import { assertFilters, matchesFilters } from './filters.ts'
import type { IndexState, OpenSegment } from './state.ts'

/** The model reads far less; the keyword leg would spend seconds on a pasted book. */
export const MAX_QUERY_LENGTH = 2_000
export const MAX_LIMIT = 1_000

export interface QueryPlan {
  /** Trimmed, cut at `MAX_QUERY_LENGTH`, without lone surrogates. Empty: there is nothing to look for. */
  readonly text: string
  readonly mode: SearchMode
  readonly limit: number
  /** How many passages each leg ranks. */
  readonly depth: number
  /** True for a global passage number that filters let through. Removed passages are not asked about. */
  allows(passage: number): boolean
  /** Passages of a segment that are there and that filters let through, ascending. */
  passagesOf(segment: OpenSegment): Uint32Array
}

const candidates = exhaustive()
const MODES: readonly SearchMode[] = ['hybrid', 'semantic', 'lexical']
const KNOWN_OPTIONS = new Set(['limit', 'mode', 'filters', 'signal'])

/** @throws LateenError `bad-argument` naming the option, what was expected and what was found */
export function planQuery(
  state: IndexState,
  text: string,
  options: QueryOptions,
  minDepth: number,
): QueryPlan {
  if (typeof text !== 'string') {
    throw new LateenError('bad-argument', `Expected the query as a string, found ${typeof text}.`)
  }
  for (const name of Object.keys(options)) {
    if (!KNOWN_OPTIONS.has(name)) {
      throw new LateenError(
        'bad-argument',
        `Unknown query option "${name}"; known are ${[...KNOWN_OPTIONS].join(', ')}.`,
      )
    }
  }
  const { limit = 10, mode = 'hybrid', filters } = options
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    throw new LateenError(
      'bad-argument',
      `Expected limit as a whole number from 1 to ${MAX_LIMIT}, found ${limit}.`,
    )
  }
  if (!MODES.includes(mode)) {
    throw new LateenError('bad-argument', `Expected mode as one of ${MODES.join(', ')}, found "${mode}".`)
  }
  if (filters) assertFilters(filters)

  const allowed = new Map<OpenSegment, Uint8Array>()
  const documentsAllowed = (segment: OpenSegment) => {
    let mask = allowed.get(segment)
    if (!mask) {
      mask = Uint8Array.from(segment.text.documents, ({ metadata }, number) =>
        !segment.removed.has(number) && (!filters || matchesFilters(metadata, filters)) ? 1 : 0,
      )
      allowed.set(segment, mask)
    }
    return mask
  }
  return {
    text: wellFormed(text.slice(0, MAX_QUERY_LENGTH)).trim(),
    mode,
    limit,
    depth: Math.max(minDepth, limit * 5),
    allows(passage) {
      if (!filters) return true
      const segment = state.segmentOf(passage)
      return documentsAllowed(segment)[segment.text.documentOf(passage - segment.base)] === 1
    },
    passagesOf(segment) {
      const { passages } = segment.reference
      if (!filters && segment.removed.size === 0) return candidates.select(passages)
      const mask = documentsAllowed(segment)
      return candidates.select(passages, (passage) => mask[segment.text.documentOf(passage)] === 1)
    },
  }
}

/** Lone surrogates become U+FFFD, as every UTF-8 consumer would make them. */
function wellFormed(text: string): string {
  return text.replace(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, '\uFFFD')
}
