/** A model bundle in a folder. */
import { access, open, readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { LateenError } from '../errors.ts'
import { throwIfAborted } from '../util/abort.ts'
import { lastPart, type ModelSource, missingFile, openStored, storedPath } from './source.ts'

export function folderSource(folder: string): ModelSource {
  const location = resolve(folder)
  const missing = (path: string, error: unknown) => {
    const { code, message } = error as NodeJS.ErrnoException
    return missingFile(location, path, code === 'ENOENT' ? 'no such file' : message, error)
  }
  return {
    name: lastPart(location),
    location,
    async read(path, { signal, onBytes, expected } = {}) {
      throwIfAborted(signal)
      let bytes: Uint8Array
      try {
        bytes = await readWhole(join(location, storedPath(path, expected)))
      } catch (error) {
        throw error instanceof LateenError ? error : missing(path, error)
      }
      onBytes?.(bytes.length)
      return openStored(location, path, bytes, expected)
    },
    has: (path) =>
      access(join(location, path)).then(
        () => true,
        () => false,
      ),
    size: (path) =>
      stat(join(location, path)).then(
        ({ size }) => size,
        () => undefined,
      ),
    async readRange(path, from, to, { signal } = {}) {
      throwIfAborted(signal)
      const file = await open(join(location, path)).catch((error: unknown) => {
        throw missing(path, error)
      })
      try {
        const bytes = new Uint8Array(Math.max(0, Math.min(to, (await file.stat()).size) - from))
        await file.read(bytes, 0, bytes.length, from)
        return bytes
      } finally {
        await file.close()
      }
    },
  }
}

/** Large files are not copied; small ones may lie in a buffer that others share. */
function asArray(bytes: Buffer<ArrayBuffer>): Uint8Array {
  return bytes.buffer.byteLength === bytes.length ? new Uint8Array(bytes.buffer) : new Uint8Array(bytes)
}

/** What one buffer of Node can hold, and one ArrayBuffer of any browser. */
const MAX_FILE_BYTES = 2 ** 31 - 1

async function readWhole(file: string): Promise<Uint8Array> {
  const { size } = await stat(file)
  if (size <= MAX_FILE_BYTES) return asArray(await readFile(file))
  throw new LateenError(
    'model-too-large',
    `${file} has ${size} bytes, more than the ${MAX_FILE_BYTES} that can be read at once. Take quantised weights of the model.`,
  )
}
