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
  /** An item that `line` began ends, with or without text. */
  endItem(): void
  /** The next text begins a row of a table. */
  row(): void
  endRow(): void
  /** The next text is another cell of the row. */
  cell(): void
  /** A new section begins. @param level 1 to 6 */
  heading(level: number, text: string, anchor: string, isLeftOut?: boolean): void
  /** A section within the current one begins, eight deep at most; the current one goes on after `close`. */
  open(text: string, anchor: string): void
  close(): void
  /** Weight of the sections that begin from now on; returns what it was. */
  weigh(weight: number): number
  /** @param pageTitle what the page is called elsewhere: used when no heading of level 1 names it */
  finish(pageTitle?: string): ReadSections
}

export interface ReadSections {
  /** The first heading of level 1, else `pageTitle`, else the heading that opens the text, else empty. */
  readonly title: string
  /** Headings as paths below that title. */
  readonly sections: Section[]
}

interface Heading {
  readonly level: number
  readonly text: string
  readonly isLeftOut: boolean
}

interface OpenSection {
  readonly path: readonly Heading[]
  readonly anchor: string
  readonly chunks: string[]
  weight: number
}

/** What is nested deeper is no structure to search by, and would make every heading path long. */
const MAX_OPEN = 8

export function sectionWriter(): SectionWriter {
  const sections: OpenSection[] = [{ path: [], anchor: '', chunks: [], weight: 1 }]
  const outer: { section: OpenSection; baseLevel: number }[] = []
  let current = sections[0]!
  let baseLevel = 0
  let weight = 1
  // White space is written with the text after it, so that none is left before a border.
  let gap = ''
  let mark = ''
  let isRowBegun = false

  function write(text: string) {
    if (sections.length === 1 && current.chunks.length === 0) current.weight = weight
    if (current.chunks.length > 0) current.chunks.push(gap)
    current.chunks.push(mark, text)
    isRowBegun = true
    separate('')
  }

  function separate(next: string, nextMark = '') {
    gap = next
    mark = nextMark
  }

  function begin(heading: Heading, anchor: string) {
    const above = current.path.filter(({ level }) => level < heading.level)
    current = {
      path: heading.text === '' && !heading.isLeftOut ? above : [...above, heading],
      anchor,
      chunks: [],
      weight,
    }
    sections.push(current)
    separate('')
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
    endItem() {
      mark = ''
    },
    row() {
      isRowBegun = false
      if (gap !== '\n\n') gap = '\n'
    },
    endRow() {
      if (isRowBegun) separate('\n')
      isRowBegun = false
    },
    cell() {
      if (isRowBegun) separate(' ', '| ')
    },
    heading(level, text, anchor, isLeftOut = false) {
      begin({ level: baseLevel + level, text, isLeftOut }, anchor)
    },
    open(text, anchor) {
      outer.push({ section: current, baseLevel })
      if (outer.length > MAX_OPEN) {
        separate('\n\n')
        if (text !== '') write(text)
        return separate('\n\n')
      }
      baseLevel = Math.max(current.path.at(-1)?.level ?? baseLevel, 1) + 1
      begin({ level: baseLevel, text, isLeftOut: false }, anchor)
    },
    close() {
      const around = outer.pop()
      if (!around) return
      current = around.section
      baseLevel = around.baseLevel
      separate('\n\n')
    },
    weigh(next) {
      const before = weight
      weight = next
      return before
    },
    finish: (pageTitle = '') => finish(sections, pageTitle),
  }
}

function finish(open: readonly OpenSection[], pageTitle: string): ReadSections {
  const heading = titleHeading(open, pageTitle)
  const anchors = new Set<string>()
  const sections = open
    .filter(({ path }) => !path.some(({ isLeftOut }) => isLeftOut))
    .map(({ path, anchor, chunks, weight }) => ({
      headings: path.filter((one) => one !== heading).map(({ text }) => text),
      // Text right below the title is the top of the page.
      anchor: path.at(-1) === heading ? '' : firstUse(anchor, anchors),
      text: tidy(chunks.join('')),
      ...(weight !== 1 && { weight }),
    }))
    .filter(({ headings, text }) => headings.length > 0 || text !== '')
  const title = heading?.text ?? pageTitle
  // A page of nothing but its title can still be what is looked for.
  if (heading && !heading.isLeftOut && sections.length === 0) {
    sections.push({ headings: [], anchor: '', text: '' })
  }
  return { title, sections }
}

/** Browsers go to the first element with an id: sections that repeat it lead to the page instead. */
function firstUse(anchor: string, used: Set<string>): string {
  if (used.has(anchor)) return ''
  used.add(anchor)
  return anchor
}

/** The heading that says the same as the title of the page. */
function titleHeading(sections: readonly OpenSection[], pageTitle: string): Heading | undefined {
  const headings = sections.flatMap(({ path }) => path.slice(-1))
  const top = headings.find(({ level }) => level === 1)
  if (top) return top
  if (pageTitle !== '') return headings[0]?.text === pageTitle ? headings[0] : undefined
  return sections[0]!.chunks.length === 0 ? sections[1]?.path.at(-1) : undefined
}

/** No white space at the ends of lines, no more than one blank line. */
function tidy(text: string): string {
  const lines = text.split('\n').map((line) => line.trimEnd())
  return lines
    .filter((line, i) => line !== '' || lines[i - 1] !== '')
    .join('\n')
    .trim()
}
