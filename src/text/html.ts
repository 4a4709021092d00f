/** HTML: the main content of a page as plain text, cut at its headings. */

import type { AnyNode, Document, Element } from 'domhandler'
import { isTag, isText } from 'domhandler'
import { parseDocument } from 'htmlparser2'
import type { Section } from '../types.ts'

export interface HtmlText {
  /** Text of the first h1, else of `<title>`, else empty. */
  readonly title: string
  readonly sections: Section[]
}

/** Never content, wherever they stand. */
const DROPPED = new Set([
  'script',
  'style',
  'template',
  'noscript',
  'svg',
  'math',
  'iframe',
  'object',
  'canvas',
  'audio',
  'video',
  'head',
  'nav',
  'aside',
  'footer',
  'form',
  'button',
  'select',
  'dialog',
])
/** Start on a line of their own. */
const BLOCKS = new Set([
  'address',
  'article',
  'blockquote',
  'body',
  'dd',
  'details',
  'div',
  'dl',
  'dt',
  'fieldset',
  'figcaption',
  'figure',
  'header',
  'hr',
  'li',
  'main',
  'ol',
  'p',
  'pre',
  'section',
  'summary',
  'table',
  'tbody',
  'tfoot',
  'thead',
  'tr',
  'ul',
])
/** Separated from what surrounds them by a blank line. */
const PARAGRAPHS = new Set([
  'p',
  'pre',
  'ul',
  'ol',
  'dl',
  'table',
  'blockquote',
  'section',
  'article',
  'figure',
  'details',
])
const HEADING = /^h([1-6])$/

/** Reads the main content: `main`, else `[role=main]`, else the only `article`, else the body. */
export function readHtml(html: string): HtmlText {
  const document = parseDocument(html)
  const root = mainContent(document)
  const reader = sectionReader()
  read(root, reader, false)
  const { sections, firstHeading } = reader.finish()
  return { title: firstHeading || textOf(find(document, ({ name }) => name === 'title')), sections }
}

function mainContent(document: Document): Document | Element {
  const articles = findAll(document, ({ name }) => name === 'article')
  return (
    find(document, ({ name }) => name === 'main') ??
    find(document, ({ attribs }) => attribs.role === 'main') ??
    (articles.length === 1 ? articles[0]! : undefined) ??
    find(document, ({ name }) => name === 'body') ??
    document
  )
}

function read(parent: Document | Element, out: SectionReader, isPre: boolean): void {
  for (const node of parent.children) {
    if (isText(node)) out.text(node.data, isPre)
    if (!isTag(node) || isHidden(node)) continue
    const { name } = node
    const level = HEADING.exec(name)?.[1]
    if (level) {
      out.heading(Number(level), textOf(node), anchorOf(node))
      continue
    }
    if (name === 'br') out.line()
    if (name === 'img') out.text(` ${node.attribs.alt ?? ''} `, false)
    const isBlock = BLOCKS.has(name)
    const isParagraph = PARAGRAPHS.has(name)
    if (isParagraph) out.paragraph()
    else if (isBlock) out.line()
    read(node, out, isPre || name === 'pre')
    if (name === 'td' || name === 'th') out.text(' ', false)
    if (isParagraph) out.paragraph()
    else if (isBlock) out.line()
  }
}

function isHidden({ name, attribs }: Element): boolean {
  return DROPPED.has(name) || 'hidden' in attribs || attribs['aria-hidden'] === 'true'
}

/** Id of the heading, of a link inside it, or of the section it opens. */
function anchorOf(heading: Element): string {
  const own = heading.attribs.id
  if (own) return own
  const inner = find(heading, ({ attribs }) => Boolean(attribs.id ?? attribs.name))
  if (inner) return inner.attribs.id ?? inner.attribs.name ?? ''
  const { parent } = heading
  const opensParent = parent && isTag(parent) && parent.children.find(isTag) === heading
  return (opensParent && parent.attribs.id) || ''
}

interface SectionReader {
  text(data: string, isPre: boolean): void
  line(): void
  paragraph(): void
  heading(level: number, text: string, anchor: string): void
  finish(): { sections: Section[]; firstHeading: string }
}

function sectionReader(): SectionReader {
  const sections: Section[] = []
  const path: { level: number; text: string }[] = []
  let anchor = ''
  let firstHeading = ''
  let text = ''

  function close() {
    const body = text.replace(/[^\S\n]+\n/g, '\n').trim()
    if (body !== '' || path.length > 0) {
      sections.push({ headings: path.map((heading) => heading.text), anchor, text: body })
    }
    text = ''
  }

  return {
    text(data, isPre) {
      if (isPre) text += data
      else {
        const folded = data.replace(/\s+/g, ' ')
        text += /\s$/.test(text) || text === '' ? folded.trimStart() : folded
      }
    },
    line() {
      if (text !== '' && !text.endsWith('\n')) text += '\n'
    },
    paragraph() {
      if (text === '') return
      while (!text.endsWith('\n\n')) text += '\n'
    },
    heading(level, heading, id) {
      // The first h1 names the document; what follows it belongs to no heading below the title.
      if (level === 1 && firstHeading === '') {
        if (text.trim() !== '') close()
        text = ''
        path.length = 0
        firstHeading = heading
        anchor = ''
        return
      }
      close()
      while (path.length > 0 && path.at(-1)!.level >= level) path.pop()
      if (heading !== '') path.push({ level, text: heading })
      anchor = id
    },
    finish() {
      close()
      return { sections, firstHeading }
    },
  }
}

/** Text of a node in one line; permalink signs of documentation generators are left out. */
function textOf(node: AnyNode | undefined): string {
  return collect(node)
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/\s*[¶#§]$/u, '')
}

function collect(node: AnyNode | undefined): string {
  if (!node) return ''
  if (isText(node)) return node.data
  if (isTag(node) && node.name !== 'title' && isHidden(node)) return ''
  return 'children' in node ? node.children.map(collect).join('') : ''
}

function find(root: Document | Element, test: (element: Element) => boolean): Element | undefined {
  for (const node of root.children) {
    if (!isTag(node)) continue
    const found = test(node) ? node : find(node, test)
    if (found) return found
  }
  return undefined
}

function findAll(root: Document | Element, test: (element: Element) => boolean): Element[] {
  return root.children
    .filter(isTag)
    .flatMap((node) => [...(test(node) ? [node] : []), ...findAll(node, test)])
}
