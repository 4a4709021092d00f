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

export interface LexicalQuery {
  /** Index terms and their weights, above 0. */
  readonly weights: ReadonlyMap<string, number>
  /** Terms a hit must have one of: the function words alone find nothing, unless there is nothing else. */
  readonly content: ReadonlySet<string>
}

/**
 * @param numPassages passages in the index, for the rarity of a term
 * @param complete false: the last word may still be typed, so words that begin with it count too
 */
export function planLexicalQuery(
  text: string,
  vocabulary: Vocabulary,
  numPassages: number,
  complete: boolean,
): LexicalQuery {
  const weights = new Map<string, number>()
  const content = new Set<string>()
  const add = (term: string, weight: number, isContent: boolean) => {
    if (weights.size >= MAX_TERMS && !weights.has(term)) return
    weights.set(term, (weights.get(term) ?? 0) + weight)
    if (isContent) content.add(term)
  }
  /** Alternatives count as the rare or common word they are together, not each as rare as it is alone. */
  const addCandidates = (
    candidates: readonly Candidate[],
    exact: string,
    weigh: (distance: number) => number,
  ) => {
    const rarity = (occurrences: number) => {
      const n = Math.min(occurrences, numPassages)
      return Math.log(1 + (numPassages - n + 0.5) / (n + 0.5))
    }
    const together = [exact, ...candidates.map(({ term }) => term)]
      .map(vocabulary.occurrences)
      .reduce((sum, n) => sum + n, 0)
    for (const { term, distance } of candidates) {
      if (term === exact) continue
      const share = Math.min(1, rarity(together) / rarity(vocabulary.occurrences(term)))
      add(term, weigh(distance) * share, true)
    }
  }

  const words = queryWords(text)
  const isQuestion =
    words.length > MAX_WORDS_WITH_STOP_WORDS && words.some((word) => !isStopWord(fold(word.text)))
  const unknown: Term[] = []
  for (const [i, word] of words.entries()) {
    const typing = !complete && i === words.length - 1 && word.end === text.length
    const terms = termsOf(word)
    for (const { term, surface } of terms) {
      if (!isStopWord(surface)) add(term, 1, true)
      else if (!isQuestion) add(term, STOP_WORD_WEIGHT, false)
    }
    // Of `fs.readF` both the whole and its last part may be what is being typed.
    for (const term of typing ? endings(terms) : []) {
      const { length } = term.surface
      addCandidates(vocabulary.completions(term.surface, MAX_COMPLETIONS), term.term, (distance) => {
        const typed = length + distance
        return (COMPLETION_WEIGHT * typed) / (typed + COMPLETION_DECAY * distance)
      })
    }
    unknown.push(...terms.filter(({ term }) => vocabulary.occurrences(term) === 0))
  }
  for (const { term, surface } of unknown.filter(isCorrectable).slice(0, MAX_CORRECTED_WORDS)) {
    const maxEdits = Math.min(MAX_EDITS, Math.round(surface.length * EDITS_PER_LETTER))
    addCandidates(
      vocabulary.corrections(surface, maxEdits, MAX_CORRECTIONS),
      term,
      (edits) => (CORRECTION_WEIGHT * surface.length) / (surface.length + edits),
    )
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

function endings(terms: readonly Term[]): Term[] {
  const [whole] = terms
  const last = terms.findLast(({ end }) => end === whole?.end)
  return whole && last && last !== whole ? [whole, last] : whole ? [whole] : []
}

/** Digits are data: E0308 is not a misspelling of E0309. */
function isCorrectable({ surface }: Term): boolean {
  return surface.length >= MIN_CORRECTED_LENGTH && /^\p{L}+$/u.test(surface)
}
