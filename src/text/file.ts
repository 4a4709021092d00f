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
/** In UTF-16 without a mark, one byte of nearly every ASCII character is zero. */
const MIN_UTF16_ZERO_SHARE = 0.3

/** How files begin that people take for text, and what to do with them. */
const SIGNATURES: readonly (readonly [start: string, what: string])[] = [
  ['%PDF', 'a PDF file'],
  ['PK\x03\x04', 'a ZIP archive or an Office document'],
  ['\xd0\xcf\x11\xe0', 'an old Office document'],
  ['\x1f\x8b', 'a gzip archive'],
  ['\x89PNG', 'a PNG picture'],
  ['\xff\xd8\xff', 'a JPEG picture'],
  ['{\\rtf', 'a rich text file'],
]

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
  const text = decodeText(bytes, path, format)
  return { id: path, url: path, format, text: /\.mdx$/i.test(path) ? withoutModuleCode(text) : text }
}

/** The format a file name stands for; undefined for files that are not documents. */
export function formatOf(path: string): DocumentFormat | undefined {
  return FORMATS.get(/\.([^./]+)$/.exec(path)?.[1]?.toLowerCase() ?? '')
}

/**
 * Text of a file. A byte order mark decides, then the zeros of UTF-16, then what HTML declares of
 * itself, then UTF-8. Bytes that do not fit are refused: replaced by U+FFFD or read in a guessed
 * encoding, they would be indexed wrong without anyone noticing.
 *
 * @param name shown in errors
 * @throws LateenError `bad-document`
 */
export function decodeText(bytes: Uint8Array, name: string, format: DocumentFormat = 'text'): string {
  const marked = markedEncoding(bytes) ?? zeroedEncoding(bytes)
  if (!marked) assertText(bytes, name)
  const encoding = marked ?? (format === 'html' ? declaredEncoding(bytes) : undefined) ?? 'utf-8'
  try {
    const decoder = new TextDecoder(encoding, { fatal: true })
    const text = decoder.decode(bytes)
    return decoder.encoding === 'windows-1252' ? withWindowsPunctuation(text) : text
  } catch (cause) {
    throw new LateenError(
      'bad-document',
      `Expected "${name}" in ${encoding.toUpperCase()}, found bytes that are not. Save it as UTF-8${format === 'html' ? ', or correct its <meta charset>' : ''}.`,
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

function zeroedEncoding(bytes: Uint8Array): string | undefined {
  const zeros = [0, 0] as [even: number, odd: number]
  const sniffed = bytes.subarray(0, SNIFFED_BYTES)
  for (const [i, byte] of sniffed.entries()) if (byte === 0) zeros[(i % 2) as 0 | 1]++
  const [even, odd] = zeros
  const wanted = (sniffed.length / 2) * MIN_UTF16_ZERO_SHARE
  if (even === 0 && odd > wanted) return 'utf-16le'
  if (odd === 0 && even > wanted) return 'utf-16be'
  return undefined
}

/** The encoding of `<meta charset>`; the standard reads every UTF-16 claim without a mark as UTF-8. */
function declaredEncoding(bytes: Uint8Array): string | undefined {
  const label = /<meta[^>]+charset\s*=\s*["']?\s*([\w-]+)/i.exec(latin1(bytes))?.[1]?.toLowerCase()
  return label?.startsWith('utf-16') ? 'utf-8' : label
}

function assertText(bytes: Uint8Array, name: string): void {
  const head = latin1(bytes)
  const signature = SIGNATURES.find(([start]) => head.startsWith(start))
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what tells binary data
  const controls = head.match(/[\0-\x08\x0e-\x1a\x1c-\x1f]/g)?.length ?? 0
  if (!signature && !head.includes('\0') && controls <= head.length * MAX_CONTROL_SHARE) return
  throw new LateenError(
    'bad-document',
    `Expected text in "${name}", found ${signature?.[1] ?? 'binary data'}. Convert it to UTF-8 text, Markdown or HTML first.`,
  )
}

const WINDOWS_1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ'

/** Some releases of Node 20 and 22 decode Windows-1252 as ISO 8859-1, which differs in 0x80 to 0x9F. */
function withWindowsPunctuation(text: string): string {
  return text.replace(/[\x80-\x9f]/g, (character) => WINDOWS_1252[character.charCodeAt(0) - 0x80]!)
}

/** The first bytes, one character each. */
function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, SNIFFED_BYTES))
}

/** MDX without its import and export statements and its comments, which are not Markdown. */
function withoutModuleCode(text: string): string {
  let isFenced = false
  let isStatement = false
  const lines = text.split('\n').filter((line) => {
    if (/^\s*(```|~~~)/.test(line)) isFenced = !isFenced
    if (!isFenced && /^(import|export)\s/.test(line)) isStatement = true
    if (line.trim() === '') isStatement = false
    return isFenced || !isStatement
  })
  return lines.join('\n').replace(/\{\/\*[\s\S]*?\*\/\}/g, '')
}
