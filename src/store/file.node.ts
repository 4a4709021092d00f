/** An index in a folder. */
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { LateenError } from '../errors.ts'
import {
  isFileName,
  type Manifest,
  parseManifest,
  serializeManifest,
  storedFilesOf,
} from '../segment/manifest.ts'
import { throwIfAborted } from '../util/abort.ts'
import { assertCommit, assertPresent, assertRevision, closedStore, missingFile } from './commit.ts'
import { guard } from './guard.ts'
import { type OpenStored, openParts } from './open-parts.ts'
import { assertInside } from './source.ts'
import type { ByteSource, WritableStore } from './store.ts'

const MANIFEST = 'manifest.json'
const LOCK = 'commit.lock'
const LOCK_RETRY_MS = 20
const guarded = guard(asStorageError)

export interface FileStoreOptions {
  /** How long to wait for another process that is writing, in milliseconds. @default 10,000 */
  readonly lockTimeoutMs?: number
}

/**
 * The folder is made by the first commit. Every file is written under a temporary name and renamed,
 * the manifest last, so that a reader never sees half of anything.
 *
 * @throws LateenError `storage-full`, `storage-unavailable` beside what {@link WritableStore} says
 */
export function fileStore(directory: string, options: FileStoreOptions = {}): WritableStore {
  const { lockTimeoutMs = 10_000 } = options
  let closed = false
  const assertOpen = () => {
    if (closed) throw closedStore()
  }
  const path = (name: string) => join(directory, name)

  const readManifest = async (): Promise<Manifest | undefined> => {
    const bytes = await readFile(path(MANIFEST)).catch(unlessMissing)
    return bytes && parseManifest(bytes)
  }
  const openStored: OpenStored = async ({ file }) => {
    const found = isFileName(file) ? await stat(path(file)).catch(unlessMissing) : undefined
    if (!found) throw missingFile(file)
    return fileSource(path(file), file, found.size)
  }
  const replace = async (name: string, content: Uint8Array | string) => {
    await writeFile(path(`${name}.tmp`), content)
    await rename(path(`${name}.tmp`), path(name))
  }
  const locked = async (run: () => Promise<void>) => {
    assertOpen()
    await mkdir(directory, { recursive: true })
    await acquireLock(path(LOCK), lockTimeoutMs)
    try {
      await run()
    } finally {
      await rm(path(LOCK), { force: true })
    }
  }

  /** Removes only what this library made: the folder may be shared with a site. */
  const removeFiles = async (present: Iterable<string>, named: ReadonlySet<string>) => {
    for (const name of present) {
      if (isFileName(name.replace(/\.tmp$/, '')) && !named.has(name)) await rm(path(name), { force: true })
    }
  }

  return {
    kind: 'file',
    writable: true,
    readManifest: guarded(async (signal) => {
      assertOpen()
      throwIfAborted(signal)
      return readManifest()
    }),
    open: guarded(async (file, signal) => {
      assertOpen()
      throwIfAborted(signal)
      return openParts(file, openStored, signal)
    }),
    has: guarded(async (file) => {
      assertOpen()
      return isFileName(file) && (await stat(path(file)).catch(unlessMissing)) !== undefined
    }),
    stage: guarded((file, bytes) => locked(() => replace(file, bytes))),
    commit: guarded((next, added, expectedRevision) => {
      assertCommit(next, added, expectedRevision)
      const text = serializeManifest(next)
      return locked(async () => {
        assertRevision(await readManifest(), expectedRevision)
        const present = new Set(await readdir(directory))
        assertPresent(next, (file) => added.has(file) || present.has(file))
        for (const [file, bytes] of added) await replace(file, bytes)
        await replace(MANIFEST, text)
        await removeFiles(present, new Set(storedFilesOf(next).map(({ file }) => file)))
      })
    }),
    keepAll: guarded(async (signal) => {
      assertOpen()
      throwIfAborted(signal)
    }),
    clear: guarded(() =>
      locked(async () => {
        await rm(path(MANIFEST), { force: true })
        await removeFiles(await readdir(directory), new Set())
      }),
    ),
    async close() {
      closed = true
    },
  }
}

/** Opens the file for every read, so that no handle outlives a file that a later commit removed. */
function fileSource(path: string, name: string, byteLength: number): ByteSource {
  return {
    byteLength,
    read: guarded(async (offset, length, signal) => {
      throwIfAborted(signal)
      assertInside(byteLength, offset, length)
      const handle = await open(path).catch(unlessMissing)
      if (!handle) throw missingFile(name)
      try {
        const bytes = new Uint8Array(length)
        let done = 0
        while (done < length) {
          const { bytesRead } = await handle.read(bytes, done, length - done, offset + done)
          if (bytesRead === 0) {
            throw new LateenError(
              'segment-corrupt',
              `${name} became shorter: expected ${byteLength} bytes, found ${offset + done}.`,
            )
          }
          done += bytesRead
        }
        return bytes
      } finally {
        await handle.close()
      }
    }),
  }
}

/** Takes a lock file, waiting for a living process and ignoring a dead one. */
async function acquireLock(path: string, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    try {
      await writeFile(path, String(process.pid), { flag: 'wx' })
      return
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
    }
    const owner = Number((await readFile(path, 'utf8').catch(unlessMissing)) ?? process.pid)
    if (owner > 0 && !isAlive(owner)) await rm(path, { force: true })
    else if (performance.now() < deadline) await setTimeout(LOCK_RETRY_MS)
    else {
      throw new LateenError(
        'index-conflict',
        `Process ${owner} has been writing to this index for ${timeoutMs} ms. Wait for it; if there is no such process, delete ${path}.`,
      )
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}

function asStorageError(error: unknown): unknown {
  const code = codeOf(error)
  if (error instanceof LateenError || code === undefined) return error
  const full = code === 'ENOSPC' || code === 'EDQUOT'
  return new LateenError(
    full ? 'storage-full' : 'storage-unavailable',
    full
      ? `There is no room for the index: ${String(error)}. What was stored before is intact; make room and try again.`
      : `The folder of the index cannot be used: ${String(error)}. Check its path and its permissions.`,
    { cause: error },
  )
}

function unlessMissing(error: unknown): undefined {
  const code = codeOf(error)
  if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
  throw error
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
