/**
 * The words of a Japanese text, by a dictionary compiled for MeCab: the cheapest path through all words
 * that fit, where every word costs something and so does every pair of neighbours (Kudo, Yamamoto and
 * Matsumoto 2004). Reads MeCab's own files, so that a checkpoint gets the dictionary it was trained
 * with; ties and unknown words are settled as MeCab 0.996 does. Parts of speech are not read.
 */
import {
  broken,
  type Connections,
  type MecabFiles,
  readCharacters,
  readConnections,
  readDictionary,
} from './mecab-dictionary.ts'

/** Words in their order; white space between them is in none. */
export type Segmenter = (text: string) => string[]

/**
 * @param files a dictionary in UTF-8; the features of its words may be cut off
 * @throws LateenError `model-invalid`
 */
export function mecabSegmenter(files: MecabFiles): Segmenter {
  const connections = readConnections(files['matrix.bin'])
  const words = readDictionary('sys.dic', files['sys.dic'], connections)
  const { typeOf, typeNames } = readCharacters(files['char.bin'])
  const unknownWords = readDictionary('unk.dic', files['unk.dic'], connections)
  const unknown = typeNames.map((name) => unknownWords.exact(encoder.encode(name)))
  const space = typeOf(0x20)
  if (unknown.some((value) => value < 0)) throw broken('unk.dic', 'has no words for a kind of character')

  return (text) => {
    const bytes = encoder.encode(text)
    const lattice = createLattice(bytes.length, connections)
    for (let at = 0; at < bytes.length; at++) {
      if (!lattice.isReached(at)) continue
      addWords(bytes, at, lattice)
      lattice.connect(at)
    }
    return lattice.best().map(([from, to]) => decoder.decode(bytes.subarray(from, to)))
  }

  /** Every word that may begin at `at`, or after the white space there. */
  function addWords(bytes: Uint8Array, at: number, lattice: Lattice) {
    const { end: from, info } = skipSpace(bytes, at)
    if (from === bytes.length) return
    let found = false
    words.prefixes(bytes, from, (length, value) => {
      words.each(value, (left, right, cost) => lattice.add(from, from + length, left, right, cost))
      found = true
    })
    if (found && !invokes(info)) return

    const addUnknown = (to: number) => {
      unknownWords.each(unknown[kindOf(info)]!, (left, right, cost) =>
        lattice.add(from, to, left, right, cost),
      )
      found = true
    }
    const second = from + widthAt(bytes, from)
    let grouped = -1
    if (groups(info)) {
      const { end, count } = sameKind(bytes, second, info)
      if (count <= LONGEST_GROUP) addUnknown(end)
      grouped = end
    }
    let to = second
    for (let length = 1; length <= longest(info) && to <= bytes.length; length++) {
      // A word of the group's length is there already, and what follows it is no longer asked.
      if (to === grouped) continue
      addUnknown(to)
      if (to === bytes.length || !isKindOf(info, typeOf(codeAt(bytes, to)))) break
      to += widthAt(bytes, to)
    }
    if (!found) addUnknown(second)
  }

  function skipSpace(bytes: Uint8Array, at: number): { end: number; info: number } {
    let info = space
    let end = at
    while (end < bytes.length) {
      const next = typeOf(codeAt(bytes, end))
      const isSpace = isKindOf(info, next)
      info = next
      if (!isSpace) break
      end += widthAt(bytes, end)
    }
    return { end, info }
  }

  /** How far characters go that are each of a kind with the one before; counts no further than is asked for. */
  function sameKind(bytes: Uint8Array, at: number, first: number): { end: number; count: number } {
    let info = first
    let end = at
    let count = 0
    while (end < bytes.length && count <= LONGEST_GROUP) {
      const next = typeOf(codeAt(bytes, end))
      if (!isKindOf(info, next)) break
      info = next
      end += widthAt(bytes, end)
      count++
    }
    return { end, count }
  }
}

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** MeCab's `max-grouping-size`: characters after the first of an unknown word. */
const LONGEST_GROUP = 24

/** What `char.bin` says of a character: 18 bits of kinds, its main kind, and how unknown words are made. */
const isKindOf = (a: number, b: number) => (a & b & 0x3ffff) !== 0
const kindOf = (info: number) => (info >>> 18) & 0xff
const longest = (info: number) => (info >>> 26) & 0xf
const groups = (info: number) => (info & (1 << 30)) !== 0
const invokes = (info: number) => info >>> 31 === 1

/** Bytes of the UTF-8 character at `at`. */
function widthAt(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!
  return first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
}

/** Its code point, 0 beyond the basic plane as in MeCab. */
function codeAt(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!
  if (first < 0x80) return first
  if (first < 0xe0) return ((first & 0x1f) << 6) | (bytes[at + 1]! & 0x3f)
  if (first < 0xf0) return ((first & 0x0f) << 12) | ((bytes[at + 1]! & 0x3f) << 6) | (bytes[at + 2]! & 0x3f)
  return 0
}

/** Words that begin and end at positions of a text, each linked to the cheapest word before it. */
function createLattice(length: number, { costs, numRight }: Connections) {
  const from = [0]
  const to = [0]
  const lefts = [0]
  const rights = [0]
  /** Of the word alone until it is connected, then of the path up to it. */
  const cost = [0]
  const before = [NONE]
  /** The words that end at a position, latest first, as a linked list. */
  const endingAt = new Int32Array(length + 1).fill(NONE)
  const nextEnding = [NONE]
  endingAt[0] = 0
  let numConnected = 1
  let cheapestCost = 0

  /** The word that ends at `at` which is best followed by one with the id `left`; of equals the first. */
  function cheapest(at: number, left: number): number {
    let best = NONE
    cheapestCost = Number.POSITIVE_INFINITY
    for (let word = endingAt[at]!; word !== NONE; word = nextEnding[word]!) {
      const through = cost[word]! + costs[rights[word]! + numRight * left]!
      if (through >= cheapestCost) continue
      cheapestCost = through
      best = word
    }
    return best
  }

  return {
    isReached: (at: number) => endingAt[at] !== NONE,
    add(start: number, end: number, left: number, right: number, wordCost: number) {
      from.push(start)
      to.push(end)
      lefts.push(left)
      rights.push(right)
      cost.push(wordCost)
      before.push(NONE)
      nextEnding.push(NONE)
    },
    /** Links the words added since the last call to those that end at `at`, the last one first as MeCab does. */
    connect(at: number) {
      for (let word = from.length - 1; word >= numConnected; word--) {
        before[word] = cheapest(at, lefts[word]!)
        cost[word]! += cheapestCost
        const end = to[word]!
        nextEnding[word] = endingAt[end]!
        endingAt[end] = word
      }
      numConnected = from.length
    },
    best(): [from: number, to: number][] {
      // White space at the end belongs to no word.
      const end = endingAt.findLastIndex((word) => word !== NONE)
      const path: [number, number][] = []
      for (let word = cheapest(end, 0); word > 0; word = before[word]!) path.push([from[word]!, to[word]!])
      return path.reverse()
    },
  }
}

type Lattice = ReturnType<typeof createLattice>

const NONE = -1
