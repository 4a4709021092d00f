/** Documents as callers have them become titles and sections of plain text. */
import { LateenError } from '../errors.ts'
import type { DocumentFormat, DocumentInput, ParsedDocument } from '../types.ts'
import { readHtml } from './html.ts'
import { readMarkdown } from './markdown.ts'
import { readPlain } from './plain.ts'

const READERS = { text: readPlain, markdown: readMarkdown, html: readHtml } as const

/**
 * Reads a document. Lone surrogates become U+FFFD and control characters white space, as a model would
 * see neither.
 *
 * @throws LateenError `bad-argument` on an unknown format, `bad-document` on binary data or markup that is
 *         nested beyond all sense
 */
export function parseDocument(input: DocumentInput): ParsedDocument {
  const { id, format = 'text', url = '', metadata = {} } = input
  if (!Object.hasOwn(READERS, format)) {
    throw new LateenError(
      'bad-argument',
      `Expected the format of "${id}" as one of ${Object.keys(READERS).join(', ')}, found "${format}".`,
    )
  }
  if (input.text.includes('\0')) {
    throw new LateenError(
      'bad-document',
      `Expected text in "${id}", found NUL characters: it looks like binary data. Convert it to text first.`,
    )
  }
  const { title, sections } = readAs(format, id, clean(input.text))
  return { id, title: clean(input.title ?? title).trim(), url, metadata, sections }
}

function readAs(format: DocumentFormat, id: string, text: string) {
  try {
    return READERS[format](text)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new LateenError('bad-document', `The markup of "${id}" is nested too deeply to be read.`, {
      cause: error,
    })
  }
}

/** Control characters that are not white space mean nothing in text. */
function clean(text: string): string {
  return text
    .replace(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, '\uFFFD')
    .replace(/(?![\t\n\f\r])\p{Cc}/gu, ' ')
}
