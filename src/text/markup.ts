/**
 * What a page says to search engines of static sites in its markup. Our attributes are called
 * `data-lateen-…`; Pagefind's names mean the same, so a site can be indexed as it is.
 */
import type { Element } from 'domhandler'
import type { Metadata } from '../types.ts'
import { textBelow } from './walk.ts'

/** The value of `data-lateen-…` or `data-pagefind-…`; undefined when the element has neither. */
export function searchAttribute({ attribs }: Element, name: string): string | undefined {
  return attribs[`data-lateen-${name}`] ?? attribs[`data-pagefind-${name}`]
}

/** Parts that are not to be searched. */
export function isIgnored(element: Element): boolean {
  return searchAttribute(element, 'ignore') !== undefined || 'data-search-exclude' in element.attribs
}

/** The title a page gives itself for search. */
export function markedTitle(elements: readonly Element[]): string {
  return valuesOf(elements, 'meta').get('title')?.[0] ?? ''
}

/** Values for filters; a key that is given several times has a list of them. */
export function markedMetadata(elements: readonly Element[]): Metadata {
  const entries = [...valuesOf(elements, 'filter')].map(
    ([key, values]) => [key, values.length === 1 ? values[0]! : values] as const,
  )
  return Object.fromEntries(entries)
}

/** Reads `key`, `key:value` and `key[attribute]`, separated by commas. */
function valuesOf(elements: readonly Element[], name: string): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const element of elements) {
    for (const declaration of searchAttribute(element, name)?.split(',') ?? []) {
      const [, key = '', attribute, inline] =
        /^\s*([^:[\]]*[^:[\]\s])\s*(?:\[([^\]]*)\]|:(.*))?\s*$/.exec(declaration) ?? []
      if (key === '') continue
      const value = (attribute ? element.attribs[attribute] : inline) ?? textBelow(element)
      found.set(key, [...(found.get(key) ?? []), value.trim()])
    }
  }
  return found
}
