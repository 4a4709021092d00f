/** What a query looks for: index terms and how much each of them counts. */
import { isStopWord } from './stop-words.ts'
import { fold, type Term, termsOf, type Word, wordsOf } from './terms.ts'
import type { Candidate, Vocabulary } from './vocabulary.ts'

/** A pasted page is not a query: the first words say what it is about. */
const MAX_TERMS = 64
/**
 * In a few words they tell headings apart (`before you begin`); in a question they are in every passage,
 * change nothing and take most of the time.
 */
const STOP_WORD_WEIGHT = 0.1
const MAX_WORDS_WITH_STOP_WORDS = 4
const MAX_COMPLETIONS = 16
const MAX_CORRECTIONS = 8
/** Looking for misspellings walks much of the vocabulary; more than a few would be felt. */
const MAX_CORRECTED_WORDS = 8
const MIN_CORRECTED_LENGTH = 4
/** Weights, decay with distance and edits per letter are MiniSearch's defaults for prefix and fuzzy search. */
const COMPLETION_WEIGHT = 0.375
const COMPLETION_DECAY = 0.3
const CORRECTION_WEIGHT = 0.45
const EDITS_PER_LETTER = 0.2
const MAX_EDITS = 2

/** A query before anything is known of the index. */
export interface ReadQuery {
  /** Terms of the words as they are written, in order; a word that is repeated counts as often. */
  readonly terms: readonly QueryTerm[]
  /** The word that may still be typed: the whole, and its last part when it has parts. */
  readonly typing: readonly Term[]
}

interface QueryTerm extends Term {
  readonly isStopWord: boolean
}

/** What may stand for one word of a query. */
export interface Alternatives {
  /** The term of the word as it is written. */
  readonly exact: string
  /** The likeliest first. */
  readonly candidates: readonly Candidate[]
  /** What a candidate counts at its distance, beside a word that stands as it is written. */
  weigh(distance: number): number
}

export interface LexicalQuery {
  /** Index terms and their weights, above 0. */
  readonly weights: ReadonlyMap<string, number>
  /** Terms a hit must have one of: the function words alone find nothing, unless there is nothing else. */
  readonly content: ReadonlySet<string>
}

/** @param complete false: the last word may still be typed, so words that begin with it count too */
export function readQuery(text: string, complete: boolean): ReadQuery {
  const words = queryWords(text)
  const isQuestion =
    words.length > MAX_WORDS_WITH_STOP_WORDS && words.some((word) => !isStopWord(fold(word.text)))
  const terms: QueryTerm[] = []
  const distinct = new Set<string>()
  for (const term of words.flatMap(termsOf)) {
    const stops = isStopWord(term.surface)
    if (stops && isQuestion) continue
    if (distinct.size >= MAX_TERMS && !distinct.has(term.term)) continue
    distinct.add(term.term)
    terms.push({ ...term, isStopWord: stops })
  }
  const last = words.at(-1)
  const isTyping = !complete && last?.end === text.length
  return { terms, typing: isTyping ? endings(termsOf(last)) : [] }
}

/** Words that begin with what is being typed. */
export function completionsOf({ typing }: ReadQuery, vocabulary: Vocabulary): Alternatives[] {
  return typing.map(({ term, surface }) => ({
    exact: term,
    candidates: vocabulary.completions(surface, MAX_COMPLETIONS),
    weigh(distance) {
      const typed = surface.length + distance
      return (COMPLETION_WEIGHT * typed) / (typed + COMPLETION_DECAY * distance)
    },
  }))
}

/** Words like those that the index does not have, unless one is the beginning of a word it has. */
export function correctionsOf({ terms, typing }: ReadQuery, vocabulary: Vocabulary): Alternatives[] {
  const isBeginning = (surface: string) =>
    typing.some((word) => word.surface === surface) && vocabulary.completions(surface, 1).length > 0
  return terms
    .filter((term) => isCorrectable(term) && vocabulary.occurrences(term.term) === 0)
    .filter(({ surface }) => !isBeginning(surface))
    .slice(0, MAX_CORRECTED_WORDS)
    .map(({ term, surface: { length }, surface }) => ({
      exact: term,
      candidates: vocabulary.corrections(
        surface,
        Math.min(MAX_EDITS, Math.round(length * EDITS_PER_LETTER)),
        MAX_CORRECTIONS,
      ),
      weigh: (edits) => (CORRECTION_WEIGHT * length) / (length + edits),
    }))
}

/** @param numPassages passages in the index, for the rarity of a term */
export function weighTerms(
  { terms }: ReadQuery,
  alternatives: readonly Alternatives[],
  vocabulary: Vocabulary,
  numPassages: number,
): LexicalQuery {
  const weights = new Map<string, number>()
  const content = new Set<string>()
  const add = (term: string, weight: number, isContent: boolean) => {
    if (weights.size >= MAX_TERMS && !weights.has(term)) return
    weights.set(term, (weights.get(term) ?? 0) + weight)
    if (isContent) content.add(term)
  }
  const rarity = (occurrences: number) => {
    const n = Math.min(occurrences, numPassages)
    return Math.log(1 + (numPassages - n + 0.5) / (n + 0.5))
  }

  for (const { term, isStopWord } of terms) add(term, isStopWord ? STOP_WORD_WEIGHT : 1, !isStopWord)
  for (const { exact, candidates, weigh } of alternatives) {
    // Alternatives count as the rare or common word they are together, not each as rare as it is alone.
    const together = [exact, ...candidates.map(({ term }) => term)]
      .map(vocabulary.occurrences)
      .reduce((sum, n) => sum + n, 0)
    for (const { term, distance } of candidates) {
      if (term === exact) continue
      const share = Math.min(1, rarity(together) / rarity(vocabulary.occurrences(term)))
      add(term, weigh(distance) * share, true)
    }
  }
  return { weights, content: content.size > 0 ? content : new Set(weights.keys()) }
}

/** The words of a query; the single character that ends a run of pairs only serves documents. */
function queryWords(text: string): Word[] {
  const words = [...wordsOf(text)]
  return words.filter((word, i) => {
    const endsRun = word.start < (words[i - 1]?.end ?? 0) && [...word.text].length === 1
    return !endsRun
  })
}

/** Of `fs.readF` both the whole and its last part may be what is being typed. */
function endings(terms: readonly Term[]): Term[] {
  const [whole] = terms
  const last = terms.findLast(({ end }) => end === whole?.end)
  return whole && last && last !== whole ? [whole, last] : whole ? [whole] : []
}

/** Digits are data: E0308 is not a misspelling of E0309. */
function isCorrectable({ surface, isStopWord }: QueryTerm): boolean {
  return !isStopWord && surface.length >= MIN_CORRECTED_LENGTH && /^\p{L}+$/u.test(surface)
}
