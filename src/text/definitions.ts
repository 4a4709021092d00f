/**
 * Definition lists whose terms can be linked to become sections of their own: functions and classes,
 * options, settings, words of a glossary.
 */
import type { Element } from 'domhandler'
import { headingText, termAnchor } from './heading.ts'
import type { SectionWriter } from './sections.ts'

/** A longer signature is text; its name is the heading. */
const MAX_HEADING_CHARS = 80
/** Lists of docutils whose terms are numbers and labels. */
const NOTES = /(?:^|\s)(?:footnote|citation|toc)(?:\s|$)/

interface OpenList {
  /** Whether a section is open for the term read last. */
  isOpen: boolean
  /** The next term shares its definition. */
  isAfterTerm: boolean
  readonly isIgnored: boolean
}

export interface DefinitionReader {
  /** True when the element has been read as a heading. */
  enter(element: Element): boolean
  leave(element: Element): void
}

export function definitionReader(out: SectionWriter): DefinitionReader {
  const lists: OpenList[] = []

  function readTerm(term: Element): boolean {
    const list = lists.at(-1)
    if (!list || list.isIgnored) return false
    if (list.isOpen && list.isAfterTerm) return false
    if (list.isOpen) out.close()
    const anchor = termAnchor(term)
    const signature = headingText(term)
    list.isOpen = anchor !== '' && /\p{L}/u.test(signature)
    list.isAfterTerm = list.isOpen
    if (!list.isOpen) return false
    const name = nameOf(signature)
    out.open(name, anchor)
    if (name !== signature) out.text(signature)
    return true
  }

  return {
    enter(element) {
      if (element.name === 'dl') {
        const isIgnored = NOTES.test(element.attribs['class'] ?? '')
        lists.push({ isOpen: false, isAfterTerm: false, isIgnored })
      } else if (element.name === 'dt') return readTerm(element)
      else if (element.name === 'dd' && lists.length > 0) lists.at(-1)!.isAfterTerm = false
      return false
    },
    leave(element) {
      if (element.name === 'dl' && lists.pop()?.isOpen) out.close()
    },
  }
}

/** The signature itself, or what stands before its arguments. */
function nameOf(signature: string): string {
  if (signature.length <= MAX_HEADING_CHARS) return signature
  const name = signature.split('(')[0]!.trim()
  if (name !== '' && name.length <= MAX_HEADING_CHARS) return `${name}(…)`
  return `${signature.slice(0, MAX_HEADING_CHARS).replace(/\p{Surrogate}$|\s+\S*$/u, '')}…`
}
