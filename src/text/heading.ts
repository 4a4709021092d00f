/** Headings of an HTML page: what they say and where a link to them leads. */
import { type Element, isTag, isText, type ParentNode } from 'domhandler'
import { isNoise } from './noise.ts'
import { findBelow, textBelow } from './walk.ts'

export const HEADING = /^h([1-6])$/

/** Elements that stand in front of a heading without being content of what it opens. */
const INLINE = new Set('a span small sup sub i b em strong code img br wbr'.split(' '))
/** Siblings looked at in front of a heading. */
const MAX_SIBLINGS = 8

/** Without permalink signs, unless the heading is nothing else. */
export function headingText(heading: Element): string {
  return (
    textBelow(heading, isNoise) || textBelow(heading, ({ name }) => name === 'script' || name === 'style')
  )
}

/** Id of the heading, of a link in it or right before it, or of the element it opens; else empty. */
export function anchorOf(heading: Element): string {
  return ownAnchor(heading) || anchorBefore(heading) || anchorAround(heading)
}

/** Id of a term: its own or that of a link in it; what else has an id in there is a target of its own. */
export function termAnchor(term: Element): string {
  return term.attribs['id'] || firstId(term, (element) => element.name === 'a' && !isNoise(element))
}

/** Id of the element or of something in it. */
function ownAnchor(element: Element): string {
  return idOf(element) || firstId(element, () => true)
}

function firstId(root: Element, test: (element: Element) => boolean): string {
  const found = findBelow(root, (node) => isTag(node) && idOf(node) !== '' && test(node))
  return found && isTag(found) ? idOf(found) : ''
}

function idOf({ name, attribs }: Element): string {
  return attribs['id'] ?? (name === 'a' ? attribs['name'] : undefined) ?? ''
}

/** An empty link with an id, right before the heading. */
function anchorBefore({ prev }: Element): string {
  let node = prev
  while (node && isText(node) && node.data.trim() === '') node = node.prev
  return node && isTag(node) && (node.name === 'a' || node.name === 'span') && !hasText(node)
    ? ownAnchor(node)
    : ''
}

/** The heading is the first thing in it that says something. */
function anchorAround(heading: Element): string {
  let opened: Element = heading
  while (opensParent(opened)) {
    opened = opened.parent as Element
    if (opened.name === 'body' || opened.name === 'main') break
    if (opened.attribs['id']) return opened.attribs['id']
  }
  return ''
}

function opensParent({ prev, parent }: Element): boolean {
  if (!parent || !isTag(parent)) return false
  let node = prev
  for (let i = 0; node; node = node.prev, i++) {
    if (i === MAX_SIBLINGS) return false
    if (isText(node) && node.data.trim() !== '') return false
    if (isTag(node) && !INLINE.has(node.name) && !isNoise(node) && hasText(node)) return false
  }
  return true
}

function hasText(root: ParentNode): boolean {
  return findBelow(root, (node) => isText(node) && node.data.trim() !== '') !== undefined
}
