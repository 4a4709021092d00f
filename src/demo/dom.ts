/** Building elements without markup strings, so that nothing from an index is ever parsed as HTML. */
type Attributes = Readonly<Record<string, string | number | boolean | undefined>>
type Child = Node | string | undefined | false

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

/** The element of the page with this id; the page and its script are written together, so it is there. */
export function byId<T extends HTMLElement>(id: string, kind: new () => T): T {
  const element = document.getElementById(id)
  if (!(element instanceof kind)) throw new TypeError(`index.html: expected a ${kind.name} with id "${id}"`)
  return element
}

/** Sets the text only when it differs: replacing a text node would end a selection in it. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

/** A link target that cannot run code: http, https or relative; undefined for anything else. */
export function safeHref(url: string): string | undefined {
  if (url === '' || !URL.canParse(url, document.baseURI)) return undefined
  const { protocol } = new URL(url, document.baseURI)
  return protocol === 'http:' || protocol === 'https:' ? url : undefined
}
