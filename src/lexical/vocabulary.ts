/**
 * The words of an index as they are typed, each with the term it became: stemming would otherwise
 * break search as you type (`cancelli` is no beginning of `cancel`) and blur spelling distance.
 */
import SearchableMap from 'minisearch/SearchableMap'

export interface Vocabulary {
  add(surface: string, term: string): void
  /** Notes that a term occurs `times` more times. */
  count(term: string, times?: number): void
  /** How often a term occurs in the index, in whatever spelling; 0 when it is unknown. */
  occurrences(term: string): number
  /** Terms of words that begin with `prefix`, the commonest first; `prefix` itself is left out. */
  completions(prefix: string, limit: number): Candidate[]
  /** Terms of the words with the fewest edits from `surface`, at most `maxEdits`, the commonest first. */
  corrections(surface: string, maxEdits: number, limit: number): Candidate[]
}

/** A term that may be meant. */
export interface Candidate {
  readonly term: string
  /** Letters to add, or edits to make, to what was typed. */
  readonly distance: number
}

export function createVocabulary(): Vocabulary {
  const terms = new SearchableMap<string>()
  const counts = new Map<string, number>()
  const occurrences = (term: string) => counts.get(term) ?? 0

  /** Of several words with one term the closest speaks for it. */
  function best(found: Iterable<Candidate>, limit: number): Candidate[] {
    const closest = new Map<string, Candidate>()
    for (const candidate of found) {
      const known = closest.get(candidate.term)
      if (!known || candidate.distance < known.distance) closest.set(candidate.term, candidate)
    }
    return [...closest.values()]
      .sort((a, b) => occurrences(b.term) - occurrences(a.term) || (a.term < b.term ? -1 : 1))
      .slice(0, limit)
  }

  return {
    add(surface, term) {
      // Stems are words too: a stored index knows no longer which of them were ever written. A word that is
      // both a term and the spelling of another one stands for itself, whichever is met first.
      if (terms.get(surface) !== surface) terms.set(surface, term)
      terms.set(term, term)
    },
    count(term, times = 1) {
      counts.set(term, occurrences(term) + times)
    },
    occurrences,
    completions(prefix, limit) {
      const found: Candidate[] = []
      for (const [surface, term] of terms.atPrefix(prefix)) {
        if (surface !== prefix) found.push({ term, distance: surface.length - prefix.length })
      }
      return best(found, limit)
    },
    corrections(surface, maxEdits, limit) {
      const found = [...terms.fuzzyGet(surface, maxEdits).values()]
      const fewest = Math.min(...found.map(([, edits]) => edits))
      return best(
        found.flatMap(([term, distance]) => (distance === fewest ? [{ term, distance }] : [])),
        limit,
      )
    },
  }
}
