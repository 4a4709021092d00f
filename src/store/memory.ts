/** An index that lives as long as the process. */
import { type Manifest, parseManifest, serializeManifest, storedFilesOf } from '../segment/manifest.ts'
import { throwIfAborted } from '../util/abort.ts'
import { assertCommit, assertPresent, assertRevision, closedStore, missingFile } from './commit.ts'
import { openParts } from './open-parts.ts'
import { bytesSource } from './source.ts'
import type { WritableStore } from './store.ts'

/** Nothing survives the process; useful in private windows and tests. Bytes handed in are kept, not copied. */
export function memoryStore(): WritableStore {
  const files = new Map<string, Uint8Array>()
  let manifest: Manifest | undefined
  let closed = false
  const assertOpen = () => {
    if (closed) throw closedStore()
  }
  return {
    kind: 'memory',
    writable: true,
    async readManifest(signal) {
      assertOpen()
      throwIfAborted(signal)
      return manifest
    },
    async open(file, signal) {
      assertOpen()
      throwIfAborted(signal)
      return openParts(file, async (stored) => {
        const bytes = files.get(stored.file)
        if (!bytes) throw missingFile(stored.file)
        return bytesSource(bytes)
      })
    },
    async has(file) {
      assertOpen()
      return files.has(file)
    },
    async stage(file, bytes) {
      assertOpen()
      files.set(file, bytes)
    },
    async commit(next, added, expectedRevision) {
      assertOpen()
      assertCommit(next, added, expectedRevision)
      assertRevision(manifest, expectedRevision)
      assertPresent(next, (file) => added.has(file) || files.has(file))
      const own = parseManifest(serializeManifest(next))
      for (const [file, bytes] of added) files.set(file, bytes)
      const named = new Set(storedFilesOf(own).map(({ file }) => file))
      for (const file of files.keys()) if (!named.has(file)) files.delete(file)
      manifest = own
    },
    async keepAll(signal) {
      assertOpen()
      throwIfAborted(signal)
    },
    async clear() {
      assertOpen()
      manifest = undefined
      files.clear()
    },
    async close() {
      closed = true
      files.clear()
    },
  }
}
