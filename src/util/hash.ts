import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'

/** SHA-256 of bytes as 64 lower-case hex digits. Works without a secure context, unlike Web Crypto. */
export function sha256Hex(bytes: Uint8Array): string {
  return bytesToHex(sha256(bytes))
}

/** The same for large files: where the platform computes it itself, in secure contexts, several times as fast. */
export async function sha256HexOfFile(bytes: Uint8Array): Promise<string> {
  const { subtle } = crypto
  return subtle ? bytesToHex(new Uint8Array(await subtle.digest('SHA-256', bytes))) : sha256Hex(bytes)
}

/** The first four bytes of SHA-256 as 8 lower-case hex digits: against damage, not against forgery. */
export function checksumHex(bytes: Uint8Array): string {
  return sha256Hex(bytes).slice(0, 8)
}

/** Incremental SHA-256 for bytes that arrive in parts. */
export function sha256Stream(): { update(bytes: Uint8Array): void; hex(): string } {
  const hash = sha256.create()
  return {
    update: (bytes) => {
      hash.update(bytes)
    },
    hex: () => bytesToHex(hash.digest()),
  }
}
