/** Documents as callers have them become titles and sections of plain text. */
import { LateenError } from '../errors.ts'
import type { DocumentInput, ParsedDocument } from '../types.ts'
import { type ReadOptions, type ReadText, readHtml } from './html.ts'
import { readMarkdown } from './markdown.ts'
import { readPlain } from './plain.ts'

const READERS = { text: readPlain, markdown: readMarkdown, html: readHtml } as const

/**
 * Reads a document.
 *
 * Lone surrogates become U+FFFD, control characters white space; invisible characters and embedded
 * data (`data:…;base64,…`) are dropped: a model would see none of them. Metadata that the markup
 * declares is kept unless the caller gives the same key.
 *
 * @throws LateenError `bad-argument` on an unknown format, `bad-document` on binary data or Markdown that is
 *         nested too deeply
 */
export function parseDocument(input: DocumentInput): ParsedDocument {
  return parsePage(input).document
}

/** A page of a site: its document, which has no sections when the page asks to be left out. */
export function parsePage(
  input: DocumentInput,
  options: ReadOptions = {},
): { readonly document: ParsedDocument; readonly isLeftOut: boolean } {
  const { id, format = 'text', url = '' } = input
  if (!Object.hasOwn(READERS, format)) {
    throw new LateenError(
      'bad-argument',
      `Expected the format of "${id}" as one of ${Object.keys(READERS).join(', ')}, found "${format}".`,
    )
  }
  const nul = input.text.indexOf('\0')
  if (nul >= 0) {
    throw new LateenError(
      'bad-document',
      `Expected text in "${id}", found a NUL character at position ${nul}: it looks like binary data. Convert it to text first.`,
    )
  }
  const read = readAs(READERS[format], id, clean(input.text), options)
  const { details = {}, isLeftOut = false, sections } = read
  const document = {
    id,
    title: clean(input.title ?? read.title).trim(),
    url,
    metadata: { ...read.metadata, ...input.metadata },
    ...(Object.keys(details).length > 0 && { details }),
    sections: isLeftOut ? [] : sections,
  }
  return { document, isLeftOut }
}

type Reader = (text: string, options: ReadOptions) => ReadText

function readAs(reader: Reader, id: string, text: string, options: ReadOptions): ReadText {
  try {
    return reader(text, options)
  } catch (cause) {
    // The Markdown library works by recursion.
    if (!(cause instanceof RangeError)) throw cause
    throw new LateenError('bad-document', `The markup of "${id}" is nested too deeply to be read.`, { cause })
  }
}

function clean(text: string): string {
  return text
    .replace(/\p{Surrogate}/gu, '\uFFFD')
    .replace(/data:[\w/+.;=-]{0,80};base64,[\w+/=-]*/g, '')
    .replace(/[\u00AD\u200B\u2060\uFEFF]/g, '')
    .replace(/(?![\t\n\f\r])\p{Cc}/gu, ' ')
}
