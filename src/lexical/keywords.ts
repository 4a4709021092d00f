/**
 * What is known of a set of passages: lengths, weights, and where each term occurs. One set is what a
 * stored file holds, another what was added since; a search goes through all of them.
 */

/** `everything` is title, headings and text together: one length to normalise by, one rarity per term. */
export const FIELDS = ['title', 'heading', 'everything'] as const
/** The field that holds every word of a passage; the others repeat some of them. */
export const EVERYTHING = FIELDS.indexOf('everything')

export interface Keywords {
  readonly rows: PassageRows
  /** Where a term occurs; undefined when it does not, or when that is not read yet. */
  postings(term: string): Postings | undefined
}

/** Where one term occurs. */
export interface Postings {
  /** Positions of the passages in their set, ascending. */
  readonly rows: ArrayLike<number>
  /** Per field the number of occurrences in each of these passages; absent: none in any of them. */
  readonly counts: readonly (ArrayLike<number> | undefined)[]
}

/** How often a term occurs in all passages. */
export function occurrencesIn({ counts }: Postings): number {
  const everywhere = counts[EVERYTHING]!
  let sum = 0
  for (let i = 0; i < everywhere.length; i++) sum += everywhere[i]!
  return sum
}

/** The passages of a set by position; those that were discarded keep theirs. */
export interface PassageRows {
  /** Number of passages, without discarded ones. */
  readonly size: number
  /** Number of positions. */
  readonly length: number
  /** Per field the sum of the lengths of all passages, without discarded ones. */
  readonly totals: readonly number[]
  /** Number in the index of the passage at a position; undefined when it was discarded. */
  idAt(row: number): number | undefined
  /** Number of distinct words per field. */
  lengthsAt(row: number): readonly number[]
  has(id: number): boolean
  /** Whether any weight is not 1. */
  readonly hasWeights: boolean
  /** 1 for passages that are not there. */
  weightOf(id: number): number
  append(id: number, lengths: readonly number[], weight: number): void
  /** An id that is not there is ignored. */
  discard(id: number): void
}

export function passageRows(): PassageRows {
  const ids: (number | undefined)[] = []
  const lengths: (readonly number[])[] = []
  const weights = new Map<number, number>()
  const rowOf = new Map<number, number>()
  const totals = FIELDS.map(() => 0)
  return {
    get size() {
      return rowOf.size
    },
    get length() {
      return ids.length
    },
    totals,
    idAt: (row) => ids[row],
    lengthsAt: (row) => lengths[row]!,
    has: (id) => rowOf.has(id),
    get hasWeights() {
      return weights.size > 0
    },
    weightOf: (id) => weights.get(id) ?? 1,
    append(id, ofPassage, weight) {
      rowOf.set(id, ids.length)
      ids.push(id)
      lengths.push(ofPassage)
      if (weight !== 1) weights.set(id, weight)
      for (const [field, length] of ofPassage.entries()) totals[field]! += length
    },
    discard(id) {
      const row = rowOf.get(id)
      if (row === undefined) return
      for (const [field, length] of lengths[row]!.entries()) totals[field]! -= length
      rowOf.delete(id)
      weights.delete(id)
      ids[row] = undefined
    },
  }
}
