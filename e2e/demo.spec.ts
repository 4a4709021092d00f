import { type BrowserContext, expect, type Page, test } from '@playwright/test'
import { STRICT_POLICY } from './search-box.ts'
import { type StaticHost, serveFolder } from './server.ts'

const QUESTION = 'does anything I type leave my computer'
const READY = /words and meaning/

let host: StaticHost

/** The demo is a page of the documentation site. */
const demo = ({ url }: StaticHost) => `${url}demo/`

test.beforeAll(async () => {
  host = await serveFolder('dist/site')
})

test.afterAll(async () => {
  await host.close()
})

const hits = (page: Page) => page.locator('#hits [role=row]')
const status = (page: Page) => page.locator('#status-text')

async function ask(page: Page, question: string) {
  await page.locator('#query').fill(question)
}

async function untilReady(page: Page) {
  await expect(status(page)).toContainText(READY, { timeout: 60_000 })
}

/** Drops files on the page as a reader would, by a real DataTransfer. */
async function dropFiles(page: Page, files: Record<string, string>) {
  const transfer = await page.evaluateHandle((named) => {
    const data = new DataTransfer()
    for (const [name, text] of Object.entries(named))
      data.items.add(new File([text], name, { type: 'text/plain' }))
    return data
  }, files)
  await page.dispatchEvent('body', 'dragover', { dataTransfer: transfer })
  await page.dispatchEvent('body', 'drop', { dataTransfer: transfer })
}

const NOTES = {
  'tides.md': '# Tides\n\nThe moon pulls the water of the oceans, so the sea rises and falls twice a day.\n',
  'bread.txt': 'Put the dough into a hot oven for forty minutes and let the loaf cool on a rack.\n',
  'fetch.html':
    '<title>Fetch</title><main><h1>Fetch</h1><p>Call abort() to cancel a request that is running.</p></main>',
}

test('first visit: keywords answer at once, meaning follows, and a hit explains itself', async ({ page }) => {
  await page.goto(demo(host))
  await ask(page, QUESTION)
  await expect(hits(page).first()).toBeVisible()
  await untilReady(page)
  await expect(hits(page).filter({ hasText: 'Privacy' }).first()).toBeVisible()
  await expect(page.locator('#hits mark').first()).toBeVisible()

  await hits(page)
    .filter({ hasText: 'Privacy' })
    .first()
    .getByRole('button', { name: /Why this result/ })
    .click()
  const inspector = page.locator('#inspector')
  await expect(inspector.locator('.heat').first()).toBeVisible()
  await expect(inspector.getByRole('button', { name: /^computer/ })).toBeVisible()
  await expect(inspector.locator('.heat.is-match').first()).toBeVisible()
})

test('no request leaves the site, and only the needed files of it are asked for', async ({ page }) => {
  const foreign: string[] = []
  page.on('request', (request) => {
    if (!request.url().startsWith(host.url) && !request.url().startsWith('data:')) foreign.push(request.url())
  })
  await page.goto(demo(host))
  await ask(page, QUESTION)
  await untilReady(page)
  expect(foreign).toEqual([])
})

test('works under a sub-path with a strict policy sent by the host, without any other header', async ({
  page,
}) => {
  const strict = await serveFolder('dist/site', {
    base: '/docs/search/',
    headers: { 'content-security-policy': STRICT_POLICY },
  })
  const violations: string[] = []
  page.on('console', (message) => {
    if (/Content Security Policy|Trusted/i.test(message.text())) violations.push(message.text())
  })
  try {
    await page.goto(demo(strict))
    await ask(page, QUESTION)
    await untilReady(page)
    await expect(hits(page).first()).toBeVisible()
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(false)
    expect(violations).toEqual([])
  } finally {
    await strict.close()
  }
})

test('dropped files are indexed, found, explained, and still there after a reload', async ({ page }) => {
  await page.goto(demo(host))
  await dropFiles(page, NOTES)
  await expect(page.locator('#files-summary')).toContainText('3', { timeout: 60_000 })
  await ask(page, 'cancel a download that is running')
  await untilReady(page)
  await expect(hits(page).first()).toContainText('Fetch')

  await page.reload()
  await page.getByRole('radio', { name: 'Your files' }).check()
  await ask(page, 'why does the water rise twice')
  await untilReady(page)
  await expect(hits(page).first()).toContainText('Tides')
})

test('files that are not text are named and skipped, the others are kept', async ({ page }) => {
  await page.goto(demo(host))
  await dropFiles(page, {
    'picture.txt': '\u0000\u0001PNG\u0000',
    'good.txt': 'A lighthouse keeper writes letters.',
    'tool.exe': 'MZ',
  })
  await expect(page.locator('#indexing-skipped')).toContainText('picture.txt', { timeout: 60_000 })
  await expect(page.locator('#indexing-skipped')).toContainText('tool.exe')
  await ask(page, 'lighthouse')
  await expect(hits(page).first()).toContainText('good.txt')
})

test('after one visit the page starts and searches by meaning without a network', async ({
  page,
  context,
}) => {
  await page.goto(demo(host))
  await ask(page, QUESTION)
  await untilReady(page)
  await context.setOffline(true)
  await page.reload()
  await ask(page, 'make the index smaller')
  await untilReady(page)
  await expect(hits(page).first()).toBeVisible()
  await expect(status(page)).toContainText(/offline/i)
})

test('a killed worker is replaced, and the next query answers', async ({ page }) => {
  await page.addInitScript(() => {
    const started: Worker[] = []
    Object.assign(globalThis, { startedWorkers: started })
    const Original = globalThis.Worker
    globalThis.Worker = class extends Original {
      constructor(url: string | URL, options?: WorkerOptions) {
        super(url, options)
        started.push(this)
      }
    }
  })
  await page.goto(demo(host))
  await ask(page, QUESTION)
  await untilReady(page)
  const count = () =>
    page.evaluate(() => (globalThis as unknown as { startedWorkers: Worker[] }).startedWorkers.length)
  const before = await count()
  await page.evaluate(() => {
    for (const worker of (globalThis as unknown as { startedWorkers: Worker[] }).startedWorkers)
      worker.terminate()
  })
  await expect(async () => {
    await ask(page, `scoring without unpacking ${Math.random() > 0.5 ? 'codes' : 'vectors'}`)
    await expect(hits(page).first()).toContainText(/How it works|Architecture/, { timeout: 5_000 })
    expect(await count()).toBeGreaterThan(before)
  }).toPass({ timeout: 60_000 })
})

test('without its worker script the page searches all the same, and says so', async ({ page }) => {
  const broken = await serveFolder('dist/site')
  broken.fail(/search\.worker/, 404)
  try {
    await page.goto(demo(broken))
    await ask(page, 'strict content security policy')
    await expect(hits(page).first()).toBeVisible({ timeout: 60_000 })
    await expect(page.locator('#fallbacks')).toContainText(/worker/i)
  } finally {
    await broken.close()
  }
})

test('without its model the page still answers by keywords, in one honest line', async ({ page }) => {
  const broken = await serveFolder('dist/site')
  broken.fail(/\.onnx/, 503)
  try {
    await page.goto(demo(broken))
    await ask(page, 'trusted types')
    await expect(hits(page).first()).toBeVisible()
    await expect(status(page)).toContainText(/Keyword results only/, { timeout: 60_000 })
    broken.heal()
    await page.locator('#status-action').click()
    await untilReady(page)
  } finally {
    await broken.close()
  }
})

test('two tabs share one index: what one adds, the other finds', async ({ context }) => {
  const [first, second] = await Promise.all([openFiles(context), openFiles(context)])
  await dropFiles(first, NOTES)
  await expect(first.locator('#files-summary')).toContainText('3', { timeout: 60_000 })
  await expect(async () => {
    await ask(second, '')
    await ask(second, 'hot oven')
    await expect(hits(second).first()).toContainText('bread.txt', { timeout: 3_000 })
  }).toPass({ timeout: 60_000 })
  await dropFiles(second, { 'more.txt': 'A second tab adds a note about sailing boats.' })
  await expect(async () => {
    await ask(first, '')
    await ask(first, 'sailing boats')
    await expect(hits(first).first()).toContainText('more.txt', { timeout: 3_000 })
  }).toPass({ timeout: 60_000 })
})

async function openFiles(context: BrowserContext): Promise<Page> {
  const page = await context.newPage()
  await page.goto(demo(host))
  await page.getByRole('radio', { name: 'Your files' }).check()
  return page
}

test('a query is answered while documents are still being indexed', async ({ page }) => {
  await page.goto(demo(host))
  await dropFiles(page, { 'first.txt': 'A lighthouse keeper writes letters to his sister.' })
  await expect(page.locator('#files-summary')).toContainText('1', { timeout: 60_000 })
  await ask(page, 'warm')
  await untilReady(page)
  const text = 'Every evening the harbour master counts the boats and notes the wind. '.repeat(12)
  await dropFiles(
    page,
    Object.fromEntries(Array.from({ length: 150 }, (_, i) => [`log-${i}.txt`, `${text} Page ${i}.`])),
  )
  await expect(page.locator('#indexing-cancel')).toBeVisible({ timeout: 30_000 })
  await ask(page, 'lighthouse keeper')
  await expect(hits(page).first()).toContainText('first.txt', { timeout: 15_000 })
  await expect(page.locator('#indexing-cancel')).toBeVisible()
})

test('the page is never blocked for long while documents are indexed and searched', async ({ page }) => {
  await page.addInitScript(() => {
    const tasks: number[] = []
    Object.assign(globalThis, { longTasks: tasks })
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) tasks.push(entry.duration)
    }).observe({ type: 'longtask', buffered: false })
  })
  await page.goto(demo(host))
  await page.getByRole('radio', { name: 'Your files' }).check()
  await ask(page, 'warm')
  await untilReady(page)
  await page.evaluate(() => (globalThis as unknown as { longTasks: number[] }).longTasks.splice(0))
  const paragraph = 'The keeper of the lighthouse wrote about wind, weather and passing ships every evening. '
  await dropFiles(
    page,
    Object.fromEntries(
      Array.from({ length: 60 }, (_, i) => [`note-${i}.txt`, `${paragraph.repeat(4)} Entry ${i}.`]),
    ),
  )
  await expect(page.locator('#files-summary')).toContainText('60', { timeout: 90_000 })
  await ask(page, 'what did the keeper write about')
  await expect(hits(page).first()).toBeVisible()
  const longest = await page.evaluate(() =>
    Math.max(0, ...(globalThis as unknown as { longTasks: number[] }).longTasks),
  )
  test.info().annotations.push({ type: 'longest task', description: `${longest} ms` })
  // Encoding in the page would block it for seconds; a busy machine stretches every task a little.
  expect(longest).toBeLessThan(300)
})
