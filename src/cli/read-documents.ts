/** Files and folders on disk as documents. */
import type { Dirent } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { isLateenError, LateenError } from '../errors.ts'
import { DOCUMENT_EXTENSIONS, decodeText, documentFromFile, formatOf } from '../text/file.ts'
import type { ChangeSummary, DocumentInput } from '../types.ts'
import { throwIfAborted } from '../util/abort.ts'
import { parseDocumentLines } from './document-lines.ts'

const LINES = '.jsonl'
/** Endings of the files that `readDocuments` reads. */
export const EXTENSIONS: readonly string[] = [...DOCUMENT_EXTENSIONS.map((name) => `.${name}`), LINES]

export interface ReadDocuments {
  readonly documents: readonly DocumentInput[]
  /** Files that could not be read as text, by the id they would have had. */
  readonly skipped: ChangeSummary['skipped']
  /** Number of files read. */
  readonly files: number
}

/**
 * Reads HTML, Markdown, plain text and `.jsonl` files, folders with everything below them but dot
 * folders and `node_modules`, in the order of their names.
 *
 * The id of a file is its path below the folder that was given (below the common parent of several
 * paths), with `/` on every system. Its URL is the same path; `index.html` leads to its folder. A line
 * of a `.jsonl` file brings both itself.
 *
 * @throws LateenError `bad-argument` when a path is missing or of an unknown kind; `bad-document` on a
 *         malformed line, naming file and line; `duplicate-id`; `aborted`
 */
export async function readDocuments(
  paths: readonly string[],
  options: { readonly signal?: AbortSignal } = {},
): Promise<ReadDocuments> {
  const inputs = await Promise.all(paths.map(openInput))
  const root = commonFolder(inputs.map(({ path, isFolder }) => (isFolder ? path : dirname(path))))
  const files = new Set<string>()
  for (const { path, isFolder } of inputs) {
    for (const file of isFolder ? await filesBelow(path, options.signal) : [path]) files.add(file)
  }

  const documents: DocumentInput[] = []
  const skipped: ChangeSummary['skipped'][number][] = []
  const placeOf = new Map<string, string>()
  for (const file of files) {
    throwIfAborted(options.signal)
    const id = relative(root, file).split(sep).join('/')
    const entries = await readEntries(file, id)
    if (typeof entries === 'string') {
      skipped.push({ id, reason: entries })
      continue
    }
    for (const { document, place } of entries) {
      const other = placeOf.get(document.id)
      if (other !== undefined) {
        throw new LateenError(
          'duplicate-id',
          `The id "${document.id}" is given twice, in ${other} and in ${place}; ids are unique within an index.`,
        )
      }
      placeOf.set(document.id, place)
      documents.push(document)
    }
  }
  return { documents, skipped, files: files.size }
}

interface Input {
  /** Absolute. */
  readonly path: string
  readonly isFolder: boolean
}

async function openInput(path: string): Promise<Input> {
  const absolute = resolve(path)
  const found = await stat(absolute).catch((cause: unknown) => {
    throw new LateenError('bad-argument', `There is no file or folder ${path}; check its path.`, { cause })
  })
  if (!found.isDirectory() && !isReadable(absolute)) {
    throw new LateenError(
      'bad-argument',
      `Expected a folder or a file ending in ${EXTENSIONS.join(', ')}, found ${path}.`,
    )
  }
  return { path: absolute, isFolder: found.isDirectory() }
}

async function filesBelow(folder: string, signal: AbortSignal | undefined): Promise<string[]> {
  throwIfAborted(signal)
  const entries = await readdir(folder, { withFileTypes: true })
  const files: string[] = []
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) {
      if (!entry.name.startsWith('.') && entry.name !== 'node_modules') {
        files.push(...(await filesBelow(path, signal)))
      }
    } else if (isReadable(path) && (await isFile(path, entry))) files.push(path)
  }
  return files
}

/** Linked files count, linked folders do not: a link to a parent would never end. */
async function isFile(path: string, entry: Dirent): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isFile()
  return stat(path).then(
    (target) => target.isFile(),
    () => false,
  )
}

interface Entry {
  readonly document: DocumentInput
  /** File, and line where it has several documents. */
  readonly place: string
}

/** The documents of a file, or why it cannot be read as text. */
async function readEntries(file: string, id: string): Promise<Entry[] | string> {
  let bytes: Uint8Array
  try {
    bytes = await readFile(file)
  } catch (error) {
    return `It cannot be read: ${String(error)}.`
  }
  try {
    if (!isLines(id)) return [{ document: placed(documentFromFile(id, bytes)), place: id }]
    const text = decodeText(bytes, id)
    return Array.from(parseDocumentLines({ name: id, text }), ({ document, line }) => ({
      document,
      place: `${id}, line ${line}`,
    }))
  } catch (error) {
    // A broken line is a mistake to correct; a binary file beside documents is not.
    if (isLines(id) || !isLateenError(error, 'bad-document')) throw error
    return error.message
  }
}

/** HTML and Markdown carry their title, a text file has only its name. An index page is found at its folder. */
function placed(document: DocumentInput): DocumentInput {
  const { id, format } = document
  const page = format === 'html' ? id.replace(/(^|\/)index\.x?html?$/i, '$1') : id
  const url = encodeURI(page === '' ? './' : page).replace(/[?#:]/g, encodeURIComponent)
  return format === 'text'
    ? { ...document, url, title: id.replace(/^.*\//, '').replace(/\.[^.]+$/, '') }
    : { ...document, url }
}

function isLines(path: string): boolean {
  return path.toLowerCase().endsWith(LINES)
}

function isReadable(path: string): boolean {
  return isLines(path) || formatOf(path) !== undefined
}

function commonFolder(folders: readonly string[]): string {
  const [first = '', ...others] = folders
  let common = first
  while (others.some((folder) => folder !== common && !folder.startsWith(join(common, sep)))) {
    common = dirname(common)
  }
  return common
}
