/** The keys of the search field. The focus never leaves it for the list. */
import type { ResultList, Step } from './result-list.ts'

export interface KeyboardOptions {
  readonly input: HTMLInputElement
  readonly results: ResultList
  /** The list answers what stands in the field. */
  readonly isCurrent: () => boolean
  readonly onWhy: () => boolean
  readonly onForget: (query: string) => void
  readonly onClear: () => void
  /** Escape in an empty field. */
  readonly onClose: () => void
}

const STEPS: Readonly<Record<string, Step>> = {
  ArrowDown: 'next',
  ArrowUp: 'previous',
  Home: 'first',
  End: 'last',
  PageDown: 'pageDown',
  PageUp: 'pageUp',
}
/** Keys that belong to the text unless an option is active. */
const OF_THE_TEXT = new Set(['Home', 'End', 'PageDown', 'PageUp'])
/** What an input method reports for keys it is using; `isComposing` comes too late in some browsers. */
const COMPOSING = 229

export function listenToKeys({
  input,
  results,
  isCurrent,
  onWhy,
  onForget,
  onClear,
  onClose,
}: KeyboardOptions): void {
  function handle(event: KeyboardEvent): boolean {
    const { key } = event
    const active = results.active()
    const step = STEPS[key]
    if (step) {
      if (event.shiftKey || event.ctrlKey || event.metaKey || (OF_THE_TEXT.has(key) && !active)) return false
      results.move(step)
      return true
    }
    switch (key) {
      case 'Enter': {
        // What is shown may answer an older question: following it would surprise.
        const target = active ?? (isCurrent() && input.value.trim() !== '' ? results.first() : undefined)
        if (target) results.activate(target, event)
        return true
      }
      case 'Escape':
        if (input.value !== '') onClear()
        else onClose()
        return true
      case 'Delete':
        if (active?.query === undefined) return false
        onForget(active.query)
        return true
      case 'ArrowRight':
      case 'ArrowLeft': {
        const forward =
          getComputedStyle(input.parentElement!).direction === 'rtl' ? 'ArrowLeft' : 'ArrowRight'
        return key === forward && active?.hit !== undefined && onWhy()
      }
      default:
        return false
    }
  }

  input.addEventListener('keydown', (event) => {
    if (event.isComposing || event.keyCode === COMPOSING || event.altKey) return
    if (!handle(event)) return
    event.preventDefault()
    event.stopPropagation()
  })
}
