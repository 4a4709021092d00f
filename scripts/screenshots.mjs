// Takes the pictures of docs/search-box.md from the built site: every state of the search box.
// Usage: node scripts/build.mjs node browser docs demo search && node scripts/screenshots.mjs
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { chromium } from 'playwright'
import { preview } from 'vite'
import { CHROMIUM_ARGS, chromiumPath } from './browsers.mjs'
import { root } from './run.mjs'

const QUESTION = 'does what I type leave my computer'
const READY = 'Searching by words and meaning'
const out = join(root, 'docs/assets/states')

/** What brings the box into a state. `before` runs before the page is opened. */
const STATES = {
  closed: { clip: { x: 0, y: 0, width: 1100, height: 70 }, act: async () => {} },
  idle: {
    act: async (page) => {
      await open(page)
      await says(page, READY)
    },
  },
  keywords: {
    before: (page) => page.route('**/model/onnx/**', () => {}),
    act: async (page) => {
      await ask(page, 'offline index')
      await says(page, 'Loading search by meaning')
      await hits(page)
    },
  },
  consent: {
    before: (page) =>
      page.addInitScript(() => {
        Object.defineProperty(navigator, 'connection', { value: { saveData: true } })
      }),
    act: async (page) => {
      await ask(page, QUESTION)
      await says(page, 'Search by meaning (')
      await hits(page)
    },
  },
  ready: { act: (page) => ready(page) },
  chosen: {
    act: async (page) => {
      await ready(page)
      await page.keyboard.press('ArrowDown')
    },
  },
  why: {
    act: async (page) => {
      await ready(page)
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('ArrowRight')
      await page.locator('lateen-search .heat-9').first().waitFor({ timeout: 30_000 })
    },
  },
  empty: {
    act: async (page) => {
      await ready(page)
      await ask(page, 'xqzvw jkqpz')
      await page.locator('lateen-search [part=message]').filter({ hasText: 'No results' }).waitFor()
    },
  },
  failed: {
    before: (page) => page.route('**/model/onnx/**', (route) => route.fulfill({ status: 503 })),
    act: async (page) => {
      await ask(page, 'offline index')
      await says(page, 'Keyword results only')
      await hits(page)
    },
  },
  offline: {
    act: async (page) => {
      await ready(page)
      await page.context().setOffline(true)
      await says(page, 'Offline')
    },
  },
  missing: {
    before: (page) => page.route('**/manifest.json', (route) => route.fulfill({ status: 404 })),
    act: async (page) => {
      await ask(page, 'anything')
      await page.locator('lateen-search').getByText('There is no search index here').first().waitFor()
    },
  },
  dark: { options: { colorScheme: 'dark' }, act: (page) => ready(page) },
  phone: {
    options: { viewport: { width: 390, height: 700 }, hasTouch: true, isMobile: true },
    act: (page) => ready(page),
  },
}

async function open(page) {
  await page.locator('lateen-search').getByRole('button').first().click()
}

async function ask(page, query) {
  if (!(await page.getByRole('combobox').isVisible())) await open(page)
  await page.getByRole('combobox').fill(query)
}

/** Hits in an order that no longer changes. */
async function hits(page) {
  await page.getByRole('option').first().waitFor()
  await page.waitForTimeout(400)
}

async function says(page, text) {
  await page.locator('lateen-search [part=status]').filter({ hasText: text }).waitFor({ timeout: 60_000 })
}

async function ready(page) {
  await ask(page, QUESTION)
  await says(page, READY)
  await hits(page)
}

mkdirSync(out, { recursive: true })
const server = await preview({
  root,
  build: { outDir: 'dist/site' },
  preview: { port: 0 },
  logLevel: 'error',
})
const address = server.resolvedUrls.local[0]
const executablePath = chromiumPath()
const browser = await chromium.launch({ ...(executablePath ? { executablePath } : {}), args: CHROMIUM_ARGS })
try {
  for (const [name, { options, before, act, clip }] of Object.entries(STATES)) {
    const context = await browser.newContext({ viewport: { width: 1100, height: 720 }, ...options })
    const page = await context.newPage()
    await before?.(page)
    await page.goto(`${address}privacy/`)
    await act(page)
    await page.screenshot({
      path: join(out, `${name}.jpg`),
      type: 'jpeg',
      quality: 82,
      ...(clip ? { clip } : {}),
    })
    console.log(`${name}.jpg`)
    await context.close()
  }
} finally {
  await browser.close()
  await server.close()
}
