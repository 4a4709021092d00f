/**
 * Passages: the unit that is encoded, stored and scored. A section that fits the model is one passage;
 * a longer one is cut into pieces of about equal length.
 */
import { LateenError } from '../errors.ts'
import type { ParsedDocument, Passage, PassageField, Section, Span } from '../types.ts'
import { type CountTokens, packText } from './pack.ts'

/** Names the rules below in the manifest: passages made by other rules cannot be compared one by one. */
export const PASSAGE_POLICY = 'sections-2'

export interface SplitOptions {
  /** Tokens of a text as the model counts them, special tokens and marker included. */
  readonly countTokens: (text: string) => number
  /** Most tokens of one passage, title and headings included. */
  readonly maxTokens: number
  /** False: the whole document is one passage, cut where the model cuts. @default true */
  readonly split?: boolean
}

/** What the model sees of a passage, and the way back from its characters to the fields. */
export interface EncodedPassageText {
  readonly text: string
  /** The heading path as it stands in `text`. */
  readonly heading: string
  /** The field a span lies in, and where in it; undefined between fields. */
  locate(span: Span): { readonly field: PassageField; readonly span: Span } | undefined
}

const FIELD_SEPARATOR = '. '
const HEADING_SEPARATOR = ' › '
/** However long title and headings are, the rest of the model's length is left to the text. */
const MAX_LABEL_SHARE = 0.5
/** A label longer than this is text in the wrong place. */
const MAX_LABEL_CHARS = 2_000
const MIN_LABEL_CHARS = 12

/** `title. heading › subheading. text`, empty parts left out. */
export function encodedText(passage: Pick<Passage, 'title' | 'headings' | 'text'>): EncodedPassageText {
  const heading = passage.headings.join(HEADING_SEPARATOR)
  const values: Record<PassageField, string> = { title: passage.title, heading, text: passage.text }
  const fields: (Span & { field: PassageField })[] = []
  let text = ''
  for (const field of ['title', 'heading', 'text'] as const) {
    const value = values[field]
    if (value === '') continue
    if (text !== '') text += FIELD_SEPARATOR
    fields.push({ field, start: text.length, end: text.length + value.length })
    text += value
  }
  return {
    text,
    heading,
    locate(span) {
      const inside = fields.find(({ start, end }) => span.start >= start && span.end <= end)
      return (
        inside && {
          field: inside.field,
          span: { start: span.start - inside.start, end: span.end - inside.start },
        }
      )
    },
  }
}

/**
 * The passages of a document, in reading order. A heading without text of its own is a passage too: it
 * can be what is looked for. A document without sections has none.
 *
 * Title and headings that would take more than half of the model's length are shortened.
 *
 * @throws LateenError `bad-argument` when `maxTokens` is not a whole number above 0
 */
export function splitDocument(document: ParsedDocument, options: SplitOptions): Passage[] {
  const { countTokens, maxTokens, split = true } = options
  if (!Number.isInteger(maxTokens) || maxTokens < 1) {
    throw new LateenError('bad-argument', `Expected maxTokens as a whole number above 0, found ${maxTokens}.`)
  }
  const { id: documentId, title, url, metadata, sections } = document
  const specialTokens = countTokens('')
  const room = Math.max(maxTokens - specialTokens, 1)
  const count = (part: string) => countTokens(part) - specialTokens

  const { details } = document
  return (split ? sections.flatMap(passagesOf) : wholeDocument(document)).map((passage, ordinal) => ({
    ...passage,
    ordinal,
    ...(ordinal === 0 && details && { details }),
  }))

  function passagesOf(section: Section): Omit<Passage, 'ordinal'>[] {
    const text = section.text.trim()
    const labels = shortened({ title, headings: section.headings }, room * MAX_LABEL_SHARE, count)
    const prefix = encodedText({ ...labels, text: '' }).text
    const budget = Math.max(room - (prefix === '' ? 0 : count(prefix + FIELD_SEPARATOR)), 1)
    const target = section.anchor === '' ? url : `${url.replace(/#.*/s, '')}#${section.anchor}`
    const spans = text === '' ? [{ start: 0, end: 0 }] : packText(text, budget, count)
    return spans.map(({ start, end }) => ({
      documentId,
      ...labels,
      url: target,
      text: text.slice(start, end).trim(),
      metadata,
      ...(section.weight !== undefined && { weight: section.weight }),
    }))
  }
}

function wholeDocument({ id, title, url, metadata, sections }: ParsedDocument): Omit<Passage, 'ordinal'>[] {
  if (sections.length === 0) return []
  const parts = sections.flatMap(({ headings, text }) => [headings.at(-1) ?? '', text.trim()])
  const text = parts.filter((part) => part !== '').join('\n\n')
  return [{ documentId: id, title, headings: [], url, text, metadata }]
}

interface Labels {
  readonly title: string
  readonly headings: readonly string[]
}

/** Halves the longest label until all of them fit. */
function shortened(labels: Labels, maxTokens: number, count: CountTokens): Labels {
  const parts = [labels.title, ...labels.headings]
  const areShort = () => {
    const prefix = encodedText({ title: parts[0]!, headings: parts.slice(1), text: '' }).text
    return prefix.length <= MAX_LABEL_CHARS && count(prefix + FIELD_SEPARATOR) <= maxTokens
  }
  for (;;) {
    const longest = parts.reduce((best, part, i) => (part.length > parts[best]!.length ? i : best), 0)
    if (parts[longest]!.length < MIN_LABEL_CHARS || areShort()) break
    parts[longest] = firstHalf(parts[longest]!)
  }
  return { title: parts[0]!, headings: parts.slice(1) }
}

function firstHalf(label: string): string {
  const half = label.slice(0, label.length >> 1).replace(/\p{Surrogate}$/u, '')
  return `${half.replace(/(?<=\S)\s+\S*$/, '')}…`
}
