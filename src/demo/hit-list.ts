/** The results: a grid of rows the search box walks through, and an ordinary list of links for Tab and pointer. */

import { el, glide, placeChildren, setText } from '../element/dom.ts'
import { hitUrl } from '../element/links.ts'
import type { HitData } from '../types.ts'
import type { DemoHit } from './port.ts'
import { strings } from './strings.ts'

export interface HitListOptions {
  readonly grid: HTMLElement
  /** Hits of this corpus lead to pages; else the title opens the passage. */
  readonly pagesAt: () => string | undefined
  readonly onWhy: (hit: DemoHit) => void
  readonly onRead: (hit: DemoHit) => void
  /** The active hit changed by keyboard. */
  readonly onActive: (hit: DemoHit) => void
}

export interface HitList {
  render(hits: readonly DemoHit[]): void
  /** Moves the active row; above the first one no row is active. */
  moveRow(by: 1 | -1): void
  /** Moves along the cells of the active row. */
  moveCell(by: 1 | -1): void
  clearActive(): void
  /** Id of the active cell, for `aria-activedescendant`. */
  activeId(): string | undefined
  /** Follows the active cell with the modifier keys of the event. */
  activate(event: KeyboardEvent): void
  /** The reader is in the list: by arrow keys, pointer or focus. */
  engaged(): boolean
  /** Marks the hit that the side pane shows. */
  markOpen(id: string | undefined): void
}

interface Row {
  hit: DemoHit
  readonly element: HTMLElement
  readonly cells: readonly HTMLElement[]
  update(hit: DemoHit): void
}

export function createHitList({ grid, pagesAt, onWhy, onRead, onActive }: HitListOptions): HitList {
  const linkOf = ({ url }: DemoHit) => {
    const pages = pagesAt()
    return pages === undefined ? undefined : hitUrl(url, pages)
  }
  let rows: Row[] = []
  let active: { row: Row; cell: number } | undefined
  let serial = 0

  const activeCell = () => active?.row.cells[active.cell]

  function setActive(next: typeof active): void {
    active?.row.element.classList.remove('is-active')
    for (const cell of active?.row.cells ?? []) cell.classList.remove('is-active-cell')
    active = next
    if (!active) return
    active.row.element.classList.add('is-active')
    activeCell()?.classList.add('is-active-cell')
    active.row.element.scrollIntoView({ block: 'nearest' })
  }

  function createRow(first: DemoHit): Row {
    const id = `hit-${++serial}`
    const title = el('span', { class: 'hit-title', dir: 'auto' })
    const opener = linkOf(first) ? el('a', { class: 'hit-open' }, title) : readButton(title)
    const path = el('span', { class: 'hit-path' })
    const legs = el('span', { class: 'hit-legs' })
    const excerpt = el('p', { class: 'hit-excerpt', dir: 'auto' })
    const why = el('button', { type: 'button', class: 'quiet' }, strings.results.why)
    const read = el('button', { type: 'button', class: 'quiet' }, strings.results.read)
    const main = el('div', { role: 'gridcell', class: 'hit-main', id: `${id}-open` })
    main.append(el('div', { class: 'hit-head' }, opener, legs), path, excerpt)
    const whyCell = el('div', { role: 'gridcell', class: 'hit-why', id: `${id}-why` }, why)
    const readCell = el('div', { role: 'gridcell', class: 'hit-read', id: `${id}-read` }, read)
    const row: Row = {
      hit: first,
      element: el('div', { role: 'row', class: 'hit' }, main, whyCell, readCell),
      cells: [main, whyCell, readCell],
      update(hit) {
        row.hit = hit
        row.element.dataset['legs'] = hit.legs.join(' ')
        const name = hit.title || hit.id || strings.results.untitled
        setText(title, name)
        why.setAttribute('aria-label', `${strings.results.why}: ${name}`)
        read.setAttribute('aria-label', `${strings.results.read}: ${name}`)
        const href = linkOf(hit)
        if (opener instanceof HTMLAnchorElement && href) opener.href = href
        path.replaceChildren(...pathParts(hit))
        legs.replaceChildren(...legBadges(hit))
        excerpt.replaceChildren(...excerptParts(hit))
      },
    }
    function readButton(label: Node) {
      const button = el('button', { type: 'button', class: 'hit-open' }, label)
      button.addEventListener('click', () => onRead(row.hit))
      return button
    }
    why.addEventListener('click', () => onWhy(row.hit))
    read.addEventListener('click', () => onRead(row.hit))
    row.update(first)
    return row
  }

  return {
    render(hits) {
      const shown = rows.map((row) => row.element)
      const known = new Map(rows.map((row) => [row.hit.id, row]))
      rows = hits.map((hit) => {
        const row = known.get(hit.id) ?? createRow(hit)
        if (row.hit !== hit) row.update(hit)
        return row
      })
      if (active && !rows.includes(active.row)) setActive(undefined)
      glide(shown, () =>
        placeChildren(
          grid,
          rows.map((row) => row.element),
        ),
      )
    },
    moveRow(by) {
      const at = active ? rows.indexOf(active.row) : -1
      const next = Math.min(at + by, rows.length - 1)
      const row = rows[next]
      setActive(row && { row, cell: 0 })
      if (row) onActive(row.hit)
    },
    moveCell(by) {
      if (!active) return
      const cell = Math.max(0, Math.min(active.row.cells.length - 1, active.cell + by))
      setActive({ row: active.row, cell })
    },
    clearActive: () => setActive(undefined),
    activeId: () => activeCell()?.id,
    activate({ ctrlKey, metaKey, shiftKey }) {
      const target = activeCell()?.querySelector('a, button')
      target?.dispatchEvent(
        new MouseEvent('click', { bubbles: true, cancelable: true, ctrlKey, metaKey, shiftKey }),
      )
    },
    engaged: () => active !== undefined || grid.matches(':hover') || grid.contains(document.activeElement),
    markOpen(id) {
      for (const row of rows) row.element.classList.toggle('is-open', row.hit.id === id)
    },
  }
}

/** Where the hit stands: file or address, then its headings. */
function pathParts(hit: HitData): HTMLElement[] {
  const place = hit.url.replace(/#.*$/, '') || hit.id
  return [place, ...hit.headings].map((part) => el('bdi', { class: 'hit-path-part' }, part))
}

function legBadges(hit: HitData): (Node | string)[] {
  const badges = hit.legs.map((leg) => el('span', { class: `badge badge-${leg}` }, strings.results.legs[leg]))
  // The spaces are for listeners: without them the badges would be one word.
  return [
    el('span', { class: 'visually-hidden' }, strings.results.foundBy),
    ...badges.flatMap((badge) => [' ', badge]),
  ]
}

function excerptParts(hit: HitData): (Node | string)[] {
  return hit.excerpt.map(({ text, marked }) => (marked ? el('mark', {}, text) : text))
}
