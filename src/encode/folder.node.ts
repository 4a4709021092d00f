/** A model bundle in a folder. */
import { access, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { throwIfAborted } from '../util/abort.ts'
import { lastPart, type ModelSource, missingFile, openStored, storedPath } from './source.ts'

export function folderSource(folder: string): ModelSource {
  const location = resolve(folder)
  return {
    name: lastPart(location),
    location,
    async read(path, { signal, onBytes, expected } = {}) {
      throwIfAborted(signal)
      let bytes: Uint8Array
      try {
        bytes = new Uint8Array(await readFile(join(location, storedPath(path, expected))))
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException
        throw missingFile(location, path, code === 'ENOENT' ? 'no such file' : message, error)
      }
      onBytes?.(bytes.length)
      return openStored(location, path, bytes, expected)
    },
    has: (path) =>
      access(join(location, path)).then(
        () => true,
        () => false,
      ),
  }
}
