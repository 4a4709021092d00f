/** The name git gives to the content of a file, which is what a Hub knows of its small files. */
import { sha1 } from '@noble/hashes/legacy.js'
import { bytesToHex } from '@noble/hashes/utils.js'

/** SHA-1 over `blob <length>\0` and the bytes, as `git hash-object` computes it. 40 hex digits. */
export function gitBlobHex(bytes: Uint8Array): string {
  return bytesToHex(
    sha1
      .create()
      .update(new TextEncoder().encode(`blob ${bytes.length}\0`))
      .update(bytes)
      .digest(),
  )
}
