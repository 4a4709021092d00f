/**
 * Byte-pair encoding (Sennrich, Haddow and Birch 2016): of all neighbours in a word those whose merge was
 * learned first become one, until none was learned. Time and memory grow with the length of a word, which can be
 * that of a page.
 */
import { bytePieces, type Model, type ModelConfig, type Vocabulary } from './vocabulary.ts'

/** Returns a function from a word to its pieces: vocabulary strings, or the unknown token. */
export function bpePieces(
  { merges: learned = [], ignore_merges: ignoresMerges, byte_fallback: hasBytes }: ModelConfig,
  { ids, vocabulary, unknown, prefix, suffix }: Omit<Model, 'pieces'>,
): (word: string) => readonly string[] {
  const merges = learnedMerges(learned, ids, prefix)

  return (word) => {
    if (ignoresMerges && ids.has(word)) return [word]
    let characters = Array.from(word)
    // Vocabularies of old mark what continues a word, or ends it.
    if (prefix) for (let i = 1; i < characters.length; i++) characters[i] = prefix + characters[i]
    if (suffix && characters.length > 0) characters[characters.length - 1] += suffix
    // What stands for nothing at all is gone before its neighbours meet.
    if (unknown === undefined)
      characters = characters.filter((one) => ids.has(one) || fallback(one).length > 0)
    const symbols = Int32Array.from(characters, (character) => ids.get(character) ?? NONE)
    const last = mergeAll(symbols, merges)
    const pieces: string[] = []
    for (let at = 0; at < symbols.length; at = last[at]! + 1) {
      const id = symbols[at]!
      if (id === NONE) pieces.push(...fallback(characters[at]!))
      else pieces.push(vocabulary[id]!)
    }
    return pieces
  }

  function fallback(character: string): readonly string[] {
    const bytes = hasBytes ? bytePieces(character, ids) : undefined
    return bytes ?? (unknown === undefined ? [] : [unknown])
  }
}

const NONE = -1

/** A number for two ids: far more of both than any vocabulary has. */
const pairOf = (left: number, right: number) => left * 2 ** 26 + right

interface Merges {
  /** How early a pair was learned; undefined when it was not. */
  readonly rankOf: (left: number, right: number) => number | undefined
  /** By rank: the id of the two as one. */
  readonly merged: Int32Array
}

function learnedMerges(learned: NonNullable<ModelConfig['merges']>, ids: Vocabulary, prefix: string): Merges {
  const ranks = new Map<number, number>()
  const merged = new Int32Array(learned.length)
  learned.forEach((merge, rank) => {
    const [left = '', right = ''] = typeof merge === 'string' ? merge.split(' ') : merge
    const [a, b, both] = [left, right, left + right.slice(prefix.length)].map((piece) => ids.get(piece))
    if (a === undefined || b === undefined || both === undefined) {
      throw new Error(`The vocabulary lacks a piece of the merge ${left} ${right}`)
    }
    ranks.set(pairOf(a, b), rank)
    merged[rank] = both
  })
  return {
    rankOf: (left, right) => (left === NONE || right === NONE ? undefined : ranks.get(pairOf(left, right))),
    merged,
  }
}

/**
 * Merges in place: the id of a piece stands where its first symbol was.
 *
 * @returns where the last symbol of the piece that begins at each place was
 */
function mergeAll(symbols: Int32Array, { rankOf, merged }: Merges): Int32Array {
  const { length } = symbols
  const first = Int32Array.from(symbols.keys())
  const last = first.slice()
  const isGone = new Uint8Array(length)
  const queue = minHeap()
  const offer = (at: number) => {
    const next = last[at]! + 1
    const rank = next < length ? rankOf(symbols[at]!, symbols[next]!) : undefined
    // Of pairs learned at one time the leftmost is first.
    if (rank !== undefined) queue.push(rank * PLACES + at)
  }
  for (let at = 0; at + 1 < length; at++) offer(at)

  for (let top = queue.pop(); top !== undefined; top = queue.pop()) {
    const at = top % PLACES
    const id = merged[Math.floor(top / PLACES)]!
    const next = last[at]! + 1
    if (isGone[at] || next >= length) continue
    const rank = rankOf(symbols[at]!, symbols[next]!)
    if (rank === undefined || merged[rank] !== id) continue
    symbols[at] = id
    isGone[next] = 1
    last[at] = last[next]!
    first[last[at]!] = at
    if (at > 0) offer(first[at - 1]!)
    offer(at)
  }
  return last
}

/** More places than a string has. */
const PLACES = 2 ** 32

/** A binary heap of numbers. */
function minHeap() {
  const heap: number[] = []
  return {
    push(value: number) {
      let at = heap.length
      heap.push(value)
      for (let up = (at - 1) >> 1; at > 0 && heap[up]! > value; at = up, up = (at - 1) >> 1)
        heap[at] = heap[up]!
      heap[at] = value
    },
    pop(): number | undefined {
      const top = heap[0]
      const value = heap.pop()
      if (value === undefined || heap.length === 0) return top
      let at = 0
      for (let down = 1; down < heap.length; down = 2 * at + 1) {
        if (down + 1 < heap.length && heap[down + 1]! < heap[down]!) down++
        if (heap[down]! >= value) break
        heap[at] = heap[down]!
        at = down
      }
      heap[at] = value
      return top
    },
  }
}
