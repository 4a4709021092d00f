/** Light or dark, as the page is. */

/** @param wanted `auto` is what the page tells the browser, else what its background looks like */
export function themeOf(host: HTMLElement, wanted: 'auto' | 'light' | 'dark'): 'light' | 'dark' {
  if (wanted !== 'auto') return wanted
  const schemes = new Set(getComputedStyle(host).colorScheme.split(' '))
  if (schemes.has('light') && schemes.has('dark')) return prefersDark().matches ? 'dark' : 'light'
  if (schemes.has('light')) return 'light'
  if (schemes.has('dark')) return 'dark'
  return (isDark(document.body) ?? isDark(document.documentElement)) ? 'dark' : 'light'
}

/** Undefined where there is no background of its own. */
function isDark(element: Element): boolean | undefined {
  const [r, g, b, alpha = 1] = channels(getComputedStyle(element).backgroundColor)
  if (b === undefined || alpha < 0.5) return undefined
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b < 110
}

function channels(color: string): number[] {
  return /^rgba?\(/.test(color) ? (color.match(/[\d.]+/g) ?? []).map(Number) : []
}

const prefersDark = () => matchMedia('(prefers-color-scheme: dark)')

/** Calls back when the page may have changed its theme. */
export function watchTheme(onChange: () => void, signal: AbortSignal): void {
  const observer = new MutationObserver(onChange)
  for (const element of [document.documentElement, document.body]) {
    observer.observe(element, { attributes: true })
  }
  prefersDark().addEventListener('change', onChange, { signal })
  signal.addEventListener('abort', () => observer.disconnect())
}
