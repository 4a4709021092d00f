/** What the box asks of the page around it. */

/** Longer selections are passages, not questions. */
const LONGEST_SELECTION = 80

/** The selected text of the page, on one line; empty when it is too long for a question. */
export function selectedText(): string {
  const text = document.getSelection()?.toString().replace(/\s+/g, ' ').trim() ?? ''
  return text.length <= LONGEST_SELECTION ? text : ''
}

/** What has the focus, through open shadow roots; undefined when nothing in particular has it. */
export function deepActive(): HTMLElement | undefined {
  let active = document.activeElement
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement
  return active instanceof HTMLElement && active !== document.body ? active : undefined
}
