/** Pages of a built site become documents: which of them are searched, under which address, and what they say. */
import type { Element } from 'domhandler'
import { Parser, parseDocument } from 'htmlparser2'
import { isLateenError, LateenError } from '../errors.ts'
import { decodeText } from '../text/file.ts'
import { type PageHead, readHead } from '../text/head.ts'
import { headingText } from '../text/heading.ts'
import { languageOf, type ReadOptions } from '../text/html.ts'
import { parsePage } from '../text/parse.ts'
import { outermost } from '../text/walk.ts'
import type { ParsedDocument } from '../types.ts'
import {
  type AddressOptions,
  addressOfPath,
  givenAddress,
  prefixOf,
  resolveOnPage,
  withPrefix,
} from './pages-address.ts'
import { canonicalAddresses } from './pages-canonical.ts'
import { selectorOf } from './pages-selectors.ts'
import { siteTitles } from './pages-titles.ts'

export interface SitePage {
  /** Path of the file in the site, with `/` between folders. */
  readonly path: string
  /** Address, relative to the root of the site or absolute. @default what the path and the page itself say */
  readonly url?: string
  /** Text, or bytes in the encoding that the page declares. */
  readonly source: string | Uint8Array
  readonly format: 'html' | 'markdown'
}

export interface PageOptions extends AddressOptions {
  /** CSS selector of the elements to read. @default the main content of the page */
  readonly rootSelector?: string
  /** CSS selectors of what is left out. */
  readonly excludeSelectors?: string | readonly string[]
  /** Language tag of every page, whatever it says of itself. */
  readonly forceLanguage?: string
}

/** Why a page is not searched. */
export const SKIP_REASONS = [
  /** It has neither text nor a heading. */
  'no text',
  /** `<meta name="robots" content="noindex">`. */
  'noindex',
  /** It sends its reader elsewhere. */
  'redirect',
  /** The page that a host shows for what is not there. */
  'error page',
  /** It calls another page of the site the original. */
  'copy of another page',
  /** A page read before it has the same address. */
  'same address as another page',
  /** Other pages mark what is to be searched, and this one does not. */
  'no search body',
  /** Nothing on it matches the root selector. */
  'nothing at the root selector',
  /** It asks to be left out: by an attribute on its body or in its front matter. */
  'left out by the page',
  /** Binary data, an encoding that does not fit, markup nested too deeply. */
  'unreadable',
] as const

export type SkipReason = (typeof SKIP_REASONS)[number]

export type PageResult =
  | { readonly document: ParsedDocument }
  | { readonly skipped: SkipReason /** What exactly is wrong. */; readonly detail?: string }

/** Goes through a site twice: rules for the whole site come from all of its pages. */
export interface PageReader {
  /** Takes note of a page. Every page is given once before any is read. */
  first(page: SitePage): void
  /** The document's id is its address relative to the root of the site. */
  read(page: SitePage): PageResult
}

/** @throws LateenError `bad-argument` on a selector, base or language that cannot be used */
export function pageReader(options: PageOptions = {}): PageReader {
  const { excludeSelectors = [] } = options
  const prefix = prefixOf(options.base)
  const root = options.rootSelector ? selectorOf(options.rootSelector, 'rootSelector') : undefined
  const excluded = [excludeSelectors].flat().map((selector) => selectorOf(selector, 'excludeSelectors'))
  const forced = languageOf(options.forceLanguage ?? '')
  if (options.forceLanguage !== undefined && !forced['lang']) {
    throw new LateenError(
      'bad-argument',
      `Expected forceLanguage as a language tag such as "en" or "pt-BR", found "${options.forceLanguage}".`,
    )
  }
  const titles = siteTitles()
  const canonicals = canonicalAddresses()
  const taken = new Set<string>()
  let isBodyMarked = false

  function addressOf(page: SitePage, head: PageHead | undefined): string {
    const given = page.url === undefined ? undefined : givenAddress(page.url, prefix)
    if (given !== undefined) return given
    const isChosen = options.keepIndexUrl || options.cleanUrls
    const own = isChosen || !head ? undefined : canonicals.ownAddress(page.path, head.canonical)
    return own ?? addressOfPath(page.path, options)
  }

  function reasonToSkip(page: SitePage, text: string, head: PageHead): SkipReason | undefined {
    if (/(?:^|\/)404(?:\/index)?\.html?$/i.test(page.path)) return 'error page'
    if (head.isRedirect) return 'redirect'
    if (head.isHidden) return 'noindex'
    if (isBodyMarked && !marksBody(text)) return 'no search body'
    return canonicals.isCopy(page.path, head.canonical) ? 'copy of another page' : undefined
  }

  function readText(page: SitePage, text: string, head: PageHead | undefined): PageResult {
    const id = addressOf(page, head)
    if (taken.has(id)) return { skipped: 'same address as another page', detail: id }
    let isRootFound = true
    const readOptions: ReadOptions = {
      ...(root && {
        roots(parsed) {
          const roots = root(parsed)
          isRootFound = roots.length > 0
          return roots
        },
      }),
      excluded: (parsed) => new Set<Element>(excluded.flatMap((select) => select(parsed))),
      pageTitle: (title) => titles.withoutSite(title, head?.lang ?? ''),
      isSiteName: (heading) => titles.isSiteName(heading, head?.lang ?? ''),
      resolve: (address) => withPrefix(prefix, resolveOnPage(id, address)),
    }
    const { document, isLeftOut } = parsePage(
      { id, url: withPrefix(prefix, id), text, format: page.format, metadata: forced },
      readOptions,
    )
    if (isLeftOut) return { skipped: 'left out by the page' }
    if (!isRootFound) return { skipped: 'nothing at the root selector' }
    if (document.sections.length === 0) return { skipped: 'no text' }
    taken.add(id)
    return { document }
  }

  return {
    first(page) {
      const text = readable(page)
      if (page.format !== 'html' || text === undefined) return
      const head = readHead(text)
      if (head.isHidden || head.isRedirect) return
      titles.note(head.title, firstHeading(text), head.lang)
      canonicals.note(page.path, head.canonical)
      isBodyMarked ||= marksBody(text)
    },
    read(page) {
      try {
        const text = textOf(page)
        const head = page.format === 'html' ? readHead(text) : undefined
        const skipped = head && reasonToSkip(page, text, head)
        return skipped ? { skipped } : readText(page, text, head)
      } catch (error) {
        if (!isLateenError(error, 'bad-document')) throw error
        return { skipped: 'unreadable', detail: error.message }
      }
    },
  }
}

function textOf({ path, source, format }: SitePage): string {
  return typeof source === 'string' ? source : decodeText(source, path, format)
}

/** Undefined where reading the page will say what is wrong with it. */
function readable(page: SitePage): string | undefined {
  try {
    return textOf(page)
  } catch (error) {
    if (isLateenError(error, 'bad-document')) return undefined
    throw error
  }
}

/** A heading is longer than this only by mistake. */
const MAX_HEADING_CHARS = 4_000

function firstHeading(html: string): string {
  const start = html.search(/<h1[\s>]/i)
  if (start < 0) return ''
  const parsed = parseDocument(html.slice(start, start + MAX_HEADING_CHARS))
  const [heading] = outermost(parsed, ({ name }) => name === 'h1')
  return heading ? headingText(heading) : ''
}

/** Whether an element is marked as what is to be searched; mentioning the attribute is not enough. */
function marksBody(html: string): boolean {
  if (!/data-(?:lateen|pagefind)-body/i.test(html)) return false
  let isMarked = false
  const parser = new Parser({
    onopentag(_, attribs) {
      if (!('data-lateen-body' in attribs) && !('data-pagefind-body' in attribs)) return
      isMarked = true
      parser.pause()
    },
  })
  parser.write(html)
  return isMarked
}
