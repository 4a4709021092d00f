/** One polite voice for screen readers: late enough not to talk over typing, twice-said things said twice. */
const DELAY_MS = 500

/** @param regions two live regions, used in turn: a repeated sentence in the same node would be silent */
export function createAnnouncer(regions: readonly [HTMLElement, HTMLElement]): (message: string) => void {
  let turn = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  return (message) => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      regions[turn]!.textContent = ''
      turn = 1 - turn
      regions[turn]!.textContent = message
    }, DELAY_MS)
  }
}
