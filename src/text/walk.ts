/** Walks of a parsed page without recursion: pages may nest deeper than the stack reaches. */
import { type AnyNode, type Element, isTag, isText, type ParentNode } from 'domhandler'

/**
 * Visits the nodes below `root` in document order.
 *
 * @param enter called on the way down; false leaves out what is inside
 * @param leave called on the way up, for every element that was entered
 */
export function descend(
  root: ParentNode,
  enter: (node: AnyNode) => boolean,
  leave: (element: Element) => void = () => undefined,
): void {
  let node: AnyNode | null = root.firstChild as AnyNode | null
  while (node) {
    const entered = enter(node)
    const child: AnyNode | null = entered && 'firstChild' in node ? (node.firstChild as AnyNode | null) : null
    if (child) {
      node = child
      continue
    }
    if (entered && isTag(node)) leave(node)
    while (node && !node.next) {
      const parent: ParentNode | null = node.parent
      if (!parent || parent === root) return
      node = parent as AnyNode
      if (isTag(node)) leave(node)
    }
    node = (node?.next ?? null) as AnyNode | null
  }
}

/** The elements below `root` in document order. */
export function elementsOf(root: ParentNode): Element[] {
  const elements: Element[] = []
  descend(root, (node) => {
    if (isTag(node)) elements.push(node)
    return true
  })
  return elements
}

/** The first node below `root`, in document order, that passes; it looks no further. */
export function findBelow(root: ParentNode, test: (node: AnyNode) => boolean): AnyNode | undefined {
  let found: AnyNode | undefined
  for (let node = root.firstChild as AnyNode | null; node && !found; ) {
    if (test(node)) found = node
    let next: AnyNode | null = 'firstChild' in node ? (node.firstChild as AnyNode | null) : null
    while (!next && node) {
      next = node.next as AnyNode | null
      const parent: ParentNode | null = node.parent
      if (next || !parent || parent === root) break
      node = parent as AnyNode
    }
    node = next
  }
  return found
}

/** The outermost elements of `root`, itself included, that pass. */
export function outermost(root: ParentNode, test: (element: Element) => boolean): Element[] {
  if (isTag(root) && test(root)) return [root]
  const elements: Element[] = []
  descend(root, (node) => {
    if (!isTag(node) || !test(node)) return true
    elements.push(node)
    return false
  })
  return elements
}

/** Elements that part the words around them, even on one line. */
const PARTING = new Set('br div p li tr td th dt dd'.split(' '))

/** The text below `root` on one line. @param skip elements to leave out */
export function textBelow(root: ParentNode, skip: (element: Element) => boolean = () => false): string {
  const parts: string[] = []
  descend(root, (node) => {
    if (isText(node)) parts.push(node.data)
    else if (isTag(node) && PARTING.has(node.name)) parts.push(' ')
    return !isTag(node) || !skip(node)
  })
  return parts.join('').replace(/\s+/g, ' ').trim()
}

/** The nearest element around `element` that passes; undefined when none does. */
export function closest(element: Element, test: (element: Element) => boolean): Element | undefined {
  for (let parent = element.parent; parent && isTag(parent); parent = parent.parent) {
    if (test(parent)) return parent
  }
  return undefined
}
