/** What all byte sources have in common: bounds, and verification against a manifest. */
import { LateenError } from '../errors.ts'
import type { FileReference } from '../segment/manifest.ts'
import { throwIfAborted } from '../util/abort.ts'
import { sha256Stream } from '../util/hash.ts'
import type { ByteSource } from './store.ts'

const VERIFY_BYTES = 4 * 1024 * 1024

/** A file held in memory. What is read is a copy: it may be changed or transferred. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return {
    byteLength: bytes.length,
    async read(offset, length, signal) {
      throwIfAborted(signal)
      assertInside(bytes.length, offset, length)
      return bytes.slice(offset, offset + length)
    },
  }
}

/** Fails with `segment-corrupt` unless [offset, offset + length) lies within a file. */
export function assertInside(byteLength: number, offset: number, length: number): void {
  const whole = Number.isSafeInteger(offset) && Number.isSafeInteger(length)
  if (whole && offset >= 0 && length >= 0 && offset + length <= byteLength) return
  throw new LateenError(
    'segment-corrupt',
    `Expected a range within the ${byteLength} bytes of the file, found ${offset} to ${offset + length}. The file or the manifest is damaged: load the index again.`,
  )
}

/**
 * Reads a whole file in parts and compares length and SHA-256 with what the manifest says.
 *
 * @throws LateenError `segment-corrupt`, `aborted`, and what `source` throws
 */
export async function verifySource(
  source: ByteSource,
  reference: FileReference,
  signal?: AbortSignal,
): Promise<void> {
  const { byteLength } = source
  if (byteLength !== reference.bytes) throw differs(reference, `${reference.bytes} bytes`, `${byteLength}`)
  const hash = sha256Stream()
  for (let offset = 0; offset < byteLength; offset += VERIFY_BYTES) {
    throwIfAborted(signal)
    hash.update(await source.read(offset, Math.min(VERIFY_BYTES, byteLength - offset), signal))
  }
  const found = hash.hex()
  if (found !== reference.sha256) throw differs(reference, `SHA-256 ${reference.sha256}`, found)
}

function differs({ file }: FileReference, expected: string, found: string): LateenError {
  return new LateenError(
    'segment-corrupt',
    `${file} is not the file the manifest names: expected ${expected}, found ${found}. Load it again; if that does not help, build the index again.`,
  )
}
