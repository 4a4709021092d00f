/** Raw DEFLATE with fixed options: the same bytes on every machine, and never more output than declared. */
import { deflateSync, inflateSync } from 'fflate'
import { corrupt } from './layout.ts'

/** DEFLATE cannot grow data more than this: a match of 258 bytes costs at least two bits. */
const MAX_RATIO = 1032

export function pack(raw: Uint8Array): Uint8Array {
  return deflateSync(raw, { level: 9, mem: 8 })
}

/**
 * @param rawBytes  declared length of the result; anything else is refused, and no more is ever held
 * @param name      of the file, for messages
 */
export function unpack(packed: Uint8Array, rawBytes: number, name: string): Uint8Array {
  if (rawBytes > packed.length * MAX_RATIO + 64) {
    throw corrupt(name, `at most ${MAX_RATIO} raw bytes per packed byte`, `${rawBytes} from ${packed.length}`)
  }
  // One byte more than declared: output that is too long then shows in the length of the result.
  const out = new Uint8Array(rawBytes + 1)
  let raw: Uint8Array
  try {
    raw = inflateSync(packed, { out })
  } catch (error) {
    throw corrupt(name, 'compressed data', error instanceof Error ? error.message : String(error))
  }
  if (raw.length !== rawBytes) throw corrupt(name, `${rawBytes} bytes after inflating`, `${raw.length}`)
  return out.subarray(0, rawBytes)
}
