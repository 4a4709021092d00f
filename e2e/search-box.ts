/** The search box as readers use it. */
import { expect, type Page } from '@playwright/test'

/** The strictest policy Lateen works under. */
export const STRICT_POLICY =
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; worker-src 'self'; connect-src 'self'; require-trusted-types-for 'script'"
/** What the status line says once both legs answer. */
export const READY = 'Searching by words and meaning'

export const field = (page: Page) => page.getByRole('combobox')
export const hits = (page: Page) => page.getByRole('listbox').getByRole('option')
export const trigger = (page: Page) => page.getByRole('button', { name: /^(Search|検索)/ }).first()
export const status = (page: Page) => page.locator('lateen-search [part=status]')

export async function openBox(page: Page, address: string) {
  await page.goto(address)
  await trigger(page).click()
  await expect(field(page)).toBeFocused()
}

export async function becomesReady(page: Page) {
  await expect(status(page)).toContainText(READY, { timeout: 90_000 })
}
