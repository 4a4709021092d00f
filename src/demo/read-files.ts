/** Files and folders the reader brings along, read into documents. */
import type { DocumentFormat, DocumentInput } from '../types.ts'

/** A file of one of the formats, with its path inside what was dropped. */
export interface NamedFile {
  readonly path: string
  readonly file: File
}

export type SkipReason = 'format' | 'size' | 'binary' | 'empty' | 'unreadable'

export interface SkippedFile {
  readonly path: string
  readonly reason: SkipReason
}

/** Larger files are logs or exports, not reading matter, and would hold the page's memory. */
export const MAX_FILE_BYTES = 8 * 2 ** 20

const FORMATS: Readonly<Record<string, DocumentFormat>> = {
  txt: 'text',
  text: 'text',
  md: 'markdown',
  markdown: 'markdown',
  mdx: 'markdown',
  html: 'html',
  htm: 'html',
}

/** For the `accept` attribute of a file input. */
export const ACCEPT = Object.keys(FORMATS)
  .map((extension) => `.${extension}`)
  .join(',')

function formatOf(path: string): DocumentFormat | undefined {
  const extension = /\.([^./]+)$/.exec(path)?.[1]?.toLowerCase()
  return extension !== undefined && Object.hasOwn(FORMATS, extension) ? FORMATS[extension] : undefined
}

/** Hidden folders and packages hold tools and other people's words, not the reader's. */
const isIgnored = (path: string) => /(^|\/)(\.[^/]+|node_modules)(\/|$)/.test(path)

/** Files of a file or folder input. */
export function filesOfInput(list: FileList): NamedFile[] {
  return [...list]
    .map((file) => ({ path: file.webkitRelativePath || file.name, file }))
    .filter(({ path }) => !isIgnored(path))
}

/** Files and, recursively, folders of a drop. Call within the drop event: its items die with it. */
export async function filesOfDrop(data: DataTransfer): Promise<NamedFile[]> {
  const entries = [...data.items]
    .filter((item) => item.kind === 'file')
    .map((item) => item.webkitGetAsEntry() ?? item.getAsFile())
  const found = await Promise.all(
    entries.map((entry) => {
      if (entry instanceof File) return [{ path: entry.name, file: entry }]
      return entry ? filesOfEntry(entry) : []
    }),
  )
  return found.flat().sort((a, b) => (a.path < b.path ? -1 : 1))
}

async function filesOfEntry(entry: FileSystemEntry): Promise<NamedFile[]> {
  const path = entry.fullPath.replace(/^\//, '')
  if (isIgnored(path)) return []
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    )
    return [{ path, file }]
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader()
  const files: NamedFile[] = []
  // A reader hands out a folder in batches and ends with an empty one.
  for (;;) {
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    )
    if (batch.length === 0) return files
    for (const child of batch) files.push(...(await filesOfEntry(child)))
  }
}

/** Reads what can be read; the rest is named with its reason. */
export async function readFiles(
  files: readonly NamedFile[],
): Promise<{ documents: DocumentInput[]; skipped: SkippedFile[] }> {
  const documents: DocumentInput[] = []
  const skipped: SkippedFile[] = []
  for (const { path, file } of files) {
    const read = await readFile(path, file)
    if (typeof read === 'string') skipped.push({ path, reason: read })
    else documents.push(read)
  }
  return { documents, skipped }
}

async function readFile(path: string, file: File): Promise<DocumentInput | SkipReason> {
  const format = formatOf(path)
  if (!format) return 'format'
  if (file.size > MAX_FILE_BYTES) return 'size'
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer())
  } catch (error) {
    return error instanceof TypeError ? 'binary' : 'unreadable'
  }
  if (text.includes('\0')) return 'binary'
  if (text.trim() === '') return 'empty'
  // Markdown and HTML carry their title; a text file has only its name.
  return format === 'text' ? { id: path, text, format, title: nameOf(path) } : { id: path, text, format }
}

const nameOf = (path: string) => path.replace(/^.*\//, '').replace(/\.[^.]+$/, '')

/** A document from pasted text. Its id is new every time: pasting twice keeps both. */
export function pastedDocument(title: string, text: string, now: number): DocumentInput {
  const name = title.trim() || firstWords(text)
  return { id: `pasted/${new Date(now).toISOString()} ${name}`, text, format: 'markdown', title: name }
}

function firstWords(text: string): string {
  const words = text.trim().split(/\s+/).slice(0, 6).join(' ')
  return words.length > 60 ? `${words.slice(0, 60)}…` : words
}
