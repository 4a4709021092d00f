/** Where hits lead: addresses that cannot run code, and the words to show on arrival. */
import type { ExcerptPart } from '../types.ts'

/** Enough to be found again, few enough to stay within one line of text. */
const MOST_WORDS = 8

/** The absolute address of a hit; undefined for anything but http and https. */
export function hitUrl(url: string, siteRoot: string): string | undefined {
  if (url === '' || !URL.canParse(url, siteRoot)) return undefined
  const { href, protocol } = new URL(url, siteRoot)
  return protocol === 'http:' || protocol === 'https:' ? href : undefined
}

/** The address with the marked words of an excerpt as text to scroll to and highlight. */
export function withTextFragment(href: string, excerpt: readonly ExcerptPart[]): string {
  // Browsers without text fragments would take them for the name of an anchor.
  const words = 'fragmentDirective' in document ? phraseOf(excerpt) : ''
  if (words === '') return href
  // The dash is syntax of the directive, and encodeURIComponent leaves it alone.
  const text = encodeURIComponent(words).replaceAll('-', '%2D')
  return `${href}${href.includes('#') ? '' : '#'}:~:text=${text}`
}

/** The words around the first mark, as they stand in the page, within one sentence. */
export function phraseOf(excerpt: readonly ExcerptPart[]): string {
  const at = excerpt.findIndex(({ marked }) => marked)
  if (at < 0) return ''
  const before = excerpt
    .slice(0, at)
    .map(({ text }) => text)
    .join('')
  const after = excerpt
    .slice(at)
    .map(({ text }) => text)
    .join('')
  const head = before.split(BREAK).at(-1)!
  const tail = after.split(BREAK)[0]!
  const words = `${head}\u0000${tail}`.split(/\s+/).filter((word) => word !== '')
  const mark = words.findIndex((word) => word.includes('\u0000'))
  const start = Math.max(0, mark - MOST_WORDS / 2)
  return words
    .slice(start, start + MOST_WORDS)
    .join(' ')
    .replaceAll('\u0000', '')
    .trim()
}

/** Ends of sentences and of blocks, and the dots of a cut excerpt. */
const BREAK = /[\n…]|[.!?。！？]\s|[.!?。！？]$/

/**
 * Lets a click that nobody else handles go to the marked words. The link itself keeps its plain address:
 * that is what is copied, and what a router of the page reads.
 */
export function showWordsOnArrival(
  link: HTMLAnchorElement,
  event: Event,
  excerpt: readonly ExcerptPart[],
): void {
  const { href } = link
  const aim = (last: Event) => {
    if (last === event && !last.defaultPrevented) link.href = withTextFragment(href, excerpt)
    setTimeout(() => {
      link.href = href
    })
  }
  window.addEventListener(event.type, aim, { once: true })
}
