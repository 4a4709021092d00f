/** The documentation site: nothing on it leads nowhere, and its own search and figure work under its own policy. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { serveFolder } from './server.ts'

const SITE = 'dist/site'

const pages = (readdirSync(SITE, { recursive: true }) as string[]).filter(
  (path) => path.endsWith('.html') && !path.startsWith('lateen'),
)

test('every link and picture of the site leads to a file, and every anchor to an element', () => {
  const broken: string[] = []
  for (const page of pages) {
    const html = readFileSync(join(SITE, page), 'utf8')
    for (const [, address = ''] of html.matchAll(/\s(?:href|src)="([^"]+)"/g)) {
      if (/^[a-z]+:/i.test(address)) continue
      const url = new URL(address.replaceAll('&amp;', '&'), `http://site/${page}`)
      const path = join(SITE, decodeURIComponent(url.pathname))
      const file = existsSync(path) && statSync(path).isDirectory() ? join(path, 'index.html') : path
      const anchor = decodeURIComponent(url.hash.slice(1))
      const isThere =
        existsSync(file) && (anchor === '' || readFileSync(file, 'utf8').includes(`id="${anchor}"`))
      if (!isThere) broken.push(`${page}: ${address}`)
    }
  }
  expect(pages.length).toBeGreaterThan(15)
  expect(broken).toEqual([])
})

test('the figure of "How it works" explains a question on the site itself, without a complaint', async ({
  page,
}) => {
  const host = await serveFolder(SITE, { base: '/docs/' })
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  try {
    await page.goto(`${host.url}how-it-works/`)
    await page.getByRole('button', { name: 'Compare' }).click()
    await expect(page.locator('#live-heat .heat-9').first()).toBeVisible({ timeout: 60_000 })
    expect(complaints).toEqual([])
  } finally {
    await host.close()
  }
})
