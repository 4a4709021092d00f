/** Light or dark: the system's choice until the reader makes one. */

import { readChoice, writeChoice } from '../element/storage.ts'
import { byId } from './page.ts'
import { strings } from './strings.ts'

type Theme = 'light' | 'dark'

const system = matchMedia('(prefers-color-scheme: dark)')

export function startTheme(): void {
  const button = byId('theme', HTMLButtonElement)
  const chosen = readChoice('demo.theme')
  let theme: Theme | undefined = chosen === 'light' || chosen === 'dark' ? chosen : undefined

  const current = (): Theme => theme ?? (system.matches ? 'dark' : 'light')
  const show = () => {
    if (theme) document.documentElement.dataset['theme'] = theme
    const label = current() === 'dark' ? strings.theme.toLight : strings.theme.toDark
    button.setAttribute('aria-label', label)
    button.title = label
  }
  button.addEventListener('click', () => {
    theme = current() === 'dark' ? 'light' : 'dark'
    writeChoice('demo.theme', theme)
    show()
  })
  system.addEventListener('change', show)
  show()
}
