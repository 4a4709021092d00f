/** Files in parts on any store: which parts a read touches, and how they make one answer. */
import { type StoredFile, storedFiles } from '../segment/manifest.ts'
import { throwIfAborted } from '../util/abort.ts'
import { shared } from './shared.ts'
import { assertInside, differs } from './source.ts'
import type { ByteSource, OpenableFile } from './store.ts'

export type OpenStored = (stored: StoredFile, signal?: AbortSignal) => Promise<ByteSource>

/**
 * Opens a file where `openStored` opens what is stored of it. A part is opened by the first read that
 * touches it, once; a failure is forgotten.
 *
 * @throws LateenError what `openStored` throws; for parts a read does, and `segment-corrupt` for one of another length
 */
export async function openParts(
  file: OpenableFile,
  openStored: OpenStored,
  signal?: AbortSignal,
): Promise<ByteSource> {
  if (!file.parts) return openStored(file, signal)
  let end = 0
  const parts = storedFiles(file).map((stored) => {
    const open = shared(async (all) => {
      const source = await openStored(stored, all)
      if (source.byteLength === stored.bytes) return source
      throw differs(stored, `${stored.bytes} bytes`, `${source.byteLength}`)
    })
    return { open, start: end, end: (end += stored.bytes) }
  })
  const touched = (offset: number, length: number) => {
    assertInside(file.bytes, offset, length)
    return parts.filter(({ start, end }) => start < offset + length && end > offset)
  }
  return {
    byteLength: file.bytes,
    async read(offset, length, signal) {
      throwIfAborted(signal)
      const wanted = touched(offset, length)
      const bytes = new Uint8Array(length)
      await Promise.all(
        wanted.map(async ({ open, start, end }) => {
          const from = Math.max(start, offset)
          const source = await open(signal)
          const piece = await source.read(from - start, Math.min(end, offset + length) - from, signal)
          bytes.set(piece, from - offset)
        }),
      )
      return bytes
    },
    async refresh(offset, length) {
      await Promise.all(
        touched(offset, length).map(async ({ open }) => {
          const source = await open()
          await source.refresh?.(0, source.byteLength)
        }),
      )
    },
  }
}
