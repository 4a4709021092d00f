/** Opens the pane that explains a hit, in place of the list, and leads back to where the reader was. */
import type { Hit } from '../index.ts'
import type { Frame } from './frame.ts'
import type { Session } from './session.ts'
import type { BoxState } from './state.ts'
import type { Store } from './store.ts'
import type { Words } from './strings.ts'

export interface ExplainerOptions {
  readonly frame: Frame
  readonly shadow: ShadowRoot
  readonly store: Store<BoxState>
  readonly session: Session
  readonly words: Words
  readonly announce: (message: string) => void
  /** The pane opened or closed. */
  readonly onChange: () => void
}

export interface Explainer {
  open(hit: Hit): void
  /** Shows the list again; the focus stays where it is. */
  close(): void
  isOpen(): boolean
}

export function createExplainer(options: ExplainerOptions): Explainer {
  const { frame, shadow, store, session, words, announce, onChange } = options
  const { panel, why: pane, input } = frame
  let explained: Hit | undefined

  function show(hit: Hit | undefined): void {
    explained = hit
    panel.classList.toggle('is-why', hit !== undefined)
    pane.hidden = hit === undefined
    if (!hit) pane.replaceChildren()
    onChange()
  }

  function back(): void {
    show(undefined)
    input.focus()
  }

  async function explain(hit: Hit): Promise<void> {
    const { meaning, answer, query } = store.get()
    const { showWhy, heatSheet } = await import('./why-pane.ts')
    if (explained !== hit) return
    if (shadow.adoptedStyleSheets.length === 1) shadow.adoptedStyleSheets.push(heatSheet())
    const size =
      meaning.kind === 'held' && meaning.bytes !== undefined ? words.bytes(meaning.bytes) : undefined
    await showWhy(
      { pane, words, onBack: back },
      {
        hit,
        query: answer?.query ?? query,
        ...(meaning.kind === 'held' ? { consent: { size, load: session.loadMeaning } } : {}),
      },
    )
  }

  pane.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || event.isComposing) return
    event.preventDefault()
    event.stopPropagation()
    back()
  })

  return {
    open(hit) {
      show(hit)
      // The pane tells of explanations that fail; this is the pane that could not be fetched.
      explain(hit).catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error)
        announce(words.fill(words.strings.explain.failed, { reason }))
        if (explained === hit) back()
      })
    },
    close: () => show(undefined),
    isOpen: () => explained !== undefined,
  }
}
