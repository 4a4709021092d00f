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

/** A list as it stands: hits in their places, and those that came while the reader was in the list. */
export interface PlacedHits<H> {
  readonly hits: readonly H[]
  readonly related: readonly H[]
}

/**
 * What to show when a better list arrives, with late comers in a group of their own.
 *
 * @param shown the list before, when it answers the same question
 */
export function placeHits<H extends Pick<HitData, 'id' | 'passage' | 'sections'>>(
  shown: PlacedHits<H> | undefined,
  better: readonly H[],
  keepPlaces: boolean,
): PlacedHits<H> {
  const before = [...(shown?.hits ?? []), ...(shown?.related ?? [])]
  if (!shown || before.length === 0 || !keepPlaces) return { hits: better, related: [] }
  const merged = mergeHits(before, better, true).map((hit, position) => {
    const sections = before[position]?.sections
    // A section more or less would push what is below it.
    return sections ? { ...hit, sections: keepSections(sections, hit.sections) } : hit
  })
  return { hits: merged.slice(0, shown.hits.length), related: merged.slice(shown.hits.length) }
}

function keepSections(shown: HitData['sections'], better: HitData['sections']): HitData['sections'] {
  const incoming = new Map(better.map((section) => [section.passage, section]))
  return shown.map((section) => incoming.get(section.passage) ?? section)
}
