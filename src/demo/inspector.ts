/** The pane beside the list, a sheet on small screens: why a hit matched, and the whole passage. */

import { el, setText } from '../element/dom.ts'
import { heatMap } from '../element/heat-map.ts'
import { hitUrl } from '../element/links.ts'
import type { HitDetail } from '../types.ts'
import { byId } from './page.ts'
import type { DemoHit } from './port.ts'
import { messageOf, strings } from './strings.ts'

/** Room for two columns; the style sheet has the same number. */
const WIDE = matchMedia('(min-width: 64em)')

export type View = 'why' | 'read'

export interface Inspector {
  open(hit: DemoHit, view: View, query: string): void
  /** Shows another hit when the pane stands beside the list; a sheet covers the list and stays. */
  follow(hit: DemoHit, query: string): void
  /** False when it was closed already. */
  close(): boolean
}

export interface InspectorOptions {
  readonly pagesAt: () => string | undefined
  /** Called with the hit shown, and with undefined when the pane closes. */
  readonly onShow: (hit: DemoHit | undefined) => void
}

export function createInspector({ pagesAt, onShow }: InspectorOptions): Inspector {
  const dialog = byId('inspector', HTMLDialogElement)
  const title = byId('inspector-title', HTMLElement)
  const body = byId('inspector-body', HTMLElement)
  const buttons: Record<View, HTMLButtonElement> = {
    why: byId('inspector-why', HTMLButtonElement),
    read: byId('inspector-read', HTMLButtonElement),
  }
  let shown: { hit: DemoHit; query: string; view: View } | undefined

  let match: HTMLElement | undefined

  /** Scrolls the pane, and nothing around it, until the element shows below the chips. */
  function reveal(element: HTMLElement): void {
    const { top, bottom } = body.getBoundingClientRect()
    const covered = body.querySelector('.chips')?.getBoundingClientRect().height ?? 0
    const at = element.getBoundingClientRect()
    if (at.top < top + covered || at.bottom > bottom) body.scrollTop += at.top - (top + covered + bottom) / 2
  }

  async function show(hit: DemoHit, view: View, query: string): Promise<void> {
    const mine = { hit, query, view }
    shown = mine
    match = undefined
    setText(title, hit.title || hit.id)
    for (const [name, button] of Object.entries(buttons)) {
      button.setAttribute('aria-pressed', String(name === view))
    }
    onShow(hit)
    body.setAttribute('aria-busy', 'true')
    // What was there stays for a moment: an answer within it needs no "loading" in between.
    const patience = setTimeout(() => body.replaceChildren(note(strings[view].loading)), 150)
    const content = await render[view](hit, query).catch((error: unknown) =>
      note(strings[view].failed(messageOf(error))),
    )
    clearTimeout(patience)
    if (shown !== mine) return
    body.replaceChildren(content)
    body.setAttribute('aria-busy', 'false')
    body.scrollTop = 0
    if (match) reveal(match)
  }

  const render: Record<View, (hit: DemoHit, query: string) => Promise<HTMLElement>> = {
    why: async (hit, query) =>
      heatMap(await hit.explain(), query, strings.why, (found) => {
        match = found
        if (found?.isConnected) reveal(found)
      }),
    read: async (hit) => passageView(await hit.data(), pagesAt()),
  }

  function display(): void {
    if (dialog.open) return
    if (WIDE.matches) dialog.show()
    else dialog.showModal()
    title.focus()
  }

  const close = () => {
    if (!dialog.open) return false
    dialog.close()
    return true
  }

  for (const [view, button] of Object.entries(buttons) as [View, HTMLButtonElement][]) {
    button.addEventListener('click', () => shown && show(shown.hit, view, shown.query))
  }
  byId('inspector-close', HTMLButtonElement).addEventListener('click', close)
  dialog.addEventListener('close', () => {
    shown = undefined
    onShow(undefined)
  })
  // Escape closes a modal dialog by itself; beside the list it is ours to do.
  dialog.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && !event.isComposing && close()) event.preventDefault()
  })
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) close()
  })
  WIDE.addEventListener('change', () => {
    const { hit, view, query } = shown ?? {}
    if (!close() || !hit || !view || query === undefined) return
    void show(hit, view, query)
    display()
  })

  return {
    open(hit, view, query) {
      void show(hit, view, query)
      display()
    },
    follow(hit, query) {
      if (dialog.open && WIDE.matches && shown) void show(hit, shown.view, query)
    },
    close,
  }
}

const note = (text: string) => el('p', { class: 'note' }, text)

function passageView(detail: HitDetail, pages: string | undefined): HTMLElement {
  const href = pages === undefined ? undefined : hitUrl(detail.url, pages)
  const headings = detail.headings.map((heading) => el('bdi', { class: 'hit-path-part' }, heading))
  const paragraphs = detail.text.split(/\n\s*\n/).map((paragraph) => el('p', { dir: 'auto' }, paragraph))
  return el(
    'article',
    { class: 'passage' },
    el('p', { class: 'passage-place' }, strings.read.position(detail.ordinal, detail.passages)),
    headings.length > 0 && el('p', { class: 'hit-path' }, ...headings),
    ...paragraphs,
    href !== undefined && el('p', {}, el('a', { href }, strings.read.open)),
  )
}
