/** A prebuilt index with local changes on top, and a local copy of what was read of it. */
import { type ErrorCode, isLateenError, LateenError } from '../errors.ts'
import { type Manifest, storedFilesOf } from '../segment/manifest.ts'
import { openTextSegment } from '../segment/read-text.ts'
import { throwIfAborted } from '../util/abort.ts'
import { assertRevision } from './commit.ts'
import { isOneOf, keptCopies, LOCAL_FAILURES } from './kept-copies.ts'
import { adoptBase, baseHash, hasLocalChanges, mismatchOf, rebase, removedIdsAfter } from './rebase.ts'
import type { IndexStore, WritableStore } from './store.ts'

export interface OverlayOptions {
  /** Files and parts of the base up to this size are kept locally once read; larger ones are read from the base every time. @default 512 MiB */
  readonly keepBytes?: number
}

/** How base and local copy stand to each other, as the last calls found it. */
export interface OverlayState {
  /** Why the local copy answered in place of the base, e.g. `network`. */
  readonly baseError?: LateenError
  /** `index-model-mismatch`: local documents were made for another model than the base now has; they are kept, not searched. */
  readonly mismatch?: LateenError
  /** Why the base is used but not kept, e.g. `storage-full`; `index-invalid` or `index-version` when the local copy cannot be read. */
  readonly storageError?: LateenError
}

/**
 * Reads and changes like one store. Its manifest begins with the segments of the base, of which only
 * `removed` may change, and goes on with local ones; see {@link Manifest.base}.
 */
export interface OverlayStore extends IndexStore {
  state(): OverlayState
  /** Forgets all local changes, even unreadable ones, and starts again from the base, which must be reachable. */
  reset(signal?: AbortSignal): Promise<void>
}

/** Any of these leaves the local copy as good as it was. */
const BASE_FAILURES: readonly ErrorCode[] = ['network', 'index-not-found', 'index-invalid', 'index-version']
/**
 * Files of the base are verified before they are kept or used; local files are trusted.
 *
 * @param base  usually `httpStore`
 * @param local what makes a second visit work without a network: `indexedDbStore`, or `memoryStore` where that is forbidden
 */
export function overlayStore(
  base: IndexStore,
  local: WritableStore,
  options: OverlayOptions = {},
): OverlayStore {
  const { keepBytes = 512 * 1024 * 1024 } = options
  /** What `readManifest` or `commit` last gave or took. */
  let current: Manifest | undefined
  let state: OverlayState = {}

  const readBase = async (signal: AbortSignal | undefined, kept: Manifest | undefined) => {
    try {
      const fresh = await base.readManifest(signal)
      state = {}
      return fresh
    } catch (error) {
      if (!kept || !isOneOf(BASE_FAILURES, error)) throw error
      state = { baseError: error }
      return undefined
    }
  }

  /** A local copy that cannot be read must not stand between a reader and the base. */
  const readLocal = async (signal?: AbortSignal): Promise<{ stored?: Manifest; error?: LateenError }> => {
    try {
      const stored = await local.readManifest(signal)
      return stored ? { stored } : {}
    } catch (error) {
      if (!isOneOf(LOCAL_FAILURES, error)) throw error
      return { error }
    }
  }

  const copies = keptCopies({
    base,
    local,
    keepBytes,
    onStorageError: (storageError) => {
      state = { ...state, storageError }
    },
  })

  /** Runs a write that is only there to keep something; false when there is no room. */
  const tryKeep = async (write: () => Promise<void>): Promise<boolean> => {
    try {
      await write()
      return true
    } catch (error) {
      if (!isOneOf(LOCAL_FAILURES, error)) throw error
      state = { ...state, storageError: error }
      return false
    }
  }

  const openText = async (manifest: Manifest, segment: Manifest['segments'][number], signal?: AbortSignal) =>
    openTextSegment(await copies.open(segment.textFile, signal), manifest, segment, signal)

  /** The newest manifest there is, and the one it was made from. */
  const refresh = async (signal?: AbortSignal): Promise<Manifest | undefined> => {
    throwIfAborted(signal)
    const { stored, error: unreadable } = await readLocal(signal)
    const fresh = await readBase(signal, stored)
    if (unreadable) state = { ...state, storageError: unreadable }
    if (!fresh || stored?.base?.sha256 === baseHash(fresh)) return stored
    const mismatch = stored && hasLocalChanges(stored) ? mismatchOf(stored, fresh) : undefined
    const revision = stored?.revision ?? 0
    if (mismatch) {
      state = { mismatch }
      return { ...adoptBase(fresh), revision }
    }
    const next =
      stored && hasLocalChanges(stored) ? await rebase(stored, fresh, openText, signal) : adoptBase(fresh)
    try {
      const manifest = { ...next, revision: revision + 1 }
      if (await tryKeep(() => local.commit(manifest, new Map(), revision))) return manifest
      return { ...next, revision }
    } catch (error) {
      // Another tab met the same change of the base and was faster.
      if (isLateenError(error, 'index-conflict')) return refresh(signal)
      throw error
    }
  }

  return {
    kind: local.kind,
    writable: true,
    state: () => state,
    async readManifest(signal) {
      current = await refresh(signal)
      return current
    },
    open: copies.open,
    async commit(next, files, expectedRevision) {
      if (state.mismatch) throw state.mismatch
      if (current) assertRevision(current, expectedRevision)
      const removedIds = current?.base && (await removedIdsAfter(current, next, openText))
      const manifest = removedIds ? { ...next, base: { ...current!.base!, removedIds } } : next
      await local.commit(manifest, files, expectedRevision)
      current = manifest
    },
    async keepAll(signal, onBytes) {
      current ??= await refresh(signal)
      await copies.keep(current ? storedFilesOf(current) : [], signal, onBytes)
    },
    async reset(signal) {
      const fresh = await base.readManifest(signal)
      if (!fresh) {
        throw new LateenError(
          'index-not-found',
          'There is no prebuilt index to start again from. Check its address.',
        )
      }
      const { stored, error } = await readLocal(signal)
      if (error) await local.clear()
      const revision = stored?.revision ?? 0
      const manifest = { ...adoptBase(fresh), revision: revision + 1 }
      await local.commit(manifest, new Map(), revision)
      current = manifest
      state = {}
    },
    async close() {
      await copies.close()
      await Promise.all([base.close(), local.close()])
    },
  }
}
