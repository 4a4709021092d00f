/** Why a hit was found, in place of the list. Fetched when it is first asked for. */
import type { Hit } from '../index.ts'
import { el } from './dom.ts'
import { heatMap } from './heat-map.ts'
import { icon } from './icons.ts'
import type { Words } from './strings.ts'
import heatCss from './styles/heat.css?inline'

export interface WhyPaneOptions {
  readonly pane: HTMLElement
  readonly words: Words
  readonly onBack: () => void
}

export interface WhyRequest {
  readonly hit: Hit
  /** The question the hit answers. */
  readonly query: string
  /** Present when the model is not loaded and the reader has not agreed to load it. */
  readonly consent?: { readonly size: string | undefined; readonly load: () => Promise<void> }
}

/** The sheet of the heat map, for the shadow root. */
export function heatSheet(): CSSStyleSheet {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(heatCss)
  return sheet
}

/** Shows the explanation; the focus goes to its heading bar, and `onBack` is called from there. */
export async function showWhy({ pane, words, onBack }: WhyPaneOptions, request: WhyRequest): Promise<void> {
  const { hit, query, consent } = request
  const { strings, fill } = words
  const texts = strings.explain
  const title = hit.title || hit.id
  const back = el(
    'button',
    { type: 'button', class: 'quiet back' },
    icon('back'),
    el('span', {}, strings.back),
  )
  back.addEventListener('click', onBack)
  const content = el('div', {
    class: 'why-body',
    part: 'why-body',
    tabindex: '0',
    role: 'region',
    'aria-label': fill(texts.title, { title }),
  })
  pane.replaceChildren(
    el(
      'div',
      { class: 'why-head' },
      back,
      el('h2', { class: 'why-title', dir: 'auto' }, fill(texts.title, { title })),
    ),
    content,
  )
  back.focus()

  async function explain(): Promise<void> {
    content.setAttribute('aria-busy', 'true')
    content.replaceChildren(el('p', { class: 'note' }, texts.loading))
    try {
      const explanation = await hit.explain()
      let strongest: HTMLElement | undefined
      const map = heatMap(explanation, query, words.heat, (match) => {
        strongest = match
        reveal(match)
      })
      content.replaceChildren(map)
      // The first choice was made before there was anything to scroll.
      reveal(strongest)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      content.replaceChildren(el('p', { class: 'note', role: 'alert' }, fill(texts.failed, { reason })))
    }
    content.removeAttribute('aria-busy')
  }

  /** Scrolls the pane, and nothing around it, until the match shows below the chips. */
  function reveal(match: HTMLElement | undefined): void {
    if (!match?.isConnected) return
    const { top, bottom } = content.getBoundingClientRect()
    const covered = content.querySelector('.chips')?.getBoundingClientRect().height ?? 0
    const at = match.getBoundingClientRect()
    if (at.top < top + covered || at.bottom > bottom)
      content.scrollTop += at.top - (top + covered + bottom) / 2
  }

  if (!consent) return explain()
  const size = consent.size ?? ''
  const load = el('button', { type: 'button', class: 'plain' }, strings.state.load)
  load.addEventListener('click', async () => {
    back.focus()
    content.replaceChildren(el('p', { class: 'note' }, strings.state.loading))
    await consent.load()
    await explain()
  })
  const note = fill(texts.needsMeaning, { size }).replace(/\s*[(（][)）]/, '')
  content.replaceChildren(el('p', { class: 'note' }, note), load)
}
