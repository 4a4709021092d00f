/** One hit as a group of options: the page, then the sections of it that answer too. */
import type { Hit } from '../index.ts'
import type { ExcerptPart, SectionHit } from '../types.ts'
import { el, setText } from './dom.ts'
import { icon } from './icons.ts'
import type { Words } from './strings.ts'

/** One thing the arrow keys can choose. */
export interface Option {
  readonly element: HTMLElement
  readonly hit?: Hit
  /** Present on the options of other sections of the hit's page. */
  readonly section?: SectionHit
  /** Present on recent searches. */
  readonly query?: string
}

export interface Row {
  readonly element: HTMLElement
  readonly options: readonly Option[]
  update(hit: Hit, related: boolean): void
}

export interface RowContext {
  readonly words: Words
  /** Address of a hit as a link; undefined when it has none that is safe. */
  readonly href: (url: string) => string | undefined
  /** Whether hits can be explained. */
  readonly explains: boolean
}

export function createRow(serial: number, { words, href, explains }: RowContext): Row {
  const { strings } = words
  const page = createOption(`hit-${serial}`, 'page', href)
  const why =
    explains &&
    el(
      'button',
      // The list may hold nothing but options: by keyboard the same is reached with an arrow, or behind the list.
      { type: 'button', class: 'row-why', 'aria-hidden': 'true', tabindex: '-1', title: strings.why },
      icon('why'),
    )
  const element = el('div', { class: 'hit', part: 'hit' })
  let sections = new Map<number, OptionView>()
  let options: readonly Option[] = []

  return {
    element,
    get options() {
      return options
    },
    update(hit, related) {
      const title = hit.title || hit.id || strings.untitled
      const meaningOnly = hit.legs.length === 1 && hit.legs[0] === 'semantic'
      element.classList.toggle('is-meaning', meaningOnly)
      page.update(hit.url, {
        title,
        path: hit.headings,
        excerpt: hit.excerpt,
        badge: meaningOnly ? strings.byMeaning : undefined,
      })
      sections = new Map(
        hit.sections.map((section) => {
          const view =
            sections.get(section.passage) ?? createOption(`hit-${serial}-${section.passage}`, 'section', href)
          const path = section.headings.slice(0, -1)
          view.update(section.url, {
            title: section.headings.at(-1) ?? title,
            path,
            excerpt: section.excerpt,
          })
          return [section.passage, view]
        }),
      )
      options = [
        { element: page.element, hit },
        ...hit.sections.map((section) => ({ element: sections.get(section.passage)!.element, hit, section })),
      ]
      // A group of one would only be said twice.
      element.setAttribute('role', related || sections.size > 0 ? 'group' : 'presentation')
      if (related) element.setAttribute('aria-label', `${strings.related}: ${title}`)
      else if (sections.size > 0) element.setAttribute('aria-label', title)
      else element.removeAttribute('aria-label')
      element.replaceChildren(
        page.element,
        ...(why ? [why] : []),
        ...[...sections.values()].map((view) => view.element),
      )
    },
  }
}

interface OptionText {
  readonly title: string
  readonly path: readonly string[]
  readonly excerpt: readonly ExcerptPart[]
  readonly badge?: string | undefined
}

interface OptionView {
  readonly element: HTMLElement
  update(url: string, text: OptionText): void
}

function createOption(id: string, kind: 'page' | 'section', href: RowContext['href']): OptionView {
  const title = el('span', { class: 'title', part: 'title', dir: 'auto' })
  const badge = el('span', { class: 'badge', part: 'badge', hidden: true })
  const path = el('span', { class: 'path', part: 'path' })
  const excerpt = el('span', { class: 'excerpt', part: 'excerpt', dir: 'auto' })
  // Also without an address it is an anchor, so that an address can come with better data.
  const element = el(
    'a',
    {
      class: `option ${kind}`,
      part: `option ${kind}`,
      id,
      role: 'option',
      'aria-selected': 'false',
      tabindex: '-1',
    },
    icon(kind),
    el(
      'span',
      { class: 'option-main' },
      el('span', { class: 'option-head' }, title, ' ', badge, ' ', path),
      ' ',
      excerpt,
    ),
    icon('enter'),
  )
  return {
    element,
    update(url, text) {
      const address = href(url)
      if (address === undefined) element.removeAttribute('href')
      else if (element.href !== address) element.href = address
      setText(title, text.title)
      setText(badge, text.badge ?? '')
      badge.hidden = text.badge === undefined
      path.replaceChildren(...text.path.map((part) => el('bdi', { class: 'path-part' }, part)))
      path.hidden = text.path.length === 0
      excerpt.replaceChildren(...marked(text.excerpt))
    },
  }
}

function marked(excerpt: readonly ExcerptPart[]): (Node | string)[] {
  return excerpt.map(({ text, marked: isMarked }) => (isMarked ? el('mark', { part: 'mark' }, text) : text))
}

/** A recent search: choosing it searches again. The button beside it is for pointers; keys have Delete. */
export function createRecent(
  query: string,
  position: number,
  removeLabel: string,
): { readonly element: HTMLElement; readonly option: Option } {
  const remove = el(
    'button',
    { type: 'button', class: 'recent-remove', 'aria-hidden': 'true', tabindex: '-1', title: removeLabel },
    icon('clear'),
  )
  const option = el(
    'div',
    {
      class: 'option recent',
      part: 'option recent',
      id: `recent-${position}`,
      role: 'option',
      'aria-selected': 'false',
    },
    icon('clock'),
    el('span', { class: 'option-main' }, el('bdi', { class: 'title' }, query)),
  )
  return {
    element: el('div', { class: 'recent-row', role: 'presentation' }, option, remove),
    option: { element: option, query },
  }
}
