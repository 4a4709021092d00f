/** What the head of an HTML page says of the page, read without parsing what follows. */
import { Parser } from 'htmlparser2'

export interface PageHead {
  /** The title of the tab on one line; empty when there is none. */
  readonly title: string
  /** Language tag as written, e.g. `pt-BR`; empty when none is given. */
  readonly lang: string
  /** Address in `<link rel="canonical">`, as written; empty when none is given. */
  readonly canonical: string
  /** The page asks search engines to leave it out. */
  readonly isHidden: boolean
  /** The page sends its reader elsewhere. */
  readonly isRedirect: boolean
}

const HEAD_ELEMENTS = new Set('html head title meta link base script style noscript template'.split(' '))
/** May hold anything without ending the head: pictures that count visitors, for example. */
const INERT_ELEMENTS = new Set(['noscript', 'template'])

/** Reads up to the first element that belongs to the body. */
export function readHead(html: string): PageHead {
  const found = { title: '', lang: '', canonical: '', isHidden: false, isRedirect: false }
  let isInTitle = false
  let inertDepth = 0
  const parser = new Parser({
    onopentag(name, attribs) {
      if (INERT_ELEMENTS.has(name)) inertDepth++
      if (inertDepth > 0) return
      if (!HEAD_ELEMENTS.has(name)) parser.pause()
      else if (name === 'html') found.lang = (attribs['lang'] ?? attribs['xml:lang'] ?? '').trim()
      else if (name === 'title') isInTitle = found.title === ''
      else if (name === 'link') found.canonical ||= canonicalOf(attribs)
      else if (name === 'meta') {
        found.isHidden ||= asksToBeHidden(attribs)
        found.isRedirect ||= sendsAway(attribs)
      }
    },
    ontext(text) {
      if (isInTitle) found.title += text
    },
    onclosetag(name) {
      if (name === 'title') isInTitle = false
      else if (name === 'head') parser.pause()
      else if (INERT_ELEMENTS.has(name)) inertDepth--
    },
  })
  parser.write(html)
  return { ...found, title: found.title.replace(/\s+/g, ' ').trim() }
}

type Attributes = Readonly<Record<string, string>>

function canonicalOf({ rel = '', href = '' }: Attributes): string {
  return /(^|\s)canonical(\s|$)/i.test(rel) ? href.trim() : ''
}

function asksToBeHidden({ name = '', content = '' }: Attributes): boolean {
  return name.toLowerCase() === 'robots' && /(^|[\s,])(noindex|none)([\s,]|$)/i.test(content)
}

function sendsAway(attribs: Attributes): boolean {
  return attribs['http-equiv']?.toLowerCase() === 'refresh' && /url\s*=/i.test(attribs['content'] ?? '')
}
