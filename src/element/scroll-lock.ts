/** Keeps the page behind a modal box from scrolling, without letting it jump sideways. */
let locks = 0
let before: { overflow: string; gutter: string } | undefined

export function lockScroll(): () => void {
  const { style, clientWidth } = document.documentElement
  if (locks++ === 0) {
    before = { overflow: style.overflow, gutter: style.scrollbarGutter }
    // Where the scroll bar takes room, that room stays.
    if (innerWidth > clientWidth) style.scrollbarGutter = 'stable'
    style.overflow = 'hidden'
  }
  let locked = true
  return () => {
    if (!locked) return
    locked = false
    if (--locks > 0) return
    style.overflow = before?.overflow ?? ''
    style.scrollbarGutter = before?.gutter ?? ''
  }
}
