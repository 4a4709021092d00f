/** Unpacks what `pack` made: never more output than declared. */
import { inflateSync } from 'fflate'
import { corrupt } from './layout.ts'

/** DEFLATE cannot grow data more than this: a match of 258 bytes costs at least two bits. */
const MAX_RATIO = 1032

/**
 * @param rawBytes  declared length of the result; anything else is refused, and no more is ever held
 * @param name      of the file, for messages
 */
export function unpack(packed: Uint8Array, rawBytes: number, name: string): Uint8Array {
  if (rawBytes > packed.length * MAX_RATIO + 64) {
    throw corrupt(name, `at most ${MAX_RATIO} raw bytes per packed byte`, `${rawBytes} from ${packed.length}`)
  }
  let raw: Uint8Array
  try {
    // What does not fit is dropped without a word: one byte more than declared tells.
    raw = inflateSync(packed, { out: new Uint8Array(rawBytes + 1) })
  } catch (error) {
    throw corrupt(name, `compressed data of ${rawBytes} bytes`, String(error))
  }
  if (raw.length === rawBytes) return raw
  throw corrupt(name, `${rawBytes} bytes unpacked`, `${raw.length}`)
}
