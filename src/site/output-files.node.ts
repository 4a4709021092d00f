/** Files that stand beside an index: written when they differ, listed, and removed when no longer wanted. */
import { mkdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { RUNTIME_LISTING } from '../build/index-folder.node.ts'
import { throwIfAborted } from '../util/abort.ts'
import { VERSION } from '../version.ts'

/** Written first, so that half a build is known as ours. */
interface Listing {
  readonly format: 'lateen-runtime'
  readonly version: string
  /** Paths with `/`, in order. */
  readonly files: readonly string[]
}

/** A file to be: its path with `/`, and its content. */
export interface OutputFile {
  readonly path: string
  readonly bytes: Uint8Array
}

/** Files that are there as they should be are not touched. */
export async function writeOutput(
  folder: string,
  files: readonly OutputFile[],
  signal?: AbortSignal,
): Promise<void> {
  const before = (await readListing(folder)) ?? []
  const paths = files.map(({ path }) => path).sort()
  // Until the end both count: a build that is cut off leaves nothing that nobody removes.
  await writeListing(folder, [...new Set([...before, ...paths])].sort())
  for (const { path, bytes } of files) {
    throwIfAborted(signal)
    await writeFileIfChanged(join(folder, path), bytes)
  }
  const wanted = new Set(paths)
  for (const path of before) if (!wanted.has(path)) await removeFile(folder, path)
  await writeListing(folder, paths)
}

/** The paths a folder's listing names; undefined when it has none of ours. Paths out of the folder are nobody's. */
export async function readListing(folder: string): Promise<readonly string[] | undefined> {
  try {
    const { format, files } = JSON.parse(await readFile(join(folder, RUNTIME_LISTING), 'utf8')) as Listing
    if (format !== 'lateen-runtime') return undefined
    return files.filter((path) => /^[^/\\:]+(\/[^/\\:]+)*$/.test(path) && !path.split('/').includes('..'))
  } catch {
    return undefined
  }
}

async function writeListing(folder: string, files: readonly string[]): Promise<void> {
  const listing: Listing = { format: 'lateen-runtime', version: VERSION, files }
  await writeFileIfChanged(
    join(folder, RUNTIME_LISTING),
    Buffer.from(`${JSON.stringify(listing, undefined, 1)}\n`),
  )
}

async function writeFileIfChanged(path: string, bytes: Uint8Array): Promise<void> {
  const stored = await readFile(path).catch(() => undefined)
  if (stored?.equals(bytes)) return
  await mkdir(dirname(path), { recursive: true })
  await writeFile(`${path}.tmp`, bytes)
  await rename(`${path}.tmp`, path)
}

async function removeFile(folder: string, path: string): Promise<void> {
  await rm(join(folder, path), { force: true })
  for (let parent = dirname(path); parent !== '.'; parent = dirname(parent)) {
    const isRemoved = await rmdir(join(folder, parent)).then(
      () => true,
      () => false,
    )
    // A folder with other files in it stays.
    if (!isRemoved) return
  }
}
