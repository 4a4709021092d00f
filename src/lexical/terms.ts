/**
 * From text to index terms, the same for documents, queries and highlighting.
 *
 * Words are folded (compatibility forms, case, Latin accents). English-looking words are stemmed
 * (Porter 1980). Identifiers such as `AbortController.abort`, `--no-verify` or `snake_case` are kept
 * whole and also cut into their parts. Scripts without spaces become pairs of neighbouring
 * characters: unlike dictionary segmentation, that is the same on every machine, so an index built in
 * one place is found in another.
 */
import { stemmer } from 'stemmer'
import type { Span } from '../types.ts'

/** Changes whenever the same text would give other terms; an index made with another one is refused. */
export const ANALYZER = 'lateen-terms-1'

/** Longer identifiers, such as URLs, are not kept whole; their parts are. */
const MAX_TERM_LENGTH = 48
/** Beyond this it is encoded data. */
const MAX_WORD_LENGTH = 512

/** A word as it stands in a text. */
export interface Word extends Span {
  readonly text: string
}

/** An index term and the part of the text it was made of. */
export interface Term extends Span {
  /** What is indexed and looked up. */
  readonly term: string
  /** The folded word before stemming: what a reader types the beginning of. */
  readonly surface: string
}

const UNSPACED =
  '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}ー'
const LETTER = `(?:(?![${UNSPACED}])[\\p{L}\\p{M}\\p{N}_])`
const WORD = new RegExp(
  `[${UNSPACED}][${UNSPACED}\\p{M}]*|[A-Za-z]{1,2}(?:\\+\\+|#)(?![\\p{L}\\p{N}_])|${LETTER}+(?:(?:::|[-./:#@])${LETTER}+)*`,
  'gu',
)
const UNSPACED_START = new RegExp(`^[${UNSPACED}]`, 'u')
const SEGMENT = /[^./:#@]+/g
const PART = /[^\s._\-/:#@+]+/gu
/** Where camel case changes: `fooBar` before B, `HTMLElement` before the E. */
const CAMEL = /(?<=[\p{Ll}\p{N}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/u

/** The words of a text in order. Runs of scripts without spaces come as overlapping pairs of characters. */
export function* wordsOf(text: string): Generator<Word> {
  for (const match of text.matchAll(WORD)) {
    const run = match[0]
    if (UNSPACED_START.test(run)) yield* characterPairs(run, match.index)
    else yield { text: run, start: match.index, end: match.index + run.length }
  }
}

/** `東京都` → 東京, 京都, 都: the last character alone, so that a search for it finds the run. */
function* characterPairs(run: string, offset: number): Generator<Word> {
  const characters = [...run]
  let start = offset
  for (const [i, character] of characters.entries()) {
    const text = character + (characters[i + 1] ?? '')
    yield { text, start, end: start + text.length }
    start += character.length
  }
}

/** A word that stands alone. */
export function wholeWord(text: string): Word {
  return { text, start: 0, end: text.length }
}

/** The terms of one word, the whole first, then its parts, without repetition. None of encoded data. */
export function termsOf(word: Word): Term[] {
  if (word.text.length > MAX_WORD_LENGTH) return []
  const terms = new Map<string, Term>()
  const add = (text: string, start: number) => {
    const surface = fold(text)
    if (surface === '' || surface.length > MAX_TERM_LENGTH) return
    const term = stem(surface)
    if (!terms.has(term)) terms.set(term, { term, surface, start, end: start + text.length })
  }
  add(word.text, word.start)
  if (!/^\p{Ll}+$/u.test(word.text)) {
    for (const segment of word.text.matchAll(SEGMENT)) {
      add(segment[0], word.start + segment.index)
      for (const part of segment[0].matchAll(PART)) {
        let start = word.start + segment.index + part.index
        for (const piece of part[0].split(CAMEL)) {
          add(piece, start)
          start += piece.length
        }
      }
    }
  }
  return [...terms.values()]
}

/** One spelling for what readers consider the same word: compatibility forms, case and Latin accents. */
export function fold(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range is ASCII, which needs no normalisation
  if (/^[\x00-\x7f]*$/.test(text)) return text.toLowerCase()
  return text
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .normalize('NFC')
    .toLowerCase()
    .replace(/ς/g, 'σ')
}

/**
 * The term of a folded word. Only plain ASCII words are stemmed: the rules are English, and identifiers must
 * stay exact.
 */
export function stem(surface: string): string {
  return /^[a-z]+$/.test(surface) ? stemmer(surface) : surface
}
