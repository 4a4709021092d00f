/** Files of a prebuilt index, each kept on this device once it was read. */
import { type ErrorCode, isLateenError, type LateenError } from '../errors.ts'
import type { StoredFile } from '../segment/manifest.ts'
import { throwIfAborted } from '../util/abort.ts'
import { type OpenStored, openParts } from './open-parts.ts'
import { shared } from './shared.ts'
import { bytesSource, readChecked, verifySource } from './source.ts'
import type { ByteSource, IndexStore, OpenableFile, WritableStore } from './store.ts'

/** Any of these leaves the base usable. */
export const LOCAL_FAILURES: readonly ErrorCode[] = [
  'storage-full',
  'storage-unavailable',
  'index-invalid',
  'index-version',
]
/** Requests at a time while everything is brought here: what a browser opens to one host. */
const REQUESTS = 6
/** What is larger than this is read from where it was kept, not from memory. */
const SMALL_BYTES = 1024 * 1024

export interface KeptCopiesOptions {
  readonly base: IndexStore
  readonly local: WritableStore
  /** Files and parts up to this size are kept. */
  readonly keepBytes: number
  readonly onStorageError: (error: LateenError) => void
}

export interface KeptCopies {
  /** Opens what is here from here, the rest from the base, and keeps it. */
  open(file: OpenableFile, signal?: AbortSignal): Promise<ByteSource>
  /** Brings all of these here, however large. Fails with what the base or the local store fails with. */
  keep(
    files: readonly StoredFile[],
    signal?: AbortSignal,
    onBytes?: (done: number, total: number) => void,
  ): Promise<void>
  /** Waits for what is being written. Nothing more is kept. */
  close(): Promise<void>
}

interface Fetched {
  readonly bytes: Uint8Array
  /** Resolves once it is stored, or with why that failed. */
  readonly notKept: Promise<LateenError | undefined>
}

export function keptCopies({ base, local, keepBytes, onStorageError }: KeptCopiesOptions): KeptCopies {
  const fetching = new Map<string, (signal?: AbortSignal) => Promise<Fetched>>()
  const writing = new Set<Promise<unknown>>()
  let closed = false

  /** Undefined when it is not here, or not with the length it has in the current edition of the base. */
  const openKept = async (stored: StoredFile, signal?: AbortSignal): Promise<ByteSource | undefined> => {
    try {
      const source = await local.open(stored, signal)
      return source.byteLength === stored.bytes ? source : undefined
    } catch (error) {
      if (isOneOf(LOCAL_FAILURES, error)) onStorageError(error)
      else if (!isLateenError(error, 'segment-missing')) throw error
      return undefined
    }
  }

  const openStored: OpenStored = async (stored, signal) => {
    const kept = await openKept(stored, signal)
    if (!kept && stored.bytes > keepBytes) return base.open(stored, signal)
    let source = kept ?? (await openFetched(stored, await fetchOnce(stored, signal)))
    return {
      byteLength: source.byteLength,
      read: (offset, length, signal) => source.read(offset, length, signal),
      async refresh() {
        source = await openFetched(stored, await fetchAndKeep(stored, { anew: true }))
      },
    }
  }

  /** What is small is wanted at once; of what is large, the kept copy is used so that this one can go. */
  const openFetched = async (stored: StoredFile, { bytes, notKept }: Fetched): Promise<ByteSource> =>
    bytes.length <= SMALL_BYTES || (await notKept) ? bytesSource(bytes) : local.open(stored)

  /** Callers at the same time share one transfer. */
  const fetchOnce = (stored: StoredFile, signal?: AbortSignal): Promise<Fetched> => {
    const get = fetching.get(stored.file) ?? shared((all) => fetchAndKeep(stored, { signal: all }))
    fetching.set(stored.file, get)
    return get(signal).finally(() => fetching.delete(stored.file))
  }

  const fetchAndKeep = async (
    stored: StoredFile,
    { signal, anew = false }: { signal?: AbortSignal; anew?: boolean },
  ): Promise<Fetched> => {
    const source = await base.open(stored, signal)
    if (anew) await source.refresh?.(0, stored.bytes)
    const bytes = await readChecked(source, 0, stored.bytes, (bytes) => verify(stored, bytes), signal)
    const notKept = keepBytesOf(stored, bytes)
    writing.add(notKept)
    void notKept.finally(() => writing.delete(notKept))
    return { bytes, notKept }
  }

  const keepBytesOf = async ({ file }: StoredFile, bytes: Uint8Array): Promise<LateenError | undefined> => {
    try {
      if (!closed) await local.stage(file, bytes)
      return undefined
    } catch (error) {
      if (!isOneOf(LOCAL_FAILURES, error)) throw error
      onStorageError(error)
      return error
    }
  }

  return {
    async open(file, signal) {
      throwIfAborted(signal)
      return openParts(file, openStored, signal)
    },
    async keep(files, signal, onBytes) {
      const waiting = [...files]
      const total = files.reduce((sum, { bytes }) => sum + bytes, 0)
      let done = 0
      const keepNext = async () => {
        for (let stored = waiting.shift(); stored; stored = waiting.shift()) {
          throwIfAborted(signal)
          if (!(await openKept(stored, signal))) {
            const notKept = await (await fetchOnce(stored, signal)).notKept
            if (notKept) throw notKept
          }
          done += stored.bytes
          onBytes?.(done, total)
        }
      }
      try {
        await Promise.all(Array.from({ length: REQUESTS }, keepNext))
      } finally {
        // What failed once is not tried for the rest.
        waiting.length = 0
      }
    },
    async close() {
      closed = true
      await Promise.allSettled(writing)
    },
  }
}

export function isOneOf(codes: readonly ErrorCode[], error: unknown): error is LateenError {
  return codes.some((code) => isLateenError(error, code))
}

/** Of a part only the length is known, and the source has checked that; its content has checksums inside. */
async function verify({ file, bytes: length, sha256 }: StoredFile, bytes: Uint8Array): Promise<Uint8Array> {
  if (sha256 !== undefined) await verifySource(bytesSource(bytes), { file, bytes: length, sha256 })
  return bytes
}
