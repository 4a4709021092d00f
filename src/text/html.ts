/** HTML: the main content of a page as plain text, cut at its headings. */
import { type Element, isTag, isText, type ParentNode } from 'domhandler'
import { parseDocument } from 'htmlparser2'
import type { Metadata, Section } from '../types.ts'
import { isIgnored, markedMetadata, markedTitle, searchAttribute } from './markup.ts'
import { type SectionWriter, sectionWriter } from './sections.ts'
import { closest, descend, elementsOf, textBelow } from './walk.ts'

/** What a reader finds in a text. */
export interface ReadText {
  /** Empty when the text has none. */
  readonly title: string
  readonly sections: readonly Section[]
  /** What the text says of itself for filters. */
  readonly metadata?: Metadata
}

/** Never content, wherever they stand. */
const DROPPED = new Set(
  `script style template noscript head nav footer svg annotation iframe object canvas audio video button
  select textarea datalist dialog`.split(/\s+/),
)
const DROPPED_ROLES = new Set(['navigation', 'search', 'banner', 'contentinfo', 'dialog'])
/** Stand on lines of their own. */
const LINES = new Set('address body center dd div dt fieldset figcaption form hr main summary tr'.split(' '))
/** Are separated from what surrounds them by a blank line. */
const PARAGRAPHS = new Set(
  'article aside blockquote details dl figure header ol p pre section table ul'.split(' '),
)
const HEADING = /^h([1-6])$/

/**
 * Reads the main content: what the markup marks as the body to search, else `main`, else the only
 * `article`, else the body. A notice in an `aside` is content, a list of links there is not.
 */
export function readHtml(html: string): ReadText {
  const document = parseDocument(html)
  const elements = elementsOf(document)
  const out = sectionWriter()
  for (const root of mainContent(document, elements)) readInto(out, root)
  const { title, sections } = out.finish()
  // The first heading of level 1 names a page better than its tab does; a lower one does not.
  const heading = elements.some(({ name }) => name === 'h1') ? title : ''
  const tab = elements.find(({ name }) => name === 'title')
  return {
    title: markedTitle(elements) || heading || (tab && textBelow(tab)) || title,
    sections,
    metadata: markedMetadata(elements),
  }
}

function mainContent(document: ParentNode, elements: readonly Element[]): ParentNode[] {
  const marked = elements.filter((element) => searchAttribute(element, 'body') !== undefined)
  if (marked.length > 0)
    return marked.filter((element) => !closest(element, (outer) => marked.includes(outer)))
  const main = elements.find(({ name, attribs }) => name === 'main' || attribs['role'] === 'main')
  const articles = (main ? elementsOf(main) : elements).filter(({ name }) => name === 'article')
  // An article with the page's first heading leaves what surrounds it to the page: tables of contents, pagers.
  const article = articles.find((candidate) => elementsOf(candidate).some(({ name }) => name === 'h1'))
  if (articles.length === 1 && (!main || article)) return articles
  return [main ?? elements.find(({ name }) => name === 'body') ?? document]
}

function readInto(out: SectionWriter, root: ParentNode): void {
  let codeDepth = 0
  descend(
    root,
    (node) => {
      if (isText(node)) {
        if (codeDepth > 0) out.verbatim(node.data)
        else out.text(node.data)
        return false
      }
      if (!isTag(node)) return true
      if (!isContent(node, root)) return false
      const level = HEADING.exec(node.name)?.[1]
      if (level) {
        out.heading(Number(level), headingText(node), anchorOf(node))
        return false
      }
      startElement(out, node)
      if (node.name === 'pre') codeDepth++
      return true
    },
    (element) => {
      if (element.name === 'pre') codeDepth--
      if (PARAGRAPHS.has(element.name)) out.paragraph()
      else if (LINES.has(element.name)) out.line()
    },
  )
}

function startElement(out: SectionWriter, element: Element): void {
  const { name, attribs } = element
  if (PARAGRAPHS.has(name)) out.paragraph()
  else if (LINES.has(name) || name === 'br') out.line()
  else if (name === 'li') out.line('- ')
  else if ((name === 'td' || name === 'th') && previousCell(element)) out.text(' | ')
  else if (name === 'img') out.text(` ${attribs['alt'] ?? ''} `)
}

function previousCell({ prev }: Element): boolean {
  let node = prev
  while (node && !isTag(node)) node = node.prev
  return node !== null
}

function isContent(element: Element, root: ParentNode): boolean {
  const { name, attribs } = element
  if (DROPPED.has(name) || DROPPED_ROLES.has(attribs['role'] ?? '') || isIgnored(element)) return false
  if (attribs['aria-hidden'] === 'true' || /display:\s*none/i.test(attribs['style'] ?? '')) return false
  // What a closed tab or fold hides is still there to be read.
  const canBeShown = attribs['role'] === 'tabpanel' || attribs['hidden'] === 'until-found'
  if ('hidden' in attribs && !canBeShown) return false
  if (name === 'header') return belongsToContent(element, root) && holdsHeading(element)
  if (name === 'aside') return belongsToContent(element, root) && !isListOfLinks(element)
  return true
}

/** False for the header and the asides of the page itself, around its content. */
function belongsToContent(element: Element, root: ParentNode): boolean {
  const rootIsPage = !isTag(root) || root.name === 'body'
  return !rootIsPage || closest(element, ({ name }) => /^(article|main|section)$/.test(name)) !== undefined
}

function holdsHeading(element: Element): boolean {
  return elementsOf(element).some(({ name }) => HEADING.test(name))
}

function isListOfLinks(element: Element): boolean {
  const inLinks = elementsOf(element)
    .filter(({ name }) => name === 'a')
    .reduce((length, link) => length + textBelow(link).length, 0)
  return inLinks * 2 >= textBelow(element).length
}

/** Without the permalink signs of documentation generators. */
function headingText(heading: Element): string {
  return textBelow(heading, (element) => {
    const isPermalink =
      element.name === 'a' &&
      element.attribs['href']?.startsWith('#') &&
      !/[\p{L}\p{N}]/u.test(textBelow(element))
    return isPermalink || DROPPED.has(element.name) || element.attribs['aria-hidden'] === 'true'
  })
}

/** Id of the heading, of a link inside it, or of the section it opens. */
function anchorOf(heading: Element): string {
  if (heading.attribs['id']) return heading.attribs['id']
  for (const { name, attribs } of elementsOf(heading)) {
    const inner = attribs['id'] ?? (name === 'a' ? attribs['name'] : undefined)
    if (inner) return inner
  }
  const { parent } = heading
  const opensParent = parent && isTag(parent) && parent.children.find(isTag) === heading
  return (opensParent && parent.attribs['id']) || ''
}
