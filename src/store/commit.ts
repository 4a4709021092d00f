/** The rules of a commit that every store keeps. */
import { LateenError } from '../errors.ts'
import { filesOfSegment, type Manifest, storedFiles, storedFilesOf } from '../segment/manifest.ts'

/** Fails with `bad-argument` when a commit contradicts itself, whatever is stored. */
export function assertCommit(
  manifest: Manifest,
  files: ReadonlyMap<string, Uint8Array>,
  expectedRevision: number,
): void {
  if (manifest.revision !== expectedRevision + 1) {
    throw new LateenError(
      'bad-argument',
      `Expected a manifest of revision ${expectedRevision + 1}, one more than the one it is based on, found ${manifest.revision}.`,
    )
  }
  const named = new Map(storedFilesOf(manifest).map(({ file, bytes }) => [file, bytes]))
  for (const [file, { length }] of files) {
    const bytes = named.get(file)
    if (bytes === length) continue
    const expected = bytes === undefined ? 'only files that the manifest names' : `${bytes} bytes`
    throw new LateenError('bad-argument', `Expected ${expected}, found ${file} of ${length} bytes.`)
  }
}

/** Fails with `index-conflict` unless the stored revision is the one the change is based on. */
export function assertRevision(current: Manifest | undefined, expectedRevision: number): void {
  const revision = current?.revision ?? 0
  if (revision === expectedRevision) return
  throw new LateenError(
    'index-conflict',
    `The index was changed in the meantime: expected revision ${expectedRevision}, found ${revision}. Read it again and repeat the change.`,
  )
}

/** Fails with `segment-missing` unless every file is there that the base of a local copy does not have. */
export function assertPresent(manifest: Manifest, isPresent: (file: string) => boolean): void {
  for (const file of ownFiles(manifest)) {
    if (isPresent(file)) continue
    throw new LateenError(
      'segment-missing',
      `The manifest names ${file}, which is neither stored nor part of this commit. Hand it in with the manifest.`,
    )
  }
}

/** The error for a file that is not in a store. */
export function missingFile(file: string): LateenError {
  return new LateenError(
    'segment-missing',
    `${file} is not there. The index was changed or cleared in the meantime, or deployed only in part: read its manifest again (reload the page); if that does not help, deploy the whole index again.`,
  )
}

/** The error for any use after `close()`. */
export function closedStore(): LateenError {
  return new LateenError('closed', 'The store is closed. Open a new one.')
}

/** Files that only this store can have: all but those of base segments and, above a base, the codec. */
function ownFiles({ base, codec, segments }: Manifest): string[] {
  const own = segments.slice(base?.segments ?? 0).flatMap(filesOfSegment)
  return [...(base || !codec.file ? [] : [codec.file]), ...own].flatMap(storedFiles).map(({ file }) => file)
}
