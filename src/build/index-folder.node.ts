/** Folders with and without an index. */
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { LateenError } from '../errors.ts'
import { isFileName, parseManifest } from '../segment/manifest.ts'

/** Beside an index with its own browser runtime: names what that consists of. */
export const RUNTIME_LISTING = 'runtime.json'
const OUR_NAMES = new Set(['manifest.json', 'commit.lock', RUNTIME_LISTING])

/**
 * Makes sure that writing an index to `folder` loses nothing but an index: it must be missing, empty,
 * or hold an index. An index that this version cannot read is removed.
 *
 * @throws LateenError `bad-argument`
 */
export async function assertReplaceable(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return []
    throw new LateenError('bad-argument', `Expected ${folder} to be a folder: ${error.message}.`, {
      cause: error,
    })
  })
  // What an interrupted first write leaves has no manifest yet.
  if (!names.includes('manifest.json') && (names.every(isOurName) || names.includes(RUNTIME_LISTING))) return
  const manifest = await readFile(join(folder, 'manifest.json'), 'utf8').catch(() => '')
  if (!isOurs(manifest)) {
    throw new LateenError(
      'bad-argument',
      `Expected ${folder} to be empty or to hold an index, found other files and no manifest of an index. Choose another folder.`,
    )
  }
  try {
    parseManifest(manifest)
  } catch {
    // Of another version: it is about to be replaced, and a store would refuse to.
    for (const name of names) if (isOurName(name)) await rm(join(folder, name))
  }
}

/** The error for a folder without an index. */
export function noIndex(folder: string): LateenError {
  return new LateenError(
    'index-not-found',
    `Expected an index in ${folder}, found no manifest.json there. Write one with: lateen index <documents> --out ${folder}`,
  )
}

function isOurName(name: string): boolean {
  return OUR_NAMES.has(name) || isFileName(name.replace(/\.tmp$/, ''))
}

function isOurs(manifest: string): boolean {
  try {
    return (JSON.parse(manifest) as { format?: unknown } | null)?.format === 'lateen-index'
  } catch {
    return false
  }
}
