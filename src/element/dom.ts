/** Building elements without markup strings, so that nothing from an index is ever parsed as HTML. */
type Attributes = Readonly<Record<string, string | number | boolean | undefined>>
type Child = Node | string | undefined | false

const MOVE_MS = 180

/** An element with attributes (`true` sets an empty one, `false` and `undefined` leave it out) and children. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue
    element.setAttribute(name, value === true ? '' : String(value))
  }
  element.append(
    ...children.filter((child): child is Node | string => child !== undefined && child !== false),
  )
  return element
}

/** Sets the text only when it differs: replacing a text node would end a selection in it. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

/**
 * Puts the children in order, moving only what is out of place: a moved node loses hover and focus.
 */
export function placeChildren(parent: Element, children: readonly Element[]): void {
  const wanted = new Set(children)
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove()
  for (const [position, child] of children.entries()) {
    if (parent.children[position] !== child) parent.insertBefore(child, parent.children[position] ?? null)
  }
}

/** Runs a change of order and lets rows travel from where they were, so that the eye can follow. */
export function glide(rows: readonly Element[], change: () => void): void {
  if (matchMedia('(prefers-reduced-motion: reduce)').matches) {
    change()
    return
  }
  const before = new Map(rows.map((row) => [row, row.getBoundingClientRect().top]))
  change()
  for (const [row, top] of before) {
    const by = row.isConnected ? top - row.getBoundingClientRect().top : 0
    if (by === 0) continue
    row.animate([{ transform: `translateY(${by}px)` }, { transform: 'none' }], {
      duration: MOVE_MS,
      easing: 'ease-out',
    })
  }
}
