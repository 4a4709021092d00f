/** What the scripts find on the page they belong to. */

/** The element of the page with this id; the page and its script are written together, so it is there. */
export function byId<T extends HTMLElement>(id: string, kind: new () => T): T {
  const element = document.getElementById(id)
  if (!(element instanceof kind)) throw new TypeError(`index.html: expected a ${kind.name} with id "${id}"`)
  return element
}
