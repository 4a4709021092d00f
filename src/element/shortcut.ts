/** Keys that open the box from anywhere on the page. */

export interface Shortcut {
  /** Control, or Command on Apple's keyboards. */
  readonly mod: boolean
  readonly shift: boolean
  readonly alt: boolean
  /** Lower case. */
  readonly key: string
}

function isApple(): boolean {
  const { userAgentData, platform } = navigator as Navigator & { userAgentData?: { platform?: string } }
  return /mac|iphone|ipad/i.test(userAgentData?.platform || platform)
}

/** @param text e.g. `mod+k /`; `none` is no shortcut */
export function parseShortcuts(text: string): readonly Shortcut[] {
  return text
    .trim()
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '' && word !== 'none')
    .map((word) => {
      const parts = word === '+' ? ['+'] : word.split('+')
      const modifiers = new Set(parts.slice(0, -1))
      return {
        mod: modifiers.has('mod') || modifiers.has('ctrl') || modifiers.has('meta'),
        shift: modifiers.has('shift'),
        alt: modifiers.has('alt'),
        key: parts.at(-1)!,
      }
    })
}

/** True when the event is this shortcut and the reader is not typing a character into something else. */
export function isPressed({ mod, shift, alt, key }: Shortcut, event: KeyboardEvent): boolean {
  const { ctrlKey, metaKey, shiftKey, altKey } = event
  const command = isApple() ? metaKey && !ctrlKey : ctrlKey && !metaKey
  if (mod ? !command : ctrlKey || metaKey) return false
  if (alt !== altKey) return false
  // Where a symbol such as `/` stands on the keyboard decides whether it takes Shift.
  if (/^[a-z0-9]$/.test(key) && shift !== shiftKey) return false
  if (!mod && isEditable(event.composedPath()[0])) return false
  // The letter that is printed there counts where it is Latin, else its place.
  const pressed = event.key.toLowerCase()
  return (
    pressed === key || (mod && /^[^\x20-\x7e]$/.test(pressed) && event.code === `Key${key.toUpperCase()}`)
  )
}

/** As it stands on a keycap, e.g. `⌘K` or `Ctrl K`. */
export function keycap({ mod, shift, alt, key }: Shortcut): string {
  const name = key.length === 1 ? key.toUpperCase() : key
  if (isApple()) return `${alt ? '⌥' : ''}${shift ? '⇧' : ''}${mod ? '⌘' : ''}${name}`
  return [mod && 'Ctrl', alt && 'Alt', shift && 'Shift', name].filter(Boolean).join(' ')
}

/** For `aria-keyshortcuts`, e.g. `Control+K`. */
export function ariaShortcuts(shortcuts: readonly Shortcut[]): string {
  const one = ({ mod, shift, alt, key }: Shortcut) =>
    [
      mod && (isApple() ? 'Meta' : 'Control'),
      alt && 'Alt',
      shift && 'Shift',
      key.length === 1 ? key.toUpperCase() : key,
    ]
      .filter(Boolean)
      .join('+')
  return shortcuts.map(one).join(' ')
}

function isEditable(target: EventTarget | undefined): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || target.matches('input, textarea, select'))
  )
}
