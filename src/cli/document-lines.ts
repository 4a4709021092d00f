/** Documents from JSON lines: `{"_id", "text", "title"?, "url"?, "format"?, "metadata"?}`, one per line. */
import { jsonLines, malformed, type NamedText } from '../eval/beir.ts'
import type { DocumentFormat, DocumentInput, Metadata, MetadataValue } from '../types.ts'

const FORMATS: readonly DocumentFormat[] = ['text', 'markdown', 'html']

export interface DocumentLine {
  readonly document: DocumentInput
  /** Number of the line in its file, from 1. */
  readonly line: number
}

/** Blank lines and unknown keys are ignored. Fails with `bad-document` naming file and line. */
export function* parseDocumentLines(file: NamedText): Generator<DocumentLine> {
  for (const { record, line, text } of jsonLines(file)) {
    const refuse = (expected: string) => malformed(file, line, expected, text)
    const optional = (name: string): string | undefined => {
      const value = record[name] ?? undefined
      if (value === undefined || typeof value === 'string') return value
      throw refuse(`"${name}" to be a string`)
    }
    // Ids written as JSON numbers are common and mean the same.
    const id = typeof record['_id'] === 'number' ? String(record['_id']) : optional('_id')
    if (!id) throw refuse('a non-empty string field "_id"')
    const content = optional('text')
    if (content === undefined) throw refuse('a string field "text"')
    const format = optional('format') as DocumentFormat | undefined
    if (format !== undefined && !FORMATS.includes(format)) {
      throw refuse(`"format" to be one of ${FORMATS.join(', ')}`)
    }
    const metadata = record['metadata'] ?? undefined
    if (metadata !== undefined && !isMetadata(metadata)) {
      throw refuse('"metadata" to hold strings, numbers, booleans or lists of strings')
    }
    const title = optional('title')
    const url = optional('url')
    yield {
      line,
      document: {
        id,
        text: content,
        ...(title === undefined ? {} : { title }),
        ...(url === undefined ? {} : { url }),
        ...(format === undefined ? {} : { format }),
        ...(metadata === undefined ? {} : { metadata }),
      },
    }
  }
}

function isMetadata(value: unknown): value is Metadata {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every(isMetadataValue)
  )
}

function isMetadataValue(value: unknown): value is MetadataValue {
  if (Array.isArray(value)) return value.every((item) => typeof item === 'string')
  return ['string', 'number', 'boolean'].includes(typeof value)
}
