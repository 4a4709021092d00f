/** Writes the keyword file of passages that are numbered 0, 1, … */
import type { CuttableFile } from '../segment/parts.ts'
import { type BlockEntry, encodeBlock, entryBytes } from './block.ts'
import { writeFile } from './file.ts'
import type { CommonWord } from './head.ts'
import { FIELDS, occurrencesIn } from './keywords.ts'
import { type LexicalEntry, type LocalKeywords, localKeywords } from './local.ts'
import { stem } from './terms.ts'

/** Every reader downloads them: what they cost is a good part of the head. */
const MAX_COMMON_WORDS = 6_000
const MIN_PASSAGES_OF_COMMON_WORD = 2
/** Half of that after compression: one small read for a word of a query. */
const BLOCK_BYTES = 14_000
/** Every block may become a file of its own and costs the head 17 bytes or so; beyond this they grow. */
const MAX_BLOCKS = 512

/** Collects the keyword file of passages. Their text is not kept. */
export interface LexicalWriter {
  /** In order of their ids, which are 0, 1, … Fails with `bad-argument` when a weight is not a number from 0 to 10. */
  add(entry: Omit<LexicalEntry, 'id'>): void
  /** The same passages always give the same bytes. */
  finish(): CuttableFile
}

export function lexicalWriter(): LexicalWriter {
  const keywords = localKeywords()
  let id = 0
  return {
    add: (entry) => keywords.add({ ...entry, id: id++ }),
    finish: () => writeKeywords(keywords),
  }
}

/** All at once, as {@link lexicalWriter} does. */
export function writeLexicalIndex(entries: Iterable<Omit<LexicalEntry, 'id'>>): CuttableFile {
  const writer = lexicalWriter()
  for (const entry of entries) writer.add(entry)
  return writer.finish()
}

function writeKeywords(keywords: LocalKeywords): CuttableFile {
  const { rows } = keywords
  const everyRow = Array.from({ length: rows.length }, (_, row) => row)
  const postingsOf = new Map(keywords.terms())
  const words = [...keywords.words()].filter(([word]) => !postingsOf.has(word))
  const sorted: BlockEntry[] = [
    ...Array.from(postingsOf, ([word, postings]) => ({ word, postings })),
    ...words.map(([word]) => ({ word })),
  ].sort((a, b) => (a.word < b.word ? -1 : 1))
  return writeFile(
    {
      lengths: FIELDS.map((_, field) => everyRow.map((row) => rows.lengthsAt(row)[field]!)),
      weights: new Map(
        everyRow.map((row) => [row, rows.weightOf(row)] as const).filter(([, weight]) => weight !== 1),
      ),
      common: commonWords(keywords.words(), (term) => occurrencesIn(postingsOf.get(term)!)),
    },
    cutIntoBlocks(sorted).map((block) => ({ firstWord: block[0]!.word, raw: encodeBlock(block) })),
  )
}

function commonWords(
  words: ReadonlyMap<string, number>,
  occurrences: (term: string) => number,
): CommonWord[] {
  const counted = new Set<string>()
  return [...words]
    .filter(([, passages]) => passages >= MIN_PASSAGES_OF_COMMON_WORD)
    .sort(([a, inA], [b, inB]) => inB - inA || (a < b ? -1 : 1))
    .slice(0, MAX_COMMON_WORDS)
    .map(([word]) => word)
    .sort()
    .map((word) => {
      const term = stem(word)
      if (counted.has(term)) return { word, occurrences: 0 }
      counted.add(term)
      return { word, occurrences: occurrences(term) }
    })
}

function cutIntoBlocks(entries: readonly BlockEntry[]): BlockEntry[][] {
  const sizes = entries.map(entryBytes)
  const total = sizes.reduce((sum, size) => sum + size, 0)
  const target = Math.max(BLOCK_BYTES, total / MAX_BLOCKS)
  const blocks: BlockEntry[][] = []
  let room = 0
  for (const [i, entry] of entries.entries()) {
    // A word with many passages begins a block rather than doubling one.
    if (room <= 0 || sizes[i]! > room + target / 2) {
      blocks.push([])
      room = target
    }
    blocks.at(-1)!.push(entry)
    room -= sizes[i]!
  }
  return blocks
}
