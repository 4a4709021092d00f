/**
 * The keyword leg: BM25 behind a small interface. It needs no model, so it answers while the first letters
 * are typed; of a stored index it reads only what the words of the query need. What was measured is in
 * docs/benchmarks.md.
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
import { bestPassages } from './score.ts'
import { type LexicalFile, openKeywords, type StoredKeywords } from './stored.ts'
import { createVocabulary, type Vocabulary } from './vocabulary.ts'

export type { LexicalEntry } from './local.ts'
export type { LexicalFile } from './stored.ts'
export { lexicalWriter, writeLexicalIndex } from './write.ts'

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
  /**
   * Told why some blocks could not be read: words in them were not looked up, the others were.
   * @default the search fails
   */
  readonly onUnread?: (error: unknown) => void
}

type OnUnread = LexicalSearchOptions['onUnread']

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
   * @throws LateenError when no block of its words can be read: `segment-corrupt`, and what the source throws
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

  /** Reads blocks of each file. What fails is told; it fails itself when none of them can be read. */
  async function load(wanted: readonly ReadonlySet<number>[], onUnread?: OnUnread): Promise<void> {
    const reads = stored.flatMap((keywords, i) =>
      Array.from(wanted[i]!, async (block) => keywords.load([block])),
    )
    const failures = (await Promise.allSettled(reads)).filter((read) => read.status === 'rejected')
    if (failures.length === 0) return
    if (!onUnread || failures.length === reads.length) throw failures[0]!.reason
    onUnread(failures[0]!.reason)
  }

  /** Reads what may hold the words of a query as they are written, and words that begin with the last one. */
  async function loadWords({ terms, typing }: ReadQuery, onUnread?: OnUnread): Promise<void> {
    const wanted = stored.map((keywords) => {
      const blocks = new Set(terms.flatMap(({ term }) => keywords.blockOf(term) ?? []))
      for (const { surface } of typing) {
        const range = keywords.blocksOf(surface)
        if (range.length <= MAX_SPREAD_BLOCKS) for (const block of range) blocks.add(block)
      }
      return blocks
    })
    await load(wanted, onUnread)
  }

  /** Reads the blocks of the likeliest alternatives and leaves out those that would take too many more. */
  async function loadAlternatives(
    all: readonly Alternatives[],
    onUnread?: OnUnread,
  ): Promise<Alternatives[]> {
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
    // The words themselves are there: alternatives that are not cost no more than themselves.
    await load(wanted, onUnread).catch((error: unknown) => {
      if (!onUnread) throw error
      onUnread(error)
    })
    return affordable
  }

  async function plan(query: string, complete: boolean, onUnread?: OnUnread): Promise<LexicalQuery> {
    const read = readQuery(query, complete)
    await loadWords(read, onUnread)
    const alternatives = await loadAlternatives(
      [...completionsOf(read, vocabulary), ...correctionsOf(read, vocabulary)],
      onUnread,
    )
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
    async search(query, { limit, filter, complete = false, onUnread }) {
      const planned = await plan(query, complete, onUnread)
      return bestPassages(sets, planned, { limit, ...(filter && { filter }) })
    },
    weightOf: (id) => sets.find(({ rows }) => rows.has(id))?.rows.weightOf(id) ?? 1,
  }
}
