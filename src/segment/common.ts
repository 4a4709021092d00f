/** What opening both files of a segment has in common. */
import { LateenError } from '../errors.ts'
import { readChecked } from '../store/source.ts'
import type { ByteSource } from '../store/store.ts'
import { corrupt, HEADER_BYTES } from './layout.ts'
import type { Manifest } from './manifest.ts'

/** The part of a manifest a segment is checked against. */
export type SegmentContext = Pick<Manifest, 'model' | 'codec'>

export function readHeader<H>(
  source: ByteSource,
  decode: (bytes: Uint8Array) => H,
  signal: AbortSignal | undefined,
): Promise<H> {
  return readChecked(source, 0, Math.min(HEADER_BYTES, source.byteLength), decode, signal)
}

/** Fails with `bad-argument` unless [start, start + length) lies within `limit`. */
export function assertRange(name: string, what: string, start: number, length: number, limit: number): void {
  if (
    Number.isSafeInteger(start) &&
    Number.isSafeInteger(length) &&
    start >= 0 &&
    length >= 0 &&
    start + length <= limit
  )
    return
  throw new LateenError(
    'bad-argument',
    `${name} has ${limit} ${what}: expected a range within them, found ${start} to ${start + length}.`,
  )
}

/** Fails with `segment-corrupt` unless a file says what the manifest says. */
export function expectEqual(name: string, what: string, expected: unknown, found: unknown): void {
  if (expected !== found) throw corrupt(name, `${expected} as ${what}`, `${found}`)
}
