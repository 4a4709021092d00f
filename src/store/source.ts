/** What all byte sources have in common: bounds, and verification against a manifest. */
import { isLateenError, LateenError } from '../errors.ts'
import type { FileReference, StoredFile } from '../segment/manifest.ts'
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
 * Reads a range and checks it. What turns out damaged is brought anew from its origin, once: a copy that
 * a cache or a local store spoiled does not stay broken for ever.
 *
 * @param check returns what the bytes say; fails with `segment-corrupt` when they are damaged
 */
export async function readChecked<T>(
  source: ByteSource,
  offset: number,
  length: number,
  check: (bytes: Uint8Array) => T | Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  return withRefresh(source, offset, length, async () => check(await source.read(offset, length, signal)))
}

/** Runs `attempt`, and when it finds a range damaged, once more after that has come anew. */
async function withRefresh<T>(
  source: ByteSource,
  offset: number,
  length: number,
  attempt: () => Promise<T>,
): Promise<T> {
  try {
    return await attempt()
  } catch (error) {
    if (!source.refresh || !isLateenError(error, 'segment-corrupt')) throw error
    // Where no better copy can be had, what is wrong with this one is still the news.
    await source.refresh(offset, length).catch(() => Promise.reject(error))
    return attempt()
  }
}

/**
 * Reads a whole file in pieces and compares length and SHA-256 with what the manifest says.
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
  await withRefresh(source, 0, byteLength, async () => {
    const hash = sha256Stream()
    for (let offset = 0; offset < byteLength; offset += VERIFY_BYTES) {
      throwIfAborted(signal)
      hash.update(await source.read(offset, Math.min(VERIFY_BYTES, byteLength - offset), signal))
    }
    const found = hash.hex()
    if (found !== reference.sha256) throw differs(reference, `SHA-256 ${reference.sha256}`, found)
  })
}

/** The error for a file or part that is not what its manifest says. */
export function differs({ file }: StoredFile, expected: string, found: string): LateenError {
  return new LateenError(
    'segment-corrupt',
    `${file} is not the file the manifest names: expected ${expected}, found ${found}. Load it again; if that does not help, build the index again.`,
  )
}
