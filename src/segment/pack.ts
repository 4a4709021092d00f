/** Raw DEFLATE with fixed options: the same bytes on every machine. Apart from `unpack`, so that readers load no packer. */
import { deflateSync } from 'fflate'

export function pack(raw: Uint8Array): Uint8Array {
  return deflateSync(raw, { level: 9, mem: 8 })
}
