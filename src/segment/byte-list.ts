/** Bytes that grow at the end. Capacity doubles, so that appending costs constant time per byte. */
export interface ByteList {
  readonly length: number
  append(bytes: Uint8Array): void
  push(byte: number): void
  /** Sets bits of the last byte. */
  orLast(bits: number): void
  /** All bytes, as a view that is valid until the next change. */
  bytes(): Uint8Array
}

export function byteList(): ByteList {
  let buffer = new Uint8Array(256)
  let length = 0
  const reserve = (more: number) => {
    if (length + more <= buffer.length) return
    const larger = new Uint8Array(Math.max(buffer.length * 2, length + more))
    larger.set(buffer.subarray(0, length))
    buffer = larger
  }
  return {
    get length() {
      return length
    },
    append(bytes) {
      reserve(bytes.length)
      buffer.set(bytes, length)
      length += bytes.length
    },
    push(byte) {
      reserve(1)
      buffer[length++] = byte
    },
    orLast(bits) {
      buffer[length - 1]! |= bits
    },
    bytes: () => buffer.subarray(0, length),
  }
}
