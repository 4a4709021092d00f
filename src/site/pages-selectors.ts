/** CSS selectors that say which parts of pages are read. */
import { compile, selectAll } from 'css-select'
import { type Element, isTag, type ParentNode } from 'domhandler'
import { LateenError } from '../errors.ts'
import { outermost } from '../text/walk.ts'

/** The outermost elements below a page that a selector matches. */
export type Select = (page: ParentNode) => Element[]

/**
 * @param option name of the option, for errors
 * @throws LateenError `bad-argument`, naming the selector, when it cannot be understood
 */
export function selectorOf(selector: string, option: string): Select {
  try {
    compile(selector)
  } catch (cause) {
    throw new LateenError(
      'bad-argument',
      `Expected a CSS selector in ${option}, found "${selector}": ${cause instanceof Error ? cause.message : cause}.`,
      { cause },
    )
  }
  return (page) => {
    const matched = new Set<unknown>(selectAll(selector, page.children))
    return outermost(page, (element) => isTag(element) && matched.has(element))
  }
}
