/**
 * What a page says to search engines of static sites in its markup. Our attributes are called
 * `data-lateen-…`; Pagefind's names mean the same, so a site can be indexed as it is.
 */
import { type Element, isTag, type ParentNode } from 'domhandler'
import type { Details, Metadata } from '../types.ts'
import { isWebAddress } from './address.ts'
import { descend, textBelow } from './walk.ts'

/** What the markup declares beside the text. */
export interface Declared {
  /** Empty when none is given. */
  readonly title: string
  readonly metadata: Metadata
  readonly details: Details
  /** Values for what is found nowhere else, `title` among them. */
  readonly defaults: Details
}

const NAMES = ['body', 'ignore', 'index-attrs', 'meta', 'default-meta', 'filter', 'weight', 'title'] as const
type Name = (typeof NAMES)[number]

/** Written out once: they are looked up on every element. */
const ATTRIBUTES = Object.fromEntries(
  NAMES.map((name) => [name, [`data-lateen-${name}`, `data-pagefind-${name}`]]),
) as Record<string, readonly string[]> as Readonly<Record<Name, readonly [string, string]>>

/** The value of `data-lateen-…` or `data-pagefind-…`; undefined when the element has neither. */
export function searchAttribute({ attribs }: Element, name: Name): string | undefined {
  const [own, alias] = ATTRIBUTES[name]
  return attribs[own] ?? attribs[alias]
}

/** Parts that are not to be searched. */
export function isIgnored(element: Element): boolean {
  return searchAttribute(element, 'ignore') !== undefined || 'data-search-exclude' in element.attribs
}

/** Weight that an element gives the sections that begin in it, 0 to 10; undefined when it gives none. */
export function weightOf(element: Element): number | undefined {
  const value = searchAttribute(element, 'weight')?.trim()
  const weight = value ? Number(value) : Number.NaN
  return Number.isNaN(weight) ? undefined : Math.min(Math.max(weight, 0), 10)
}

/** Values of the attributes that an element wants to be read like its text. */
export function indexedAttributes(element: Element): string[] {
  const names = searchAttribute(element, 'index-attrs')?.split(',') ?? []
  return names.flatMap((name) => element.attribs[name.trim().toLowerCase()] ?? [])
}

/** Attributes whose values are addresses. */
const ADDRESSES = new Set('href src data-src poster'.split(' '))

/**
 * Title, filters and details of a page. A key of a filter that is given several times has a list of values;
 * the first value of a detail counts. Addresses that are neither http(s) nor relative are left out.
 *
 * @param resolve makes an address of the page one of the site
 */
export function readDeclared(
  page: ParentNode,
  resolve: (address: string) => string,
  excluded: ReadonlySet<Element>,
): Declared {
  const filters = new Map<string, Set<string>>()
  const details = new Map<string, string>()
  const defaults = new Map<string, string>()
  const first = (found: Map<string, string>) => (key: string, value: string, isAddress: boolean) => {
    const shown = isAddress || key === 'image' ? addressOf(value, resolve) : value
    if (shown !== '' && !found.has(key)) found.set(key, shown)
  }
  descend(page, (node) => {
    if (!isTag(node)) return true
    if (excluded.has(node)) return false
    readValues(node, 'filter', (key, value) => {
      const values = filters.get(key)
      if (values) values.add(value)
      else filters.set(key, new Set([value]))
    })
    readValues(node, 'meta', first(details))
    readValues(node, 'default-meta', first(defaults))
    return searchAttribute(node, 'ignore') !== 'all'
  })
  const title = details.get('title') ?? ''
  details.delete('title')
  return {
    title,
    metadata: Object.fromEntries(
      [...filters].map(([key, [first, ...others]]) => [
        key,
        others.length === 0 ? first! : [first!, ...others],
      ]),
    ),
    details: Object.fromEntries(details),
    defaults: Object.fromEntries(defaults),
  }
}

function isCode({ name }: Element): boolean {
  return name === 'script' || name === 'style'
}

function addressOf(value: string, resolve: (address: string) => string): string {
  return isWebAddress(value) ? resolve(value) : ''
}

/** Reads `key`, `key[attribute]` and, last because it goes on to the end, `key:value`. */
function readValues(
  element: Element,
  name: Name,
  found: (key: string, value: string, isAddress: boolean) => void,
): void {
  let rest = searchAttribute(element, name) ?? ''
  while (rest.trim() !== '') {
    const [whole, key, attribute, inline] =
      /^\s*([^:[\],]+?)\s*(?:\[([^\]]*)\]\s*|:([\s\S]*))?(?:,|$)/.exec(rest) ?? []
    if (whole === undefined || key === undefined) return
    rest = rest.slice(whole.length)
    const given = attribute === undefined ? inline : element.attribs[attribute.trim().toLowerCase()]
    if (attribute !== undefined && given === undefined) continue
    const value = (given ?? textBelow(element, isCode)).trim()
    if (value !== '') found(key, value, ADDRESSES.has(attribute?.trim() ?? ''))
  }
}
