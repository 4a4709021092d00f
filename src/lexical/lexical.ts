/**
 * The keyword leg: MiniSearch (BM25) behind a small interface. It needs no model, so it answers while
 * the first letters are typed; of a stored index it reads only what the words of the query need.
 *
 * Terms, weights of expansions and the score differ from MiniSearch's defaults; what was measured is
 * in docs/benchmarks.md.
 */
import { LateenError } from '../errors.ts'
import { type LexicalEntry, localKeywords } from './local.ts'
import {
  type Alternatives,
  completionsOf,
  correctionsOf,
  type LexicalQuery,
  type ReadQuery,
  readQuery,
  weighTerms,
} from './query.ts'
import { scorePassages } from './score.ts'
import { type LexicalFile, openKeywords, type StoredKeywords } from './stored.ts'
import { createVocabulary, type Vocabulary } from './vocabulary.ts'

export type { LexicalEntry } from './local.ts'
export type { LexicalFile } from './stored.ts'
export { writeLexicalIndex } from './write.ts'

/**
 * Blocks of one file that are read for the completions of a word, or for its corrections: those of a few letters
 * lie all over the file.
 */
const MAX_SPREAD_BLOCKS = 2

export interface LexicalHit {
  /** Number of the passage. */
  readonly id: number
  /** BM25 times the weight of the passage; comparable within one answer only. */
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
  /** Fails with `bad-argument` when an id is already there, or a weight is not a number from 0 to 10. */
  add(entries: Iterable<LexicalEntry>): void
  /** Removes passages; ids that are not there are ignored. */
  discard(ids: Iterable<number>): void
  /**
   * Best first, ties by lower id. Nothing when no word of the query, or none like it, is in the index.
   * Passages of weight 0 are never found.
   *
   * @throws LateenError `segment-corrupt` when a block is damaged, and what its source throws
   */
  search(query: string, options: LexicalSearchOptions): Promise<LexicalHit[]>
  /** How much a match in a passage counts, 0 to 10; 1 for passages that are not there. */
  weightOf(id: number): number
}

export function createLexicalIndex(): LexicalIndex {
  return lexicalIndex([], createVocabulary())
}

/**
 * Opens stored indexes as one: rarity and lengths are those of all their passages together.
 *
 * @param files their passages do not overlap
 * @throws LateenError `index-invalid` when one was made by another version of the analyzer;
 *         `segment-corrupt`; what the sources throw
 */
export async function openLexicalIndex(
  files: readonly LexicalFile[],
  signal?: AbortSignal,
): Promise<LexicalIndex> {
  const vocabulary = createVocabulary()
  const stored = await Promise.all(files.map((file) => openKeywords(file, vocabulary, signal)))
  return lexicalIndex(stored, vocabulary)
}

function lexicalIndex(stored: readonly StoredKeywords[], vocabulary: Vocabulary): LexicalIndex {
  const local = localKeywords(vocabulary)
  const sets = [...stored, local]
  const size = () => sets.reduce((sum, { rows }) => sum + rows.size, 0)

  /** Reads what may hold the words of a query as they are written, and words that begin with the last one. */
  async function loadWords({ terms, typing }: ReadQuery): Promise<void> {
    await Promise.all(
      stored.map((keywords) => {
        const blocks = new Set(terms.flatMap(({ term }) => keywords.blockOf(term) ?? []))
        for (const { surface } of typing) {
          const range = keywords.blocksOf(surface)
          if (range.length <= MAX_SPREAD_BLOCKS) for (const block of range) blocks.add(block)
        }
        return keywords.load(blocks)
      }),
    )
  }

  /** Reads the blocks of the likeliest alternatives and leaves out those that would take too many more. */
  async function loadAlternatives(all: readonly Alternatives[]): Promise<Alternatives[]> {
    const wanted = stored.map(() => new Set<number>())
    const affordable = all.map((alternatives) => {
      const room = stored.map(() => MAX_SPREAD_BLOCKS)
      const candidates = alternatives.candidates.filter(({ term }) => {
        const missing = stored.map((keywords, i) => {
          const block = keywords.blockOf(term)
          return block === undefined || keywords.isLoaded(block) || wanted[i]!.has(block) ? undefined : block
        })
        if (missing.some((block, i) => block !== undefined && room[i] === 0)) return false
        for (const [i, block] of missing.entries()) {
          if (block === undefined) continue
          wanted[i]!.add(block)
          room[i]!--
        }
        return true
      })
      return { ...alternatives, candidates }
    })
    await Promise.all(stored.map((keywords, i) => keywords.load(wanted[i]!)))
    return affordable
  }

  async function plan(query: string, complete: boolean): Promise<LexicalQuery> {
    const read = readQuery(query, complete)
    await loadWords(read)
    const alternatives = await loadAlternatives([
      ...completionsOf(read, vocabulary),
      ...correctionsOf(read, vocabulary),
    ])
    return weighTerms(read, alternatives, vocabulary, size())
  }

  return {
    get size() {
      return size()
    },
    add(entries) {
      for (const entry of entries) {
        if (sets.some(({ rows }) => rows.has(entry.id))) {
          throw new LateenError(
            'bad-argument',
            `Passage ${entry.id} is already in the keyword index; discard it before it is added again.`,
          )
        }
        local.add(entry)
      }
    },
    discard(ids) {
      for (const id of ids) for (const { rows } of sets) rows.discard(id)
    },
    async search(query, { limit, filter, complete = false }) {
      const { weights, content } = await plan(query, complete)
      const isFound = (id: number, terms: readonly string[]) =>
        terms.some((term) => content.has(term)) && (!filter || filter(id))
      return scorePassages(sets, weights, isFound)
        .sort((a, b) => b.score - a.score || a.id - b.id)
        .slice(0, limit)
        .map((hit) => ({ ...hit, terms: hit.terms.filter((term) => content.has(term)) }))
    },
    weightOf: (id) => sets.find(({ rows }) => rows.has(id))?.rows.weightOf(id) ?? 1,
  }
}
