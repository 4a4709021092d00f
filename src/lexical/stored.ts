/** Keywords of a stored file: the head stays in memory, blocks are read when a query needs them. */
import { expectEqual } from '../segment/common.ts'
import type { ByteSource } from '../store/store.ts'
import { type Once, once } from '../util/once.ts'
import { openFile } from './file.ts'
import { type Keywords, occurrencesIn, type Postings, passageRows } from './keywords.ts'
import { stem } from './terms.ts'
import type { Vocabulary } from './vocabulary.ts'

/** The stored keyword index of a segment. */
export interface LexicalFile {
  readonly source: ByteSource
  /** For messages. */
  readonly name: string
  /** Number in the index of its first passage. */
  readonly firstId: number
  /** How many passages it should hold. */
  readonly passages: number
}

export interface StoredKeywords extends Keywords {
  /** The block that holds a word if any does; undefined when none can. */
  blockOf(word: string): number | undefined
  /** The blocks that may hold words with this beginning. */
  blocksOf(prefix: string): number[]
  isLoaded(block: number): boolean
  /**
   * Reads blocks that were not read before; what was read stays. A block that could not be read is tried again
   * next time. Fails with `segment-corrupt` and what the source throws.
   */
  load(blocks: Iterable<number>): Promise<void>
}

/** @param vocabulary told about the common words now and about those of a block when it is read */
export async function openKeywords(
  { source, name, firstId, passages }: LexicalFile,
  vocabulary: Vocabulary,
  signal?: AbortSignal,
): Promise<StoredKeywords> {
  const file = await openFile(source, name, signal)
  const { lengths, weights, common, blocks } = file.head
  expectEqual(name, 'passages', passages, lengths[0]!.length)
  const rows = passageRows()
  for (let row = 0; row < lengths[0]!.length; row++) {
    rows.append(
      firstId + row,
      lengths.map((ofField) => ofField[row]!),
      weights.get(row) ?? 1,
    )
  }
  const counted = new Set<string>()
  for (const { word, occurrences } of common) {
    const term = stem(word)
    vocabulary.add(word, term)
    if (occurrences === 0) continue
    vocabulary.count(term, occurrences)
    counted.add(term)
  }

  const index = new Map<string, Postings>()
  const loaded = new Set<number>()
  const loads: Once<void>[] = blocks.map((_, block) =>
    once(async () => {
      for (const { word, postings } of await file.readBlock(block)) {
        vocabulary.add(word, postings ? word : stem(word))
        if (!postings) continue
        index.set(word, postings)
        if (!counted.has(word)) vocabulary.count(word, occurrencesIn(postings))
      }
      loaded.add(block)
    }),
  )
  const lastFrom = (word: string) => {
    let low = 0
    let high = blocks.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (blocks[middle]!.firstWord <= word) low = middle + 1
      else high = middle
    }
    return low - 1
  }
  return {
    rows,
    postings: (term) => index.get(term),
    blockOf: (word) => (lastFrom(word) < 0 ? undefined : lastFrom(word)),
    blocksOf(prefix) {
      const first = Math.max(0, lastFrom(prefix))
      return Array.from({ length: lastFrom(`${prefix}\uffff`) + 1 - first }, (_, i) => first + i)
    },
    isLoaded: (block) => loaded.has(block),
    async load(wanted) {
      await Promise.all(Array.from(wanted, (block) => loads[block]!()))
    },
  }
}
