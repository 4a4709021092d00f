/** Keywords of passages in memory: what was added here, and what a file is written from. */
import { LateenError } from '../errors.ts'
import type { Passage } from '../types.ts'
import { EVERYTHING, FIELDS, type Keywords, type Postings, passageRows } from './keywords.ts'
import { type Term, termsOf, wholeWord, wordsOf } from './terms.ts'
import type { Vocabulary } from './vocabulary.ts'

/** A passage under its number in the index. */
export interface LexicalEntry {
  /** A whole number from 0, unique among the passages that are in the index. */
  readonly id: number
  readonly passage: LexicalPassage
  /**
   * Number of passages in the document. The opening passage of several answers for the title as the
   * others do for their headings. @default 1
   */
  readonly passages?: number
}

export type LexicalPassage = Pick<Passage, 'ordinal' | 'title' | 'headings' | 'text' | 'weight'>

export interface LocalKeywords extends Keywords {
  /** Its id is new. Fails with `bad-argument` when the weight is not a number from 0 to 10. */
  add(entry: LexicalEntry): void
  /** In no particular order. */
  terms(): Iterable<readonly [term: string, postings: Postings]>
  /** The folded words that the terms were made of, each with the number of passages that hold it. */
  words(): ReadonlyMap<string, number>
}

interface KnownWord {
  readonly terms: readonly Term[]
}

interface GrowingPostings {
  readonly rows: number[]
  readonly counts: (number[] | undefined)[]
}

/** @param vocabulary told about words and how often they occur */
export function localKeywords(vocabulary?: Pick<Vocabulary, 'add' | 'count'>): LocalKeywords {
  const rows = passageRows()
  const index = new Map<string, GrowingPostings>()
  const words = new Map<string, number>()
  // Words, and what stands between two spaces, repeat far more often than they are new.
  const known = new Map<string, KnownWord>()
  const runs = new Map<string, readonly KnownWord[]>()
  const knownWord = (text: string) => {
    let word = known.get(text)
    if (!word) {
      known.set(text, (word = { terms: termsOf(wholeWord(text)) }))
      for (const { surface, term } of word.terms) vocabulary?.add(surface, term)
    }
    return word
  }
  /** No word reaches across white space. */
  const wordsIn = (run: string) => {
    let found = runs.get(run)
    if (!found) {
      // A copy: part of a string keeps all of it in memory.
      const copy = Array.from(run).join('')
      runs.set(copy, (found = Array.from(wordsOf(copy), ({ text }) => knownWord(text))))
    }
    return found
  }
  const count = (term: string, row: number, field: number) => {
    let postings = index.get(term)
    if (!postings) index.set(term, (postings = { rows: [], counts: FIELDS.map(() => undefined) }))
    if (postings.rows.at(-1) !== row) {
      postings.rows.push(row)
      for (const counts of postings.counts) counts?.push(0)
    }
    const counts = (postings.counts[field] ??= postings.rows.map(() => 0))
    counts[counts.length - 1]!++
  }

  return {
    rows,
    postings: (term) => index.get(term),
    terms: () => index,
    words: () => words,
    add(entry) {
      const { id, passage } = entry
      const { weight = 1 } = passage
      if (!(weight >= 0 && weight <= 10)) {
        throw new LateenError(
          'bad-argument',
          `Expected the weight of passage ${id} as a number from 0 to 10, found ${weight}.`,
        )
      }
      const found = new Set<string>()
      const lengths = FIELDS.map((name, field) => {
        const distinct = new Set<KnownWord>()
        for (const run of fieldText(entry, name).split(/\s+/)) {
          for (const word of wordsIn(run)) {
            distinct.add(word)
            for (const term of word.terms) {
              count(term.term, rows.length, field)
              if (field !== EVERYTHING) continue
              found.add(term.surface)
              vocabulary?.count(term.term)
            }
          }
        }
        return distinct.size
      })
      for (const word of found) words.set(word, (words.get(word) ?? 0) + 1)
      rows.append(id, lengths, weight)
    },
  }
}

function fieldText({ passage, passages = 1 }: LexicalEntry, field: (typeof FIELDS)[number]): string {
  const { title, headings, text, ordinal } = passage
  switch (field) {
    case 'title':
      return title
    case 'heading':
      return headings.at(-1) ?? (ordinal === 0 && passages > 1 ? title : '')
    case 'everything':
      return [title, ...headings, text].join('\n')
  }
}
