/**
 * Passages: the unit that is encoded, stored and scored. A section that fits the model is one passage;
 * a longer one is cut into pieces of about equal length.
 */
import { LateenError } from '../errors.ts'
import type { ParsedDocument, Passage, PassageField, Section, Span } from '../types.ts'
import { packText } from './pack.ts'

/** Names the rules below in the manifest: passages made by other rules cannot be compared one by one. */
export const PASSAGE_POLICY = 'sections-1'

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
/** However long title and headings are, this share of the model's length is left to the text. */
const MIN_TEXT_SHARE = 0.5

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
 * can be what is looked for. A document without any text has none.
 *
 * @throws LateenError `bad-argument` when `maxTokens` is not a whole number above 0
 */
export function splitDocument(document: ParsedDocument, options: SplitOptions): Passage[] {
  const { countTokens, maxTokens, split = true } = options
  if (!Number.isInteger(maxTokens) || maxTokens < 1) {
    throw new LateenError('bad-argument', `Expected maxTokens as a whole number above 0, found ${maxTokens}.`)
  }
  const { id: documentId, title, url, metadata } = document
  const specialTokens = countTokens('')
  const pieces = split ? document.sections.flatMap(cut) : [wholeText(document)]
  return pieces
    .filter(({ text, headings }) => text !== '' || headings.length > 0)
    .map(({ headings, anchor, text }, ordinal) => {
      const target = anchor === '' ? url : `${url.replace(/#.*/s, '')}#${anchor}`
      return { documentId, ordinal, title, headings, url: target, text, metadata }
    })

  function cut(section: Section): Section[] {
    const text = section.text.trim()
    const prefix = encodedText({ title, headings: section.headings, text: '' }).text
    const prefixTokens = prefix === '' ? 0 : countTokens(prefix + FIELD_SEPARATOR) - specialTokens
    const room = maxTokens - specialTokens
    const budget = Math.max(room - prefixTokens, Math.floor(room * MIN_TEXT_SHARE), 1)
    const count = (part: string) => countTokens(part) - specialTokens
    if (text === '' || count(text) <= budget) return [{ ...section, text }]
    return packText(text, budget, count).map(({ start, end }) => ({
      ...section,
      text: text.slice(start, end).trim(),
    }))
  }
}

function wholeText({ sections }: ParsedDocument): Section {
  const parts = sections.flatMap(({ headings, text }) => [headings.at(-1) ?? '', text.trim()])
  return { headings: [], anchor: '', text: parts.filter((part) => part !== '').join('\n\n') }
}
