/** An index in the browser's own storage, shared by all tabs and workers of an origin. */
import { type DBSchema, type IDBPDatabase, type IDBPTransaction, openDB } from 'idb'
import { LateenError } from '../errors.ts'
import { type Manifest, parseManifest, serializeManifest, storedFilesOf } from '../segment/manifest.ts'
import { abortable, throwIfAborted } from '../util/abort.ts'
import { once } from '../util/once.ts'
import { assertCommit, assertPresent, assertRevision, closedStore, missingFile } from './commit.ts'
import { guard } from './guard.ts'
import { type OpenStored, openParts } from './open-parts.ts'
import { assertInside } from './source.ts'
import type { ByteSource, WritableStore } from './store.ts'

const DATABASE_VERSION = 1
const PIECE_BYTES = 4 * 1024 * 1024
/** Text is read a block at a time: a smaller piece makes that cheaper. */
const TEXT_PIECE_BYTES = 256 * 1024
/** All of it can be built or loaded again, so losing the last seconds to a power cut is fine. */
const WRITE = { durability: 'relaxed' } as const
const guarded = guard(asStorageError)

interface Schema extends DBSchema {
  /** Canonical text of the manifest. */
  manifest: { key: 'manifest'; value: string }
  /** A file without an entry here does not exist. */
  files: { key: string; value: { readonly bytes: number; readonly pieceBytes: number } }
  pieces: { key: [file: string, piece: number]; value: Uint8Array }
}

export interface IndexedDbStoreOptions {
  /** Called with the new revision when another store of this name, in any tab or worker, has committed; 0 when it was cleared. */
  readonly onChange?: (revision: number) => void
  /** How long to wait for the database, in milliseconds: another tab can hold it. @default 5,000 */
  readonly openTimeoutMs?: number
}

/**
 * @param name of the index within the origin
 * @throws LateenError `storage-unavailable` where IndexedDB is missing, forbidden or held by another tab,
 *         `storage-full`, beside what {@link WritableStore} says
 */
export function indexedDbStore(name: string, options: IndexedDbStoreOptions = {}): WritableStore {
  const database = `lateen:${name}`
  let closed = false
  const connection = once(() =>
    openDatabase(database, options.openTimeoutMs ?? 5000, () => connection.reset()),
  )
  const connect = () => {
    if (closed) throw closedStore()
    return connection()
  }
  const channel = new BroadcastChannel(database)
  channel.onmessage = ({ data }) => {
    if (!closed && Number.isSafeInteger(data)) options.onChange?.(data)
  }

  const stage = async (file: string, bytes: Uint8Array) => {
    const db = await connect()
    const pieceBytes = file.endsWith('.text') ? TEXT_PIECE_BYTES : PIECE_BYTES
    // One transaction: all of the file is there, or none of it.
    const tx = db.transaction(['files', 'pieces'], 'readwrite', WRITE)
    await complete(tx, async () => {
      const puts: Promise<unknown>[] = []
      for (let i = 0; i * pieceBytes < bytes.length; i++) {
        const piece = bytes.slice(i * pieceBytes, (i + 1) * pieceBytes)
        puts.push(tx.objectStore('pieces').put(piece, [file, i]))
      }
      await Promise.all(puts)
      await tx.objectStore('files').put({ bytes: bytes.length, pieceBytes }, file)
    })
  }
  const openStored: OpenStored = async ({ file }) => {
    const entry = await (await connect()).get('files', file)
    if (!entry) throw missingFile(file)
    return databaseSource(connect, file, entry)
  }
  const hasFile = async (file: string) => (await (await connect()).getKey('files', file)) !== undefined

  return {
    kind: 'indexeddb',
    writable: true,
    readManifest: guarded(async (signal) => {
      throwIfAborted(signal)
      const text = await (await connect()).get('manifest', 'manifest')
      return text === undefined ? undefined : parseManifest(text)
    }),
    open: guarded(async (file, signal) => {
      throwIfAborted(signal)
      await connect()
      return openParts(file, openStored, signal)
    }),
    has: guarded(hasFile),
    stage: guarded(stage),
    commit: guarded(async (next, added, expectedRevision) => {
      assertCommit(next, added, expectedRevision)
      const text = serializeManifest(next)
      for (const [file, bytes] of added) if (!(await hasFile(file))) await stage(file, bytes)
      await commitManifest(await connect(), next, text, expectedRevision)
      channel.postMessage(next.revision)
    }),
    keepAll: guarded(async (signal) => {
      throwIfAborted(signal)
      await connect()
    }),
    clear: guarded(async () => {
      const tx = (await connect()).transaction(['manifest', 'files', 'pieces'], 'readwrite', WRITE)
      await complete(tx, async () => {
        await Promise.all([...tx.objectStoreNames].map((store) => tx.objectStore(store).clear()))
      })
      channel.postMessage(0)
    }),
    async close() {
      if (closed) return
      const opening = connection().catch(() => undefined)
      closed = true
      channel.close()
      ;(await opening)?.close()
    },
  }
}

/** In one transaction: the revision is still the expected one, every file is there, the manifest, then the stale files. */
async function commitManifest(
  db: IDBPDatabase<Schema>,
  next: Manifest,
  text: string,
  expectedRevision: number,
): Promise<void> {
  const tx = db.transaction(['manifest', 'files', 'pieces'], 'readwrite', WRITE)
  const files = tx.objectStore('files')
  await complete(tx, async () => {
    const current = await tx.objectStore('manifest').get('manifest')
    assertRevision(current === undefined ? undefined : parseManifest(current), expectedRevision)
    const present = new Set(await files.getAllKeys())
    assertPresent(next, (file) => present.has(file))
    const named = new Set(storedFilesOf(next).map(({ file }) => file))
    const changes: Promise<unknown>[] = [tx.objectStore('manifest').put(text, 'manifest')]
    for (const file of present) {
      if (!named.has(file)) changes.push(files.delete(file), tx.objectStore('pieces').delete(allPieces(file)))
    }
    await Promise.all(changes)
  })
}

/** Runs the requests of a transaction and waits for its end. Whatever fails, nothing of it is stored. */
async function complete(
  tx: Pick<IDBPTransaction<Schema, never[], 'readwrite'>, 'done' | 'abort' | 'error'>,
  run: () => Promise<void>,
): Promise<void> {
  try {
    await Promise.all([run(), tx.done])
  } catch (error) {
    try {
      tx.abort()
    } catch {
      // It has ended already, which is why we are here.
    }
    await tx.done.catch(() => undefined)
    // Requests only say that they were aborted; the transaction knows why, e.g. that the quota is used up.
    throw tx.error ?? error
  }
}

function databaseSource(
  connect: () => Promise<IDBPDatabase<Schema>>,
  file: string,
  { bytes: byteLength, pieceBytes }: Schema['files']['value'],
): ByteSource {
  // Reads are small and near each other: the last piece usually has the next one too.
  let last: { readonly number: number; readonly bytes: Uint8Array } | undefined
  const readPieces = async (first: number, end: number): Promise<Uint8Array[]> => {
    if (last?.number === first && end === first + 1) return [last.bytes]
    const pieces = await (await connect()).getAll(
      'pieces',
      IDBKeyRange.bound([file, first], [file, end], false, true),
    )
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
    if (length !== Math.min(end * pieceBytes, byteLength) - first * pieceBytes) throw missingFile(file)
    last = { number: end - 1, bytes: pieces.at(-1)! }
    return pieces
  }
  return {
    byteLength,
    read: guarded(async (offset, length, signal) => {
      throwIfAborted(signal)
      assertInside(byteLength, offset, length)
      const result = new Uint8Array(length)
      if (length === 0) return result
      const first = Math.floor(offset / pieceBytes)
      const end = Math.ceil((offset + length) / pieceBytes)
      const pieces = await abortable(readPieces(first, end), signal)
      for (const [i, piece] of pieces.entries()) {
        const start = (first + i) * pieceBytes
        const from = Math.max(offset - start, 0)
        const to = Math.min(offset + length - start, piece.length)
        result.set(piece.subarray(from, to), start + from - offset)
      }
      return result
    }),
  }
}

async function openDatabase(
  name: string,
  timeoutMs: number,
  onLost: () => void,
): Promise<IDBPDatabase<Schema>> {
  if (typeof indexedDB === 'undefined') {
    throw new LateenError(
      'storage-unavailable',
      'This browser has no IndexedDB here. Keep the index in memory instead.',
    )
  }
  const opening = openDB<Schema>(name, DATABASE_VERSION, {
    upgrade(db) {
      db.createObjectStore('manifest')
      db.createObjectStore('files')
      db.createObjectStore('pieces')
    },
    // Another tab deletes the database or brings a newer version: never stand in its way.
    blocking(_current, _blocked, event) {
      ;(event.target as IDBDatabase).close()
      onLost()
    },
    terminated: onLost,
  })
  let timer: ReturnType<typeof setTimeout> | undefined
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new LateenError(
          'storage-unavailable',
          `IndexedDB did not open within ${timeoutMs} ms: another tab may hold "${name}". Close other tabs of this site and try again.`,
        ),
      )
    }, timeoutMs)
  })
  try {
    return await Promise.race([opening, deadline])
  } catch (error) {
    // An answer after the deadline must not leave a connection nobody closes.
    opening.then((db) => db.close()).catch(() => undefined)
    throw error
  } finally {
    clearTimeout(timer)
  }
}

function allPieces(file: string): IDBKeyRange {
  return IDBKeyRange.bound([file, 0], [file, Number.POSITIVE_INFINITY])
}

function asStorageError(error: unknown): unknown {
  if (!(error instanceof DOMException)) return error
  if (error.name === 'QuotaExceededError') {
    return new LateenError(
      'storage-full',
      'The browser has no room left for the index; what was stored before is intact. Free some space, or remove documents.',
      { cause: error },
    )
  }
  return new LateenError(
    'storage-unavailable',
    `The browser's storage cannot be used here (${error.name}: ${error.message}). It may be a private window, a setting, or a newer version of this page in another tab: reload, or keep the index in memory.`,
    { cause: error },
  )
}
