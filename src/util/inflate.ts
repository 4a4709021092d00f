/**
 * Raw DEFLATE unpacked (RFC 1951). Packing is a library's work and is loaded with the code that writes;
 * this is all a reader needs.
 */

/** Symbols by the next bits of the input: each entry is symbol × 16 + length of its code, 0 for none. */
interface Codes {
  readonly table: Uint16Array
  readonly width: number
}

const END_OF_BLOCK = 256
/** Order in which the lengths of the code for code lengths are stored. */
const LENGTHS_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
/** Extra bits of the symbols from 257, and of the distances. */
const LENGTH_EXTRA = [...Array.from({ length: 28 }, (_, i) => Math.max(0, (i >> 2) - 1)), 0]
const DISTANCE_EXTRA = Array.from({ length: 30 }, (_, i) => Math.max(0, (i >> 1) - 1))
const LENGTH_BASE = bases(3, LENGTH_EXTRA).with(28, 258)
const DISTANCE_BASE = bases(1, DISTANCE_EXTRA)

const FIXED_LITERALS = () =>
  codesOf(Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8)))
const FIXED_DISTANCES = () => codesOf(Array.from({ length: 30 }, () => 5))

/**
 * @param rawBytes length of the result, stated elsewhere; no more is ever written
 * @throws RangeError when the input is damaged or has another length
 */
export function inflate(packed: Uint8Array, rawBytes: number): Uint8Array {
  const out = new Uint8Array(rawBytes)
  let length = 0
  /** Position in bits. */
  let at = 0

  /** The next bits, at most 16, the first of them lowest. Zeros follow the end. */
  function peek(count: number): number {
    const byte = at >> 3
    const three = (packed[byte] ?? 0) | ((packed[byte + 1] ?? 0) << 8) | ((packed[byte + 2] ?? 0) << 16)
    return (three >> (at & 7)) & ((1 << count) - 1)
  }
  function take(count: number): number {
    const bits = peek(count)
    at += count
    if (at > packed.length * 8) throw damaged('ends too early')
    return bits
  }
  function symbol({ table, width }: Codes): number {
    const entry = table[peek(width)]!
    if (entry === 0) throw damaged('has a code that stands for nothing')
    take(entry & 15)
    return entry >> 4
  }
  function grow(count: number): number {
    const from = length
    length += count
    if (length > rawBytes) throw damaged(`holds more than ${rawBytes} bytes`)
    return from
  }

  function copyStored(): void {
    at = (at + 7) & ~7
    const count = take(16)
    if (take(16) !== (count ^ 0xffff)) throw damaged('has a stored block of two lengths')
    const start = at >> 3
    at += count * 8
    if (at > packed.length * 8) throw damaged('ends too early')
    out.set(packed.subarray(start, start + count), grow(count))
  }

  function readCodes(): [literals: Codes, distances: Codes] {
    const numLiterals = take(5) + 257
    const numDistances = take(5) + 1
    const ofLengths: number[] = Array(19).fill(0)
    const numLengths = take(4) + 4
    for (let i = 0; i < numLengths; i++) ofLengths[LENGTHS_ORDER[i]!] = take(3)
    const codes = codesOf(ofLengths)
    const lengths: number[] = []
    while (lengths.length < numLiterals + numDistances) {
      const code = symbol(codes)
      if (code < 16) lengths.push(code)
      else {
        const repeated = code === 16 ? lengths.at(-1) : 0
        if (repeated === undefined) throw damaged('repeats a length before the first')
        const times = code === 16 ? 3 + take(2) : code === 17 ? 3 + take(3) : 11 + take(7)
        for (let i = 0; i < times; i++) lengths.push(repeated)
      }
    }
    if (lengths.length > numLiterals + numDistances) throw damaged('states too many lengths')
    return [codesOf(lengths.slice(0, numLiterals)), codesOf(lengths.slice(numLiterals))]
  }

  function copyCoded(literals: Codes, distances: Codes): void {
    for (;;) {
      const code = symbol(literals)
      if (code === END_OF_BLOCK) return
      if (code < END_OF_BLOCK) {
        out[grow(1)] = code
        continue
      }
      const i = code - END_OF_BLOCK - 1
      if (i >= LENGTH_BASE.length) throw damaged('has a length that stands for nothing')
      const count = LENGTH_BASE[i]! + take(LENGTH_EXTRA[i]!)
      const d = symbol(distances)
      if (d >= DISTANCE_BASE.length) throw damaged('has a distance that stands for nothing')
      const distance = DISTANCE_BASE[d]! + take(DISTANCE_EXTRA[d]!)
      const from = grow(count)
      if (distance > from) throw damaged('refers to what is before its start')
      // One by one: a copy may run into what it has just written.
      for (let k = from; k < from + count; k++) out[k] = out[k - distance]!
    }
  }

  let isLast = false
  while (!isLast) {
    isLast = take(1) === 1
    const type = take(2)
    if (type === 0) copyStored()
    else if (type === 1) copyCoded(FIXED_LITERALS(), FIXED_DISTANCES())
    else if (type === 2) copyCoded(...readCodes())
    else throw damaged('has a block of no known type')
  }
  if (length !== rawBytes) throw damaged(`holds ${length} bytes, not ${rawBytes}`)
  return out
}

/** Canonical codes (RFC 1951, 3.2.2) as a table over as many bits as the longest has. */
function codesOf(lengths: readonly number[]): Codes {
  const width = Math.max(1, ...lengths)
  const table = new Uint16Array(1 << width)
  let code = 0
  for (let length = 1; length <= width; length++, code <<= 1) {
    for (const [symbol, its] of lengths.entries()) {
      if (its !== length) continue
      if (code >= 1 << length) throw damaged('has more codes than there can be')
      // Codes are stored with their first bit lowest.
      for (let i = reversed(code, length); i < table.length; i += 1 << length) table[i] = symbol * 16 + length
      code++
    }
  }
  return { table, width }
}

function reversed(code: number, length: number): number {
  let result = 0
  for (let bit = 0; bit < length; bit++) result |= ((code >> bit) & 1) << (length - 1 - bit)
  return result
}

/** Where the range of each symbol begins, from how many extra bits each has. */
function bases(first: number, extra: readonly number[]): number[] {
  let next = first
  return extra.map((bits) => {
    const base = next
    next += 1 << bits
    return base
  })
}

function damaged(what: string): RangeError {
  return new RangeError(`The compressed data ${what}`)
}
