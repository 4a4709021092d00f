/** HTML: the main content of a page as plain text, cut at its headings. */
import { type Element, isTag, isText, type ParentNode } from 'domhandler'
import { parseDocument } from 'htmlparser2'
import type { Details, Metadata, Section } from '../types.ts'
import { isWebAddress } from './address.ts'
import { noticeReader, surroundingsOf, titledReader, weightReader } from './context.ts'
import { definitionReader } from './definitions.ts'
import { readHead } from './head.ts'
import { anchorOf, HEADING, headingText } from './heading.ts'
import { indexedAttributes, isIgnored, readDeclared, searchAttribute } from './markup.ts'
import { isNoise } from './noise.ts'
import { type SectionWriter, sectionWriter } from './sections.ts'
import { closest, descend, elementsOf, findBelow, outermost } from './walk.ts'

/** What a reader finds in a text. */
export interface ReadText {
  /** Empty when the text has none. */
  readonly title: string
  readonly sections: readonly Section[]
  /** What the text says of itself for filters; `lang` is its language, e.g. `en`. */
  readonly metadata?: Metadata
  /** What the text wants shown with it. */
  readonly details?: Details
  /** The text asks to be left out of search. */
  readonly isLeftOut?: boolean
}

/** How a page of a site is read. */
export interface ReadOptions {
  /** The elements to read. @default the main content that the page marks or seems to have */
  readonly roots?: (page: ParentNode) => readonly ParentNode[]
  /** Elements to leave out, with all that is in them. */
  readonly excluded?: (page: ParentNode) => ReadonlySet<Element>
  /** Makes the title of the tab the title of the page. @default as it is */
  readonly pageTitle?: (tabTitle: string) => string
  /** Whether a heading of level 1 names the site and not the page. @default none does */
  readonly isSiteName?: (heading: string) => boolean
  /** Makes an address on the page an address of the site. @default as it is */
  readonly resolve?: (address: string) => string
}

/** Stand on lines of their own. */
const LINES = new Set('address body center dd div dt fieldset figcaption form hr main summary'.split(' '))
/** Are separated from what surrounds them by a blank line. */
const PARAGRAPHS = new Set(
  'article aside blockquote details dl figure h1 h2 h3 h4 h5 h6 header ol p pre section table ul'.split(' '),
)

/**
 * Reads the main content: what the markup marks as the body to search, else `main`, else the only
 * `article`, else the body. A notice in an `aside` is content, a list of links there is not.
 */
export function readHtml(html: string, options: ReadOptions = {}): ReadText {
  const { pageTitle = asItIs, resolve = asItIs } = options
  const document = parseDocument(html)
  const head = readHead(html)
  const excluded = options.excluded?.(document) ?? new Set()
  const roots =
    options.roots?.(document).flatMap((root): readonly ParentNode[] => markedBodies(root) ?? [root]) ??
    mainContent(document)
  const read = roots.filter((root) => !isTag(root) || !(isIgnored(root) || closest(root, isIgnored)))
  const out = sectionWriter()
  const pictures = read.flatMap((root) => readInto(out, root, excluded, options.isSiteName) ?? [])
  const declared = readDeclared(document, resolve, excluded)
  const { title, sections } = out.finish(declared.defaults['title'] || pageTitle(head.title))
  const { title: _, ...defaults } = declared.defaults
  return {
    title: declared.title || title,
    sections,
    metadata: { ...languageOf(head.lang), ...declared.metadata },
    details: { ...defaults, ...pictureOf(pictures[0], declared.details, resolve), ...declared.details },
    isLeftOut: read.length === 0 && roots.length > 0,
  }
}

/** Filter value of a language tag: its first part in lower case, so that `en` finds `en-GB` too. */
export function languageOf(tag: string): Metadata {
  const language = /^[a-z]{2,8}(?=$|[-_])/i.exec(tag.trim())?.[0].toLowerCase()
  return language ? { lang: language } : {}
}

/** The elements a page marks as what is to be searched; undefined when it marks none. */
export function markedBodies(page: ParentNode): readonly Element[] | undefined {
  const marked = outermost(page, (element) => searchAttribute(element, 'body') !== undefined)
  return marked.length > 0 ? marked : undefined
}

function mainContent(document: ParentNode): readonly ParentNode[] {
  const marked = markedBodies(document)
  if (marked) return marked
  const elements = elementsOf(document)
  const main = elements.find(({ name, attribs }) => name === 'main' || attribs['role'] === 'main')
  const articles = (main ? elementsOf(main) : elements).filter(({ name }) => name === 'article')
  // An article with the page's first heading leaves what surrounds it to the page: tables of contents, pagers.
  const holdsTitle =
    articles.length === 1 && findBelow(articles[0]!, (node) => isTag(node) && node.name === 'h1')
  if (articles.length === 1 && (!main || holdsTitle)) return articles
  return [main ?? elements.find(({ name }) => name === 'body') ?? document]
}

/** Returns the first picture on the way. */
function readInto(
  out: SectionWriter,
  root: ParentNode,
  excluded: ReadonlySet<Element>,
  isSiteName: (heading: string) => boolean = () => false,
): Element | undefined {
  const definitions = definitionReader(out)
  const weights = weightReader(out)
  const surroundings = surroundingsOf(root)
  const notices = noticeReader()
  const around = [surroundings, notices, titledReader(out)]
  const leaving = [...around, definitions, weights]
  out.paragraph()
  let picture: Element | undefined
  let codeDepth = 0
  if (isTag(root)) weights.enterRoot(root)
  descend(
    root,
    (node) => {
      if (isText(node)) {
        if (codeDepth > 0) out.verbatim(node.data)
        else out.text(node.data)
        return false
      }
      if (!isTag(node)) return true
      const level = HEADING.exec(node.name)?.[1]
      if (level && !excluded.has(node) && 'data-search-exclude' in node.attribs) {
        out.heading(Number(level), headingText(node), '', true)
        return false
      }
      if (excluded.has(node) || isIgnored(node) || isNoise(node) || !surroundings.isContent(node))
        return false
      weights.enter(node)
      if (level && !notices.isInside()) {
        const title = searchAttribute(node, 'title') ?? headingText(node)
        if (level !== '1' || !isSiteName(title)) out.heading(Number(level), title, anchorOf(node))
        weights.leave(node)
        return false
      }
      if (definitions.enter(node)) {
        weights.leave(node)
        return false
      }
      for (const reader of around) reader.enter(node)
      if (node.name === 'pre') codeDepth++
      if (node.name === 'img' && isWebAddress(node.attribs['src'] ?? '')) picture ??= node
      startElement(out, node, codeDepth > 0)
      return true
    },
    (element) => {
      if (element.name === 'pre') codeDepth--
      endElement(out, element)
      for (const reader of leaving) reader.leave(element)
    },
  )
  return picture
}

function startElement(out: SectionWriter, element: Element, isInCode: boolean): void {
  const { name, attribs } = element
  if (PARAGRAPHS.has(name)) out.paragraph()
  else if (LINES.has(name) || name === 'br') out.line()
  else if (name === 'li') out.line('- ')
  else if (name === 'tr') out.row()
  else if (name === 'td' || name === 'th') out.cell()
  else if (name === 'img') out.text(` ${attribs['alt'] ?? ''} `)
  // The same code in two languages: one of them is shown at a time.
  else if (isInCode && name === 'code' && element.prev && isTag(element.prev)) out.line()
  for (const value of indexedAttributes(element)) out.text(` ${value} `)
}

function endElement(out: SectionWriter, { name }: Element): void {
  if (name === 'tr') out.endRow()
  else if (name === 'li') out.endItem()
  else if (PARAGRAPHS.has(name)) out.paragraph()
  else if (LINES.has(name)) out.line()
}

function pictureOf(
  picture: Element | undefined,
  given: Details,
  resolve: (address: string) => string,
): Details {
  if (!picture || Object.hasOwn(given, 'image')) return {}
  const alt = picture.attribs['alt']?.trim() ?? ''
  return { image: resolve(picture.attribs['src']!), ...(alt !== '' && { image_alt: alt }) }
}

function asItIs(text: string): string {
  return text
}
