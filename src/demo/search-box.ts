/** The search field: a combobox whose popup is the grid of results. Focus stays in the field. */
import type { HitList } from './hit-list.ts'

export interface SearchBoxOptions {
  readonly input: HTMLInputElement
  readonly clear: HTMLButtonElement
  readonly hits: HitList
  readonly onQuery: (query: string) => void
  /** The reader shows intent: focus by hand, or the first letter. */
  readonly onIntent: () => void
  /** Escape in an empty field; false when there was nothing to close. */
  readonly onClose: () => boolean
}

export interface SearchBox {
  setQuery(query: string): void
  /** Tells assistive technology whether there are results to walk through. */
  setExpanded(expanded: boolean): void
  focus(): void
}

export function createSearchBox({
  input,
  clear,
  hits,
  onQuery,
  onIntent,
  onClose,
}: SearchBoxOptions): SearchBox {
  const syncActive = () => {
    const id = hits.activeId()
    if (id) input.setAttribute('aria-activedescendant', id)
    else input.removeAttribute('aria-activedescendant')
  }
  const leaveList = () => {
    hits.clearActive()
    syncActive()
  }
  const setQuery = (query: string) => {
    if (input.value !== query) input.value = query
    clear.hidden = query === ''
  }
  const change = (query: string) => {
    setQuery(query)
    leaveList()
    onQuery(query)
  }

  /** One handler per key; true means that the key was ours. */
  const keys: Readonly<Record<string, (event: KeyboardEvent) => boolean>> = {
    ArrowDown: () => moveRow(1),
    ArrowUp: () => moveRow(-1),
    ArrowRight: () => moveCell(1),
    ArrowLeft: () => moveCell(-1),
    Enter(event) {
      if (hits.activeId()) hits.activate(event)
      else if (matchMedia('(pointer: fine)').matches) moveRow(1)
      // On a touch screen the results are behind the keyboard.
      else input.blur()
      return true
    },
    Escape() {
      if (input.value !== '') change('')
      else if (!onClose()) input.blur()
      return true
    },
  }
  function moveRow(by: 1 | -1): boolean {
    hits.moveRow(by)
    syncActive()
    return true
  }
  function moveCell(by: 1 | -1): boolean {
    // Without an active row the arrows belong to the text cursor.
    if (!hits.activeId()) return false
    hits.moveCell(by)
    syncActive()
    return true
  }

  input.addEventListener('input', () => {
    onIntent()
    change(input.value)
  })
  input.addEventListener('pointerdown', onIntent)
  input.addEventListener('keydown', (event) => {
    // An input method uses the same keys to choose its candidates.
    if (event.isComposing || event.altKey) return
    if (keys[event.key]?.(event)) event.preventDefault()
  })
  input.addEventListener('blur', leaveList)
  input.addEventListener('focus', () => {
    // The keyboard of a touch screen takes half the page: the results need the other half.
    if (matchMedia('(pointer: coarse)').matches) input.parentElement?.scrollIntoView({ block: 'start' })
  })
  clear.addEventListener('click', () => {
    change('')
    input.focus()
  })

  const focus = () => {
    input.focus()
    input.select()
  }
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.isComposing || event.altKey) return
    const command = (event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === 'k'
    const slash = event.key === '/' && !event.ctrlKey && !event.metaKey && !isEditable(event.target)
    if (!command && !slash) return
    event.preventDefault()
    onIntent()
    focus()
  })

  return {
    setQuery,
    setExpanded: (expanded) => input.setAttribute('aria-expanded', String(expanded)),
    focus,
  }
}

function isEditable(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || target.matches('input, textarea, select'))
  )
}
