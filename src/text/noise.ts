/** What stands on a page without being what the page says: navigation, buttons, gutters, notices of the site. */
import { type Element, isTag, isText } from 'domhandler'
import { findBelow, textBelow } from './walk.ts'

/** Never content, wherever they stand. */
const DROPPED = new Set(
  `script style template noscript head nav footer svg annotation iframe object canvas audio video button
  select textarea datalist dialog rt rp`.split(/\s+/),
)

const DROPPED_ROLES = new Set('navigation search banner contentinfo dialog alertdialog doc-toc'.split(' '))

/** Classes by which generators and themes mark such parts. */
const DROPPED_CLASSES = new Set(
  `navheader navfooter nav-panel breadcrumb breadcrumbs rustdoc-breadcrumbs tsd-breadcrumb navpath nav-path t-navbar
  toc toctitle table-of-contents tableofcontents toctree-wrapper on-this-page
  indextable genindextable modindextable genindex-jumpbox modindex-jumpbox indexdiv
  pagination pagination-nav pager prev-next prevnext page-nav post-navigation rst-footer-buttons
  edit-link edit-page edit-page-link edit-this-page theme-edit-this-page editsection mw-editsection
  headerlink header-anchor hash-link anchor-link anchorlink heading-anchor heading-link sl-anchor-link permalink
  indexterm viewcode-link viewcode-back tsd-anchor-icon rightside rustdoc-toolbar hideme
  linenos lineno linenodiv line-numbers-rows line-numbers-wrapper hljs-ln-numbers rouge-gutter lnt gutter
  src-line-numbers blob-num copybtn copy-button clipboard-copy
  cookie-banner cookie-consent cookie-notice cookiebanner cookieconsent cc-window cc-banner onetrust-consent-sdk
  searchbox search-box search-form skip-link skip-to-content skip-to-main-content skiplink skip-nav
  sphinxsidebar footer site-footer page-footer printfooter catlinks mw-jump`.split(/\s+/),
)

/** Ids of such parts, looked at where they are not likely to be the anchor of a heading. */
const DROPPED_IDS = new Set(
  'toc footer breadcrumbs siteSub contentSub jump-to-nav catlinks cookie-banner onetrust-consent-sdk'.split(
    ' ',
  ),
)
const BOXES = new Set(['div', 'table', 'ul', 'p'])
/** Are content, whatever they are called. */
const NEVER_NAMED = /^(?:html|body|main|article|section|h[1-6]|dt|dd)$/

/** Elements that are never content. What is hidden for the moment, in a closed tab or fold, is. */
export function isNoise(element: Element): boolean {
  const { name, attribs } = element
  if (DROPPED.has(name) || DROPPED_ROLES.has(attribs['role'] ?? '')) return true
  if (attribs['aria-hidden'] === 'true' || /display:\s*none/i.test(attribs['style'] ?? '')) return true
  if ('hidden' in attribs && attribs['role'] !== 'tabpanel' && attribs['hidden'] !== 'until-found')
    return true
  if (name === 'a') return isNoiseLink(element)
  if (LINES_OF_LINKS.has(name) && isPager(element)) return true
  return isNamedNoise(element)
}

function isNamedNoise({ name, attribs }: Element): boolean {
  if (NEVER_NAMED.test(name)) return false
  const classes = attribs['class']?.split(/\s+/) ?? []
  const isSection = classes.includes('section')
  if (BOXES.has(name) && !isSection && DROPPED_IDS.has(attribs['id'] ?? '')) return true
  // Docutils calls a list of links to the headings below it the contents of a topic.
  const isContents = classes.includes('contents') && (classes.includes('topic') || classes.includes('local'))
  return isContents || classes.some((one) => DROPPED_CLASSES.has(one))
}

/** Number sign, pilcrow, chain and their like; operators are names of what a link leads to. */
const LINK_SIGN = /^(?:#|[^\p{ASCII}\p{L}\p{N}])*$/u

const LINES_OF_LINKS = new Set(['p', 'li', 'td', 'center', 'span'])
const MAX_PAGER_NODES = 16

/** A line like “Next: …, Previous: …, Up: …”. */
function isPager({ children }: Element): boolean {
  return (
    children.length <= MAX_PAGER_NODES &&
    children.some((child) => isTag(child) && child.name === 'a' && leadsToNeighbour(child))
  )
}

function leadsToNeighbour({ attribs }: Element): boolean {
  return /(^|\s)(prev|next)(\s|$)/.test(attribs['rel'] ?? '')
}

/** Permalink signs, pagers and links to the editor; a link that is all there is of a heading is kept by it. */
function isNoiseLink(link: Element): boolean {
  const { href = '', rel = '' } = link.attribs
  if (leadsToNeighbour(link) || /(^|\s)edit(\s|$)/.test(rel)) return true
  if (isNamedNoise(link)) return true
  if (href.startsWith('#')) return LINK_SIGN.test(textBelow(link))
  return /\/_?edit\//.test(href) && /^\W*(edit|improve|suggest|fix)\b/i.test(textBelow(link))
}

const NOTICES = new Set(
  `note tip hint info important warning caution danger error attention example seealso success question
  admonition callout alert custom-block notice`.split(/\s+/),
)

/** A box in the text, whose title says what kind of box it is and begins no section. */
export function isNotice({ name, attribs }: Element): boolean {
  if (!/^(?:div|aside|blockquote|details|table)$/.test(name)) return false
  return attribs['class']?.split(/\s+/).some((one) => NOTICES.has(one)) ?? false
}

/** Whether more than half of the text is in links. */
export function isListOfLinks(element: Element): boolean {
  let length = 0
  let inLinks = 0
  findBelow(element, (node) => {
    if (isText(node)) length += node.data.trim().length
    else if ('name' in node && node.name === 'a') inLinks += textBelow(node as Element).length
    return false
  })
  return inLinks * 2 >= length
}
