/** The reader's documents by name, for the list of what can be removed. The texts live in the index. */
import { readChoice, writeChoice } from '../element/storage.ts'

export interface FileRecord {
  /** Document id: the path of the file, or `pasted/…`. */
  readonly id: string
  /** Size of the text in UTF-16 code units. */
  readonly length: number
}

const KEY = 'demo.files'

export function readLibrary(): FileRecord[] {
  try {
    const stored: unknown = JSON.parse(readChoice(KEY) ?? '[]')
    return Array.isArray(stored) ? stored.filter(isFileRecord) : []
  } catch {
    return []
  }
}

export function writeLibrary(files: readonly FileRecord[]): void {
  writeChoice(KEY, files.length === 0 ? undefined : JSON.stringify(files))
}

/** `added` replaces records with the same id; the result is in order of id. */
export function withFiles(files: readonly FileRecord[], added: readonly FileRecord[]): FileRecord[] {
  const byId = new Map([...files, ...added].map((file) => [file.id, file]))
  return [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
}

function isFileRecord(value: unknown): value is FileRecord {
  return (
    typeof value === 'object' &&
    value !== null &&
    'id' in value &&
    typeof value.id === 'string' &&
    'length' in value &&
    typeof value.length === 'number'
  )
}
