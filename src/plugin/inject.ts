/** The two tags that put search into a page, as text edits that can be repeated without effect. */

/** The file of the runtime that registers the element. */
export const ENTRY = 'lateen-search.js'
/** The search box. */
export const ELEMENT = 'lateen-search'
/** For a page whose layout is not known. */
const BOX = `<${ELEMENT} mode="floating"></${ELEMENT}>`

export interface Injection {
  /** Address of {@link ENTRY}, as the page is to ask for it. */
  readonly src: string
  /** Whether the search box itself is put at the end of the page, unless it has one. */
  readonly element: boolean
}

const HAS_SCRIPT = /<script\b[^>]*\blateen-search\.js\b/i
const HAS_ELEMENT = /<lateen-search[\s>]/i
const IS_PAGE = /<(?:!doctype|html|head|body)[\s>]/i

/**
 * A page with the script that registers the search box and, when asked, the box itself. What is there
 * already is not added again; text that is no page (a fragment, a feed) comes back unchanged. Both tags are
 * plain markup, so a policy that forbids inline scripts is content with them.
 */
export function inject(html: string, { src, element }: Injection): string {
  if (!IS_PAGE.test(html)) return html
  const script = HAS_SCRIPT.test(html) ? '' : `<script type="module" src="${attribute(src)}"></script>`
  const box = !element || HAS_ELEMENT.test(html) ? '' : BOX
  return withBox(withScript(html, script), box)
}

/** Into the head; a page that leaves its tags out, as it may, gets the script after its doctype. */
function withScript(html: string, script: string): string {
  const place = /<\/head>/i.exec(html) ?? /<body[\s>]/i.exec(html)
  if (place) return splice(html, place.index, script)
  const start = /<(?:head|html|!doctype)(?:\s[^>]*)?>/gi
  let after = 0
  while (start.exec(html)) after = start.lastIndex
  return splice(html, after, script)
}

/** To the end of the body: the last closing tag, because code samples may show earlier ones. */
function withBox(html: string, box: string): string {
  const end = html.toLowerCase().lastIndexOf('</body')
  return splice(html, end < 0 ? html.length : end, box)
}

const splice = (text: string, at: number, added: string) => text.slice(0, at) + added + text.slice(at)

const attribute = (value: string) => value.replaceAll('&', '&amp;').replaceAll('"', '&quot;')
