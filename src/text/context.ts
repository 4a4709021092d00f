/** What the elements around a text say of it. */
import { type Element, isTag, type ParentNode } from 'domhandler'
import { HEADING } from './heading.ts'
import { searchAttribute, weightOf } from './markup.ts'
import { isListOfLinks, isNotice } from './noise.ts'
import type { SectionWriter } from './sections.ts'
import { closest, findBelow } from './walk.ts'

/** The header and the asides of a page around its content are not content; those in it are. */
export function surroundingsOf(root: ParentNode) {
  let depth = isTag(root) && root.name !== 'body' && root.name !== 'html' ? 1 : 0
  let trusted = 0
  const isContainer = ({ name }: Element) => name === 'article' || name === 'main' || name === 'section'
  const isDoubtful = ({ name }: Element) => name === 'header' || name === 'aside'
  return {
    isContent(element: Element): boolean {
      if (!isDoubtful(element) || trusted > 0) return true
      if (depth === 0) return false
      return element.name === 'aside' ? !isListOfLinks(element) : holdsHeading(element)
    },
    enter(element: Element): void {
      if (isContainer(element)) depth++
      if (isDoubtful(element)) trusted++
    },
    leave(element: Element): void {
      if (isContainer(element)) depth--
      if (isDoubtful(element)) trusted--
    },
  }
}

/** Boxes in the text, whose titles begin no sections. */
export function noticeReader() {
  let depth = 0
  return {
    isInside: () => depth > 0,
    enter(element: Element): void {
      if (isNotice(element)) depth++
    },
    leave(element: Element): void {
      if (isNotice(element)) depth--
    },
  }
}

function holdsHeading(element: Element): boolean {
  return findBelow(element, (node) => isTag(node) && HEADING.test(node.name)) !== undefined
}

/** Sections weigh what the innermost element around their beginning says. */
export function weightReader(out: SectionWriter) {
  const outer: { element: Element; weight: number }[] = []
  return {
    enterRoot(root: Element): void {
      const weighed =
        weightOf(root) === undefined ? closest(root, (around) => weightOf(around) !== undefined) : root
      out.weigh((weighed && weightOf(weighed)) ?? 1)
    },
    enter(element: Element): void {
      const weight = weightOf(element)
      if (weight !== undefined) outer.push({ element, weight: out.weigh(weight) })
    },
    leave(element: Element): void {
      if (outer.at(-1)?.element === element) out.weigh(outer.pop()!.weight)
    },
  }
}

/** Elements that are sections because they have an id and a title for search. */
export function titledReader(out: SectionWriter) {
  const open: Element[] = []
  return {
    enter(element: Element): void {
      const title = searchAttribute(element, 'title')?.trim()
      const { id } = element.attribs
      if (!title || !id) return
      out.open(title, id)
      open.push(element)
    },
    leave(element: Element): void {
      if (open.at(-1) !== element) return
      open.pop()
      out.close()
    },
  }
}
