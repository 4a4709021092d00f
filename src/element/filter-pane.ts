/** Filters as check boxes with counts: any of the chosen values of a key, and all keys together. */
import type { FilterKey } from './config.ts'
import { el, placeChildren } from './dom.ts'
import type { BoxState } from './state.ts'
import type { Words } from './strings.ts'

export interface FilterPaneOptions {
  readonly pane: HTMLElement
  readonly toggle: HTMLButtonElement
  readonly keys: readonly FilterKey[]
  readonly words: Words
  readonly onToggle: (key: string, value: string, on: boolean) => void
  readonly onClear: () => void
}

export function createFilterPane({ pane, toggle, keys, words, onToggle, onClear }: FilterPaneOptions): {
  show(state: BoxState): void
} {
  const count = el('span', { class: 'filter-count', hidden: true })
  toggle.append(count)
  toggle.addEventListener('click', () => {
    pane.hidden = !pane.hidden
    toggle.setAttribute('aria-expanded', String(!pane.hidden))
  })
  const clear = el('button', { type: 'button', class: 'quiet filter-clear' }, words.strings.clearFilters)
  clear.addEventListener('click', onClear)
  const boxes = new Map<string, HTMLInputElement>()
  let built: BoxState['counts'] | undefined

  function build(counts: BoxState['counts']): HTMLElement[] {
    boxes.clear()
    return keys.flatMap(({ key, label }) => {
      const values = Object.entries(counts[key] ?? {}).sort(([a], [b]) => a.localeCompare(b, words.lang))
      if (values.length === 0) return []
      const items = values.map(([value, number]) => {
        const box = el('input', { type: 'checkbox' })
        box.addEventListener('change', () => onToggle(key, value, box.checked))
        boxes.set(JSON.stringify([key, value]), box)
        return el(
          'label',
          { class: 'filter', part: 'filter' },
          box,
          el('bdi', { class: 'filter-value' }, value),
          ' ',
          el('span', { class: 'filter-number' }, words.integer(number)),
        )
      })
      return [el('fieldset', { class: 'filter-group' }, el('legend', {}, label), ...items)]
    })
  }

  return {
    show({ counts, chosen }) {
      if (counts !== built) {
        built = counts
        const groups = build(counts)
        toggle.hidden = groups.length === 0
        if (groups.length === 0) pane.hidden = true
        placeChildren(pane, [...groups, clear])
      }
      for (const [name, box] of boxes) {
        const [key, value] = JSON.parse(name) as [string, string]
        box.checked = chosen[key]?.includes(value) ?? false
      }
      const number = [...boxes.values()].filter(({ checked }) => checked).length
      count.hidden = number === 0
      count.textContent = words.integer(number)
      clear.hidden = number === 0
    },
  }
}
