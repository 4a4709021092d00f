/** The list the arrow keys walk through. It never moves under the reader's hands; the session asks `engaged()`. */
import type { Hit } from '../index.ts'
import { el, glide, placeChildren } from './dom.ts'
import type { PlacedHits } from './merge-hits.ts'
import { createRecent, createRow, type Option, type Row, type RowContext } from './rows.ts'

/** Options one press of Page Up or Page Down goes by. */
const PAGE = 5

export type Step = 'next' | 'previous' | 'first' | 'last' | 'pageDown' | 'pageUp'

export interface ResultListOptions extends RowContext {
  readonly list: HTMLElement
  /** What scrolls around the list. */
  readonly scroller: HTMLElement
  /** An option was clicked, with the mouse or by `activate`. */
  readonly onSelect: (option: Option, event: MouseEvent) => void
  readonly onWhy: (hit: Hit) => void
  readonly onForget: (query: string) => void
  /** The active option changed. */
  readonly onActive: (option: Option | undefined) => void
}

export interface ResultList {
  showHits(placed: PlacedHits<Hit>): void
  showRecent(queries: readonly string[]): void
  size(): number
  /** Moves the active option; from none, `next` is the first and `previous` the last. */
  move(step: Step): void
  active(): Option | undefined
  first(): Option | undefined
  clearActive(): void
  /** Clicks an option with the modifier keys of the event. */
  activate(option: Option, event: KeyboardEvent): void
  /** The reader is in the list: by arrow keys, pointer, touch or scrolling since `rest`. */
  engaged(): boolean
  /** A new question: what the reader did in the list before no longer counts. */
  rest(): void
}

export function createResultList({
  list,
  scroller,
  onSelect,
  onWhy,
  onForget,
  onActive,
  ...context
}: ResultListOptions): ResultList {
  const relatedHead = el(
    'div',
    { class: 'related-head', 'aria-hidden': 'true' },
    context.words.strings.related,
  )
  let rows = new Map<string, { row: Row; hit: Hit }>()
  let options: readonly Option[] = []
  let active: Option | undefined
  let serial = 0
  let touched = false
  /** Scrolling of our own doing is not the reader's. */
  let ownScroll = 0

  function setActive(next: Option | undefined): void {
    active?.element.setAttribute('aria-selected', 'false')
    active = next
    active?.element.setAttribute('aria-selected', 'true')
    if (active) {
      ownScroll = performance.now()
      // The heading above the first option comes along.
      if (active === options[0]) scroller.scrollTop = 0
      active.element.scrollIntoView({ block: 'nearest' })
    }
    onActive(active)
  }

  function setOptions(next: readonly Option[]): void {
    options = next
    const same = active && options.find(({ element }) => element === active!.element)
    if (active && !same) setActive(undefined)
    else active = same
  }

  /** The option under the event, or the one whose button it is. */
  function optionAt(event: Event): Option | undefined {
    const path = event.composedPath()
    const at = (element: Element | null) => element !== null && path.includes(element)
    return (
      options.find(({ element }) => at(element)) ??
      options.find(({ element }) => element.parentElement !== list && at(element.parentElement))
    )
  }
  const buttonAt = (event: Event, className: string) =>
    event.composedPath().some((node) => node instanceof Element && node.classList.contains(className))

  function onClick(event: MouseEvent): void {
    const option = optionAt(event)
    if (!option) return
    if (buttonAt(event, 'row-why')) onWhy(option.hit!)
    else if (buttonAt(event, 'recent-remove')) onForget(option.query!)
    else if (event.composedPath().includes(option.element)) onSelect(option, event)
  }
  list.addEventListener('click', onClick)
  list.addEventListener('auxclick', (event) => {
    const option = optionAt(event)
    if (option && event.button === 1 && event.composedPath().includes(option.element)) onSelect(option, event)
  })
  // The field keeps the focus, and with it the arrow keys.
  list.addEventListener('mousedown', (event) => {
    if (event.button === 0) event.preventDefault()
  })
  list.addEventListener('touchstart', () => (touched = true), { passive: true })
  scroller.addEventListener(
    'scroll',
    () => {
      if (performance.now() - ownScroll > 200) touched = true
    },
    { passive: true },
  )

  return {
    showHits({ hits, related }) {
      const shown = [...rows.values()].map(({ row }) => row.element)
      const before = rows
      ownScroll = performance.now()
      rows = new Map()
      for (const [position, hit] of [...hits, ...related].entries()) {
        const isRelated = position >= hits.length
        const known = before.get(hit.id)
        const row = known?.row ?? createRow(++serial, context)
        if (known?.hit !== hit) row.update(hit, isRelated)
        rows.set(hit.id, { row, hit })
      }
      const elements: Element[] = [...rows.values()].map(({ row }) => row.element)
      if (related.length > 0) elements.splice(hits.length, 0, relatedHead)
      glide(shown, () => placeChildren(list, elements))
      setOptions([...rows.values()].flatMap(({ row }) => row.options))
    },
    showRecent(queries) {
      const { strings, fill } = context.words
      rows = new Map()
      const recents = queries.map((query, position) =>
        createRecent(query, position, fill(strings.removeRecent, { query })),
      )
      placeChildren(
        list,
        recents.map(({ element }) => element),
      )
      setOptions(recents.map(({ option }) => option))
    },
    size: () => options.length,
    move(step) {
      const last = options.length - 1
      const at = active ? options.indexOf(active) : -1
      const to = {
        next: Math.min(at + 1, last),
        previous: at < 0 ? last : at - 1,
        first: 0,
        last,
        pageDown: Math.min(at + PAGE, last),
        pageUp: Math.max(at - PAGE, 0),
      }[step]
      setActive(options[to])
    },
    active: () => active,
    first: () => options[0],
    clearActive: () => active && setActive(undefined),
    activate({ element }, { ctrlKey, metaKey, shiftKey }) {
      element.dispatchEvent(
        new MouseEvent('click', {
          bubbles: true,
          cancelable: true,
          composed: true,
          ctrlKey,
          metaKey,
          shiftKey,
        }),
      )
    },
    engaged: () => active !== undefined || touched || list.matches(':hover'),
    rest() {
      touched = false
      ownScroll = performance.now()
      scroller.scrollTop = 0
    },
  }
}
