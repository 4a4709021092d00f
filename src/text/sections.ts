/** Collects the text of a document while it is read and cuts it at its headings. */
import type { Section } from '../types.ts'

export interface SectionWriter {
  /** Running text: white space is folded. */
  text(data: string): void
  /** Text as it is, line breaks included: code. */
  verbatim(data: string): void
  /** The next text begins a line, and is put behind `mark` when there is one. */
  line(mark?: string): void
  /** The next text begins a paragraph. */
  paragraph(): void
  /** A new section begins. @param level 1 to 6 */
  heading(level: number, text: string, anchor: string): void
  finish(): ReadSections
}

export interface ReadSections {
  /** The first heading of level 1; without any, the heading that opens the text; else empty. */
  readonly title: string
  /** Headings as paths below that title. */
  readonly sections: Section[]
}

interface Heading {
  readonly level: number
  readonly text: string
}

interface OpenSection {
  readonly path: readonly Heading[]
  readonly anchor: string
  readonly chunks: string[]
}

export function sectionWriter(): SectionWriter {
  const sections: OpenSection[] = [{ path: [], anchor: '', chunks: [] }]
  let chunks = sections[0]!.chunks
  // White space is written with the text after it, so that none is left before a border.
  let gap = ''
  let mark = ''

  function write(text: string) {
    if (chunks.length > 0) chunks.push(gap)
    chunks.push(mark, text)
    gap = ''
    mark = ''
  }

  return {
    text(data) {
      const folded = data.replace(/\s+/g, ' ')
      if (gap === '' && folded.startsWith(' ')) gap = ' '
      const body = folded.trim()
      if (body === '') return
      write(body)
      if (folded.endsWith(' ')) gap = ' '
    },
    verbatim(data) {
      if (data !== '') write(data)
    },
    line(itemMark = '') {
      // A paragraph inside a list item follows the mark of the item on the same line.
      if (mark === '' && gap !== '\n\n') gap = '\n'
      if (itemMark !== '') mark = itemMark
    },
    paragraph() {
      if (mark === '') gap = '\n\n'
    },
    heading(level, text, anchor) {
      const outer = sections.at(-1)!.path.filter((heading) => heading.level < level)
      const path = text === '' ? outer : [...outer, { level, text }]
      chunks = []
      sections.push({ path, anchor, chunks })
      gap = ''
      mark = ''
    },
    finish: () => finish(sections),
  }
}

function finish(open: readonly OpenSection[]): ReadSections {
  const title = titleHeading(open)
  const sections = open
    .map(({ path, anchor, chunks }) => ({
      headings: path.filter((heading) => heading !== title).map(({ text }) => text),
      // Text right below the title is the top of the page.
      anchor: path.at(-1) === title ? '' : anchor,
      text: tidy(chunks.join('')),
    }))
    .filter(({ headings, text }) => headings.length > 0 || text !== '')
  // A page of nothing but its title can still be what is looked for.
  if (title && sections.length === 0) sections.push({ headings: [], anchor: '', text: '' })
  return { title: title?.text ?? '', sections }
}

function titleHeading(sections: readonly OpenSection[]): Heading | undefined {
  const headings = sections.flatMap(({ path }) => path.slice(-1))
  const opening = sections[0]!.chunks.length === 0 ? sections[1]?.path.at(-1) : undefined
  return headings.find(({ level }) => level === 1) ?? opening
}

/** No white space at the ends of lines, no more than one blank line. */
function tidy(text: string): string {
  const lines = text.split('\n').map((line) => line.trimEnd())
  return lines
    .filter((line, i) => line !== '' || lines[i - 1] !== '')
    .join('\n')
    .trim()
}
