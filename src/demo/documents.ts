/** The reader's own documents: what happens to them in the index, and the list of their names. */

import type { Store } from '../element/store.ts'
import { isLateenError } from '../errors.ts'
import type { DocumentInput, Progress } from '../types.ts'
import { withFiles, writeLibrary } from './library.ts'
import type { DemoSearch } from './port.ts'
import type { SkippedFile } from './read-files.ts'
import type { AppState } from './state.ts'
import { messageOf } from './strings.ts'

export interface DocumentsOptions {
  readonly store: Store<AppState>
  readonly openFiles: () => Promise<DemoSearch>
  readonly onProgress: (progress: Progress) => void
  /** The index has changed: what is on screen may be old. */
  readonly onChange: () => void
}

export interface Documents {
  add(documents: readonly DocumentInput[], unreadable: readonly SkippedFile[]): Promise<void>
  remove(ids: readonly string[]): Promise<void>
  /** Ends an `add` under way; what was there before stays. */
  cancel(): void
}

export function createDocuments({ store, openFiles, onProgress, onChange }: DocumentsOptions): Documents {
  let abort = new AbortController()
  return {
    async add(documents, unreadable) {
      abort = new AbortController()
      const { signal } = abort
      store.set({ indexing: { kind: 'running', startedAt: performance.now() } })
      try {
        const summary = await (await openFiles()).update(documents, { signal, onProgress })
        const refused = new Set(summary.skipped.map(({ id }) => id))
        const added = documents
          .filter(({ id }) => !refused.has(id))
          .map(({ id, text }) => ({ id, length: text.length }))
        const files = withFiles(store.get().files, added)
        writeLibrary(files)
        store.set({ files, indexing: { kind: 'done', summary, unreadable } })
        onChange()
      } catch (error) {
        const cancelled = signal.aborted || isLateenError(error, 'aborted')
        store.set({
          indexing: cancelled ? { kind: 'cancelled' } : { kind: 'failed', message: messageOf(error) },
        })
      }
    },
    async remove(ids) {
      try {
        await removeFrom(await openFiles(), ids)
      } catch (error) {
        store.set({ indexing: { kind: 'failed', message: messageOf(error) } })
        return
      }
      const gone = new Set(ids)
      const files = store.get().files.filter(({ id }) => !gone.has(id))
      writeLibrary(files)
      store.set({ files, indexing: { kind: 'idle' } })
      onChange()
    },
    cancel: () => abort.abort(),
  }
}

/** Removes what is there. Some may be gone already, by another tab, and then nothing is removed at once. */
async function removeFrom(search: DemoSearch, ids: readonly string[]): Promise<void> {
  try {
    await search.remove(ids)
  } catch (error) {
    if (!isLateenError(error, 'document-not-found')) throw error
    if (ids.length > 1) for (const id of ids) await removeFrom(search, [id])
  }
}
