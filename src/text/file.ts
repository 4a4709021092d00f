/** Files become documents: the name says the format, the bytes say the encoding. */
import { LateenError } from '../errors.ts'
import type { DocumentFormat, DocumentInput } from '../types.ts'

const FORMATS: ReadonlyMap<string, DocumentFormat> = new Map([
  ['txt', 'text'],
  ['text', 'text'],
  ['md', 'markdown'],
  ['markdown', 'markdown'],
  ['mdx', 'markdown'],
  ['html', 'html'],
  ['htm', 'html'],
  ['xhtml', 'html'],
])

/** Endings of the files that can be read, without the dot. */
export const DOCUMENT_EXTENSIONS: readonly string[] = [...FORMATS.keys()]

/** How much of a file is looked at to tell binary data and a declared encoding. */
const SNIFFED_BYTES = 1024
/** Text has next to no control characters; binary data is full of them. */
const MAX_CONTROL_SHARE = 0.1

/**
 * A document with the path as its id and URL.
 *
 * @param path relative, with `/` between folders
 * @throws LateenError `bad-document` on an unknown ending, binary data or bytes that are not the encoding they claim
 */
export function documentFromFile(path: string, bytes: Uint8Array): DocumentInput {
  const format = formatOf(path)
  if (!format) {
    throw new LateenError(
      'bad-document',
      `Expected "${path}" to end in one of ${DOCUMENT_EXTENSIONS.map((extension) => `.${extension}`).join(' ')}.`,
    )
  }
  return { id: path, url: path, format, text: decodeText(bytes, path, format) }
}

/** The format a file name stands for; undefined for files that are not documents. */
export function formatOf(path: string): DocumentFormat | undefined {
  return FORMATS.get(/\.([^./]+)$/.exec(path)?.[1]?.toLowerCase() ?? '')
}

/**
 * Text of a file. A byte order mark decides, then what HTML declares of itself, then UTF-8.
 *
 * @param name shown in errors
 * @throws LateenError `bad-document`
 */
export function decodeText(bytes: Uint8Array, name: string, format: DocumentFormat = 'text'): string {
  const encoding =
    markedEncoding(bytes) ?? (format === 'html' ? declaredEncoding(bytes) : undefined) ?? 'utf-8'
  if (!encoding.startsWith('utf-16')) assertText(bytes, name)
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new LateenError(
      'bad-document',
      `"${name}" is not valid ${encoding.toUpperCase()}. Save it as UTF-8, or declare its encoding in the file.`,
      { cause },
    )
  }
}

function markedEncoding(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8'
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be'
  return undefined
}

/** The encoding of `<meta charset>`; the standard reads every UTF-16 claim without a mark as UTF-8. */
function declaredEncoding(bytes: Uint8Array): string | undefined {
  const head = String.fromCharCode(...bytes.subarray(0, SNIFFED_BYTES))
  const label = /<meta[^>]+charset\s*=\s*["']?\s*([\w-]+)/i.exec(head)?.[1]?.toLowerCase()
  return label?.startsWith('utf-16') ? 'utf-8' : label
}

function assertText(bytes: Uint8Array, name: string): void {
  const sniffed = bytes.subarray(0, SNIFFED_BYTES)
  const control = sniffed.reduce(
    (n, byte) => n + (byte < 0x20 && (byte < 0x09 || byte > 0x0d) && byte !== 0x1b ? 1 : 0),
    0,
  )
  if (!sniffed.includes(0) && control <= sniffed.length * MAX_CONTROL_SHARE) return
  throw new LateenError(
    'bad-document',
    `Expected text in "${name}", found binary data. Convert it to UTF-8 text, Markdown or HTML first.`,
  )
}
