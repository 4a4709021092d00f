/** The rule that keeps a list still under the reader's hands. */
import type { HitData } from '../types.ts'

/**
 * What to show when a better list arrives.
 *
 * @param keepPlaces the reader is moving through the list: shown hits stay where they are, updated when
 *        the better list found the same passage, and new ones are appended
 */
export function mergeHits<H extends Pick<HitData, 'id' | 'passage'>>(
  shown: readonly H[],
  better: readonly H[],
  keepPlaces: boolean,
): readonly H[] {
  if (!keepPlaces || shown.length === 0) return better
  const incoming = new Map(better.map((hit) => [hit.id, hit]))
  const known = new Set(shown.map((hit) => hit.id))
  const kept = shown.map((hit) => {
    const same = incoming.get(hit.id)
    return same?.passage === hit.passage ? same : hit
  })
  return [...kept, ...better.filter((hit) => !known.has(hit.id))]
}

/** True when the two lists name the same hits in the same order. */
export function sameOrder(a: readonly Pick<HitData, 'id'>[], b: readonly Pick<HitData, 'id'>[]): boolean {
  return a.length === b.length && a.every((hit, position) => hit.id === b[position]!.id)
}
