/** The files of a dictionary compiled for MeCab 0.996, as views of their bytes. */
import { LateenError } from '../errors.ts'

/** The files of a compiled dictionary. */
export const MECAB_FILES = ['sys.dic', 'matrix.bin', 'char.bin', 'unk.dic'] as const

export type MecabFiles = Readonly<Record<(typeof MECAB_FILES)[number], Uint8Array>>

export interface Connections {
  /** The cost of a pair: `costs[right id of the first + numRight × left id of the second]`. */
  readonly costs: Int16Array
  readonly numRight: number
  readonly numLeft: number
}

export function readConnections(bytes: Uint8Array): Connections {
  const file = aligned(bytes)
  const [numRight = 0, numLeft = 0] = file.length < 4 ? [] : new Uint16Array(file.buffer, file.byteOffset, 2)
  if (numRight === 0 || file.length !== 4 + 2 * numRight * numLeft) {
    throw broken('matrix.bin', 'has not the length it states')
  }
  return { costs: new Int16Array(file.buffer, file.byteOffset + 4, numRight * numLeft), numRight, numLeft }
}

/** What `char.bin` says of a code point of the basic plane, and the names of all kinds of character. */
export function readCharacters(bytes: Uint8Array): { typeOf: (code: number) => number; typeNames: string[] } {
  const file = aligned(bytes)
  const [count = 0] = file.length < 4 ? [] : new Uint32Array(file.buffer, file.byteOffset, 1)
  if (file.length !== 4 + 32 * count + 4 * 0xffff) throw broken('char.bin', 'has not the length it states')
  const types = new Uint32Array(file.buffer, file.byteOffset + 4 + 32 * count, 0xffff)
  const typeNames = Array.from({ length: count }, (_, i) =>
    terminated(file.subarray(4 + 32 * i, 36 + 32 * i)),
  )
  // The table ends before U+FFFF, which is of no kind.
  return { typeOf: (code) => types[code] ?? 0, typeNames }
}

export interface Dictionary {
  /** Calls back with the length and value of every entry that `bytes` has at `from`, shortest first. */
  prefixes(bytes: Uint8Array, from: number, found: (length: number, value: number) => void): void
  /** The value of one entry, −1 when there is none. */
  exact(key: Uint8Array): number
  /** The words of an entry, in the order MeCab looks at them. */
  each(value: number, visit: (left: number, right: number, cost: number) => void): void
}

/** Header of 72 bytes, double array (Aoe 1989; base and check, 8 bytes a unit), words of 16 bytes, features. */
export function readDictionary(name: string, bytes: Uint8Array, connections: Connections): Dictionary {
  const file = aligned(bytes)
  if (file.length < 72) throw broken(name, 'is too short')
  const header = new Uint32Array(file.buffer, file.byteOffset, 10)
  const [, version, , , numRight, numLeft, arrayBytes = 0, wordBytes = 0] = header
  const charset = terminated(file.subarray(40, 72)).toLowerCase().replace('-', '')
  if (version !== 102) throw broken(name, `should be of version 102 and is of ${version}`)
  if (charset !== 'utf8') throw broken(name, `should be in UTF-8 and is in ${charset}`)
  if (file.length < 72 + arrayBytes + wordBytes) throw broken(name, 'has not the length it states')
  // Of a dictionary with as many words of other kinds, costs would be read that mean nothing.
  if (numRight !== connections.numRight || numLeft !== connections.numLeft) {
    throw broken(name, 'was compiled with another matrix.bin')
  }
  const units = new Int32Array(file.buffer, file.byteOffset + 72, arrayBytes >> 2)
  const ids = new Uint16Array(file.buffer, file.byteOffset + 72 + arrayBytes, wordBytes >> 1)
  const costs = new Int16Array(ids.buffer, ids.byteOffset, ids.length)

  function prefixes(key: Uint8Array, from: number, found: (length: number, value: number) => void) {
    let base = units[0]!
    for (let at = from; ; at++) {
      const value = units[2 * base]!
      if (units[2 * base + 1] === base && value < 0) found(at - from, -value - 1)
      if (at === key.length) return
      const next = base + key[at]! + 1
      if (units[2 * next + 1] !== base) return
      base = units[2 * next]!
    }
  }

  return {
    prefixes,
    exact(key) {
      let exact = -1
      prefixes(key, 0, (length, value) => {
        if (length === key.length) exact = value
      })
      return exact
    },
    each(value, visit) {
      const first = value >>> 8
      for (let word = first; word < first + (value & 0xff); word++) {
        visit(ids[8 * word]!, ids[8 * word + 1]!, costs[8 * word + 3]!)
      }
    },
  }
}

const decoder = new TextDecoder()

/** Views of numbers must begin at a multiple of their size. */
function aligned(bytes: Uint8Array): Uint8Array {
  return bytes.byteOffset % 4 === 0 ? bytes : bytes.slice()
}

function terminated(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  return decoder.decode(end < 0 ? bytes : bytes.subarray(0, end))
}

export function broken(name: string, why: string): LateenError {
  return new LateenError(
    'model-invalid',
    `${name} of the model's dictionary ${why}. Compile the dictionary with mecab-dict-index of MeCab 0.996 and the options -f utf-8 -t utf-8.`,
  )
}
