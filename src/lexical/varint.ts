/** Numbers and sorted words as bytes: what the keyword file is made of. */
import { type ByteList, byteList } from '../segment/byte-list.ts'

/** Says that the bytes are not what they should be; throws. */
export type Refuse = (expected: string, found: string) => never

/** Appends a whole number from 0 as LEB128: seven bits a byte, the lowest first. */
export function putVarint(list: ByteList, value: number): void {
  let rest = value
  while (rest > 127) {
    list.push((rest % 128) | 128)
    rest = Math.floor(rest / 128)
  }
  list.push(rest)
}

export function putVarints(list: ByteList, values: ArrayLike<number>): void {
  for (let i = 0; i < values.length; i++) putVarint(list, values[i]!)
}

/** Appends 64-bit floating-point numbers. */
export function putFloats(list: ByteList, values: readonly number[]): void {
  const view = new DataView(new ArrayBuffer(8 * values.length))
  for (const [i, value] of values.entries()) view.setFloat64(8 * i, value, true)
  list.append(new Uint8Array(view.buffer))
}

/** Appends a text in UTF-8 behind its length in bytes. */
export function putText(list: ByteList, text: string): void {
  const bytes = new TextEncoder().encode(text)
  putVarint(list, bytes.length)
  list.append(bytes)
}

/**
 * Appends words: how many, what each shares with the one before it (in UTF-16 units), and the rest of all of
 * them, one a line.
 *
 * @param words sorted by code unit, distinct, none of them with a line break
 */
export function putWords(list: ByteList, words: readonly string[]): void {
  const shared = words.map((word, i) => sharedLength(words[i - 1] ?? '', word))
  putVarint(list, words.length)
  putVarints(list, shared)
  putText(list, words.map((word, i) => word.slice(shared[i])).join('\n'))
}

function sharedLength(a: string, b: string): number {
  let length = 0
  while (length < a.length && a[length] === b[length]) length++
  // Half a surrogate pair cannot be written as UTF-8.
  return /[\uD800-\uDBFF]/.test(b[length - 1] ?? '') ? length - 1 : length
}

/** Bytes of {@link putVarint} for a value. */
export function varintBytes(value: number): number {
  let bytes = 1
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) bytes++
  return bytes
}

export interface ByteReader {
  varint(): number
  /** `count` of them; refused when the bytes left cannot hold so many. */
  varints(count: number): Uint32Array
  floats(count: number): number[]
  bytes(length: number): Uint8Array
  text(): string
  words(): string[]
  /** Refuses bytes that are left over. */
  end(): void
}

export function byteReader(bytes: Uint8Array, refuse: Refuse): ByteReader {
  let at = 0
  const require = (length: number) => {
    if (length > bytes.length - at) refuse(`${length} more bytes`, `${bytes.length - at}`)
  }
  const reader: ByteReader = {
    varint() {
      let value = 0
      for (let scale = 1; scale <= 2 ** 28; scale *= 128) {
        if (at >= bytes.length) refuse('a number', 'the end')
        const byte = bytes[at++]!
        value += (byte & 127) * scale
        if (byte < 128 && value <= 0xffff_ffff) return value
      }
      return refuse('a number below 2^32', 'a larger one')
    },
    varints(count) {
      require(count)
      const values = new Uint32Array(count)
      for (let i = 0; i < count; i++) values[i] = reader.varint()
      return values
    },
    floats(count) {
      const view = new DataView(reader.bytes(8 * count).slice().buffer)
      return Array.from({ length: count }, (_, i) => view.getFloat64(8 * i, true))
    },
    bytes(length) {
      require(length)
      at += length
      return bytes.subarray(at - length, at)
    },
    text: () => new TextDecoder().decode(reader.bytes(reader.varint())),
    words() {
      const shared = reader.varints(reader.varint())
      const text = reader.text()
      const rests = shared.length === 0 ? [] : text.split('\n')
      if (rests.length !== shared.length) refuse(`${shared.length} words`, `${rests.length}`)
      let previous = ''
      return rests.map((rest, i) => {
        const word = previous.slice(0, shared[i]) + rest
        if (i > 0 && word <= previous) refuse('words in order', `"${word}" after "${previous}"`)
        return (previous = word)
      })
    },
    end() {
      if (at !== bytes.length) refuse('nothing more', `${bytes.length - at} bytes`)
    },
  }
  return reader
}

/** Bytes of whatever `put` appends. */
export function bytesOf(put: (list: ByteList) => void): Uint8Array {
  const list = byteList()
  put(list)
  return list.bytes()
}
