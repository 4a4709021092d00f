/**
 * The keyword leg: MiniSearch (BM25) behind a small interface. It needs no model, so it answers while
 * the first letters are typed.
 *
 * Terms, weights of expansions and the score differ from MiniSearch's defaults; what was measured is
 * in docs/benchmarks.md.
 */
import MiniSearch, { type Options } from 'minisearch'
import { LateenError } from '../errors.ts'
import type { Passage } from '../types.ts'
import { fromPlain, mergeContents, readLexicalFile, toPlain, writeLexicalFile } from './file.ts'
import { planLexicalQuery } from './query.ts'
import { termsOf, wordsOf } from './terms.ts'
import { createVocabulary, type Vocabulary } from './vocabulary.ts'

/** A passage under its number in the index. */
export interface LexicalEntry {
  /** A whole number from 0, unique among the passages that are in the index. */
  readonly id: number
  readonly passage: Pick<Passage, 'ordinal' | 'title' | 'headings' | 'text'>
  /**
   * Number of passages in the document. The opening passage of several answers for the title as the
   * others do for their headings. @default 1
   */
  readonly passages?: number
}

export interface LexicalHit {
  /** Number of the passage. */
  readonly id: number
  /** BM25; comparable within one answer only. */
  readonly score: number
  /** The terms of the index it matched, without function words: what to mark in an excerpt. */
  readonly terms: readonly string[]
}

export interface LexicalSearchOptions {
  /** How many at most. */
  readonly limit: number
  /** True for passages that may be found. */
  readonly filter?: (id: number) => boolean
  /** True: the last word is finished, so words that only begin with it do not count. @default false */
  readonly complete?: boolean
}

export interface LexicalIndex {
  /** Number of passages. */
  readonly size: number
  /** Fails with `bad-argument` when an id is already there. */
  add(entries: Iterable<LexicalEntry>): void
  /** Removes passages; ids that are not there are ignored. */
  discard(ids: Iterable<number>): void
  /** Best first, ties by lower id. Nothing when no word of the query, or none like it, is in the index. */
  search(query: string, options: LexicalSearchOptions): LexicalHit[]
  /** The same passages always give the same bytes. */
  serialize(): Uint8Array
}

/** A serialised index of passages 0, 1, … that are to be numbered from `firstId`. */
export interface LexicalPart {
  readonly bytes: Uint8Array
  readonly firstId: number
}

/** `everything` is title, headings and text together: one length to normalise by, one rarity per term. */
const FIELDS = ['title', 'heading', 'everything'] as const
const BOOST = { title: 0.3, heading: 0.3, everything: 1 }
/** Okapi BM25 with Lucene's parameters; MiniSearch's own add 0.5 for every match, which favours many weak ones. */
const BM25 = { k: 1.2, b: 0.75, d: 0 }

export function createLexicalIndex(): LexicalIndex {
  const vocabulary = createVocabulary()
  return lexicalIndex(vocabulary, new MiniSearch(miniSearchOptions(vocabulary)))
}

/**
 * @param source a serialised index, or several that become one; their first ids ascend and their passages do not overlap
 * @throws LateenError `index-invalid` when damaged, or made by another version of the analyzer
 */
export function loadLexicalIndex(source: Uint8Array | readonly LexicalPart[]): LexicalIndex {
  const parts = source instanceof Uint8Array ? [{ bytes: source, firstId: 0 }] : source
  if (parts.length === 0) return createLexicalIndex()
  const contents = mergeContents(
    parts.map(({ bytes }) => readLexicalFile(bytes, FIELDS)),
    parts.map(({ firstId }) => firstId),
  )
  const vocabulary = createVocabulary()
  const everything = FIELDS.indexOf('everything')
  for (const [i, term] of contents.terms.entries()) {
    vocabulary.add(term, term)
    vocabulary.count(term, sumOfOccurrences(contents.postings[i]![everything]!))
  }
  for (const variant of contents.variants) vocabulary.add(variant, termsOf(wholeWord(variant))[0]!.term)
  return lexicalIndex(vocabulary, MiniSearch.loadJS(toPlain(contents, FIELDS), miniSearchOptions(vocabulary)))
}

function lexicalIndex(vocabulary: Vocabulary, miniSearch: MiniSearch<LexicalEntry>): LexicalIndex {
  return {
    get size() {
      return miniSearch.documentCount
    },
    add(entries) {
      for (const entry of entries) {
        if (miniSearch.has(entry.id)) {
          throw new LateenError(
            'bad-argument',
            `Passage ${entry.id} is already in the keyword index; discard it before it is added again.`,
          )
        }
        miniSearch.add(entry)
      }
    },
    discard(ids) {
      for (const id of ids) if (miniSearch.has(id)) miniSearch.discard(id)
    },
    search(query, { limit, filter, complete = false }) {
      const plan = planLexicalQuery(query, vocabulary, miniSearch.documentCount, complete)
      const terms = [...plan.weights.keys()]
      return miniSearch
        .search(query, {
          tokenize: () => terms,
          processTerm: (term) => term,
          boostTerm: (term) => plan.weights.get(term)!,
          boost: BOOST,
          bm25: BM25,
          filter: ({ id, queryTerms }) =>
            queryTerms.some((term) => plan.content.has(term)) && (!filter || filter(id)),
        })
        .map(({ id, score, queryTerms }) => ({
          id: id as number,
          // MiniSearch multiplies by the number of terms found, which drowns what one rare word says.
          score: score / queryTerms.length,
          terms: queryTerms.filter((term) => plan.content.has(term)),
        }))
        .sort((a, b) => b.score - a.score || a.id - b.id)
        .slice(0, limit)
    },
    serialize: () => writeLexicalFile(fromPlain(miniSearch.toJSON(), vocabulary.variants()), FIELDS),
  }
}

function miniSearchOptions(vocabulary: Vocabulary): Options<LexicalEntry> {
  // Words repeat far more often than they are new.
  const known = new Map<string, readonly string[]>()
  const termsOfWord = (word: string) => {
    let terms = known.get(word)
    if (!terms) {
      const found = termsOf(wholeWord(word))
      for (const { surface, term } of found) vocabulary.add(surface, term)
      known.set(word, (terms = found.map(({ term }) => term)))
    }
    return terms
  }
  return {
    fields: [...FIELDS],
    extractField: (entry, field) => (field === 'id' ? entry.id : fieldText(entry, field)),
    tokenize: (text) => Array.from(wordsOf(text), (word) => word.text),
    processTerm: (word, field) => {
      const terms = termsOfWord(word)
      if (field === 'everything') for (const term of terms) vocabulary.count(term)
      return [...terms]
    },
    // Discarded passages are passed over and dropped as searches meet them; a timer would outlive the index.
    autoVacuum: false,
  }
}

function fieldText({ passage, passages = 1 }: LexicalEntry, field: string): string {
  const { title, headings, text, ordinal } = passage
  switch (field) {
    case 'title':
      return title
    case 'heading':
      return headings.at(-1) ?? (ordinal === 0 && passages > 1 ? title : '')
    default:
      return [title, ...headings, text].join('\n')
  }
}

function wholeWord(text: string) {
  return { text, start: 0, end: text.length }
}

function sumOfOccurrences(list: readonly number[]): number {
  let sum = 0
  for (let i = 1; i < list.length; i += 2) sum += list[i]!
  return sum
}
