/**
 * What readers of a site see when something is missing, damaged, old or forbidden: one honest line, keywords for
 * as long as their files are there, no error that nobody handles, and all of it back once the cause is gone.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, test as base, chromium, expect, type Page } from '@playwright/test'
import { CHROMIUM_ARGS, chromiumPath } from '../scripts/browsers.mjs'
import { makeDebianSite, missingSite } from './debian-site.ts'
import { becomesReady, field, hits, openBox, READY, STRICT_POLICY, status } from './search-box.ts'
import { type Fault, type StaticHost, serveFolder } from './server.ts'

const QUESTION = 'how do I throw away my last commit but keep the changes'
const NO_MEANING = 'Keyword results only. Search by meaning is unavailable: '

const PAGE = /^(index|git-[a-z-]+)\.html$|^\.$/
const ANY = /^/
const MANIFEST = /manifest\.json$/
const TEXT_PARTS = /-[1-9]\d*\.text$/
const LEXICAL_HEAD = /-0\.lexical$/
const LEXICAL_BLOCKS = /-[1-9]\d*\.lexical$/
const VECTORS = /\.vectors$/
const GRAPH = /\.onnx\.gzip$/
const RUNTIME = /\.wasm\.gzip$/
const WORKER = /search\.worker\.js$/

let site: string
/** The same site after a change of one page. */
let nextSite: string
let host: StaticHost

/** Every story fails when an error is left to nobody, in the page or in its worker. */
const test = base.extend<{ unhandled: string[] }>({
  unhandled: [
    async ({ context }, use) => {
      const errors: string[] = []
      context.on('weberror', (error) => errors.push(String(error.error())))
      await use(errors)
      expect(errors).toEqual([])
    },
    { auto: true },
  ],
})

test.skip(missingSite !== undefined, missingSite)

test.beforeAll(async () => {
  test.setTimeout(300_000)
  site = makeDebianSite('git-faults', { attributes: 'offline' })
  nextSite = nextEdition(site)
  host = await serveFolder(site, { base: '/docs/', headers: { 'content-security-policy': STRICT_POLICY } })
})

test.afterEach(() => {
  host?.heal()
  host?.deploy(site)
})

test.afterAll(() => host?.close())

const message = (page: Page) => page.locator('lateen-search [part=message]')
const again = (page: Page) => page.getByRole('button', { name: 'Try again' })

async function finds(page: Page, query: string, expected: string | RegExp) {
  await field(page).fill(query)
  await expect(hits(page).filter({ hasText: expected }).first()).toBeVisible({ timeout: 20_000 })
}

async function becomesUnavailable(page: Page, reason: string | RegExp) {
  await expect(status(page)).toContainText(NO_MEANING, { timeout: 30_000 })
  await expect(status(page)).toContainText(reason, { timeout: 10_000 })
}

/** Gives the element of every page these attributes. */
function setAttributes(attributes: string) {
  host.spoil(PAGE, {
    body: (html) => String(html).replace('<lateen-search ', `<lateen-search ${attributes} `),
  })
}

/** A copy of a site with another sentence on one page, indexed anew. */
function nextEdition(folder: string): string {
  const next = `${folder}-next`
  rmSync(next, { recursive: true, force: true })
  cpSync(folder, next, { recursive: true, preserveTimestamps: true })
  const page = join(next, 'git-clean.html')
  const sentence = '<p>Nowadays a quokka guards the working tree.</p></body>'
  writeFileSync(page, readFileSync(page, 'utf8').replace('</body>', sentence))
  const args = ['bin/lateen.js', 'index', next, '--cache', '.cache/embeddings', '--json']
  const built = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (built.status !== 0) throw new Error(`lateen index failed: ${built.stderr}`)
  return next
}

/** One byte in the middle is another. */
const damaged = (file: Buffer) => {
  const copy = Buffer.from(file)
  copy[copy.length >> 1]! ^= 0x55
  return copy
}
const truncated = (file: Buffer) => file.subarray(0, file.length - 7)
const pageInstead: Fault = {
  status: 200,
  headers: { 'content-type': 'text/html' },
  body: () => '<!doctype html><title>Welcome</title><p>Every address is this page.',
}

test.describe('no index', () => {
  for (const [name, break_] of [
    ['the manifest is not there', () => host.fail(MANIFEST, 404)],
    [
      'the host answers every path with a page',
      () => host.spoil(/^lateen\/.*(json|text|lexical)$/, pageInstead),
    ],
    ['the base path is wrong', () => setAttributes('index="/elsewhere/lateen/"')],
  ] as const) {
    test(`${name}: the box says that there is none`, async ({ page }) => {
      break_()
      await openBox(page, host.url)
      await expect(status(page)).toContainText('There is no search index here.')
      await field(page).fill('stash')
      await expect(again(page)).toBeVisible()
      await expect(hits(page)).toHaveCount(0)
      if (name.includes('base path')) return
      host.heal()
      await again(page).click()
      await expect(hits(page).first()).toContainText(/stash/i)
      await expect(status(page)).not.toContainText('no search index')
    })
  }
})

test.describe('deployments', () => {
  for (const [name, from, to] of [
    ['an old manifest with new files', () => site, () => nextSite],
    ['a new manifest with old files', () => nextSite, () => site],
  ] as const) {
    test(`${name}: the box says what is missing, and works after the rest is there`, async ({ page }) => {
      const stale = readFileSync(join(from(), 'lateen/manifest.json'))
      host.deploy(to())
      host.spoil(MANIFEST, { body: () => stale })
      await openBox(page, host.url)
      await expect(status(page)).toContainText(/cannot start: .*\.(text|lexical)/)
      host.heal()
      await page.reload()
      await openBox(page, host.url)
      await finds(page, 'stash', /stash/i)
    })
  }

  test('the copy of an older deployment does no harm: its files are replaced and its answers forgotten', async ({
    page,
  }) => {
    await openBox(page, host.url)
    await finds(page, 'untracked files', 'git-clean')
    await becomesReady(page)
    host.deploy(nextSite)
    await openBox(page, host.url)
    await finds(page, 'quokka', 'git-clean')
    await becomesReady(page)
  })

  test('a page that was open during a deployment goes on with the new index', async ({ page }) => {
    setAttributes('meaning="off"')
    await openBox(page, host.url)
    await finds(page, 'stash', /stash/i)
    host.deploy(nextSite)
    await finds(page, 'bisect run', 'git-bisect')
    await finds(page, 'quokka', 'git-clean')
  })

  test('a page that was loaded before a deployment says that its scripts are gone', async ({ page }) => {
    await page.goto(host.url)
    host.fail(/assets\/.*\.js$|index\.js$/, 404)
    await page.getByRole('button', { name: /^Search/ }).click()
    await expect(status(page)).toContainText(/cannot start: A script of Lateen could not be loaded/)
    host.heal()
    await again(page).click()
    await finds(page, 'stash', /stash/i)
  })

  test('files that a host lets caches keep for ever can be replaced all the same', async ({ page }) => {
    const forever: Fault = { headers: { 'cache-control': 'public, max-age=31536000, immutable' } }
    host.spoil(GRAPH, { ...forever, body: damaged })
    host.spoil(/^lateen\/(?!manifest)/, forever)
    await openBox(page, host.url)
    await becomesUnavailable(page, 'Copy the model again')
    host.heal()
    await again(page).click()
    await becomesReady(page)
  })
})

test.describe('files of the index', () => {
  /** The file that a query of one word reads first among those of a kind. */
  async function fileOf(browser: Browser, query: string, kind: RegExp): Promise<RegExp> {
    const page = await browser.newPage()
    setAttributes('meaning="off"')
    host.requests.length = 0
    await openBox(page, host.url)
    await finds(page, query, `git-${query}`)
    await page.context().close()
    host.heal()
    const [path] = host.requests.filter((one) => kind.test(one))
    return new RegExp(path!.replaceAll('.', '\\.'))
  }

  test('a text part that is missing, truncated or damaged costs the hits in it, and the box says so', async ({
    page,
    browser,
  }) => {
    const path = await fileOf(browser, 'bisect', TEXT_PARTS)
    host.fail(path, 404)
    setAttributes('meaning="off"')
    await openBox(page, host.url)
    for (const fault of [{ status: 404 }, { body: truncated }, { body: damaged }]) {
      host.heal()
      host.spoil(path, fault)
      await field(page).fill('')
      await field(page).fill('bisect')
      await expect(message(page)).toContainText(/\d+ of \d+ hits (is|are) left out/)
      await expect(hits(page).first()).toBeVisible()
    }
    host.heal()
    await field(page).fill('')
    await finds(page, 'bisect', 'git-bisect')
    await expect(message(page)).toBeHidden()
  })

  test('without any text part the box does not claim that there are no results', async ({ page }) => {
    setAttributes('meaning="off"')
    host.fail(TEXT_PARTS, 404)
    await openBox(page, host.url)
    await field(page).fill('bisect')
    await expect(message(page)).toContainText(/hits are left out because the text/)
    await expect(message(page)).not.toContainText('No results')
  })

  test('keyword blocks are missing: meaning answers alone, and the box says so', async ({ page }) => {
    host.fail(LEXICAL_BLOCKS, 404)
    await openBox(page, host.url)
    await field(page).fill(QUESTION)
    await becomesReady(page)
    await expect(
      hits(page)
        .filter({ hasText: /git-reset|git-revert|git-restore/ })
        .first(),
    ).toBeVisible()
    await expect(message(page)).toContainText('.lexical')
    host.heal()
    await field(page).fill('how do I throw away my last commit')
    await expect(message(page)).toBeHidden()
    await expect(hits(page).first()).toBeVisible()
  })

  test('one keyword block is missing: the other words are found, and the box says so', async ({
    page,
    browser,
  }) => {
    const path = await fileOf(browser, 'stash', LEXICAL_BLOCKS)
    host.fail(path, 404)
    setAttributes('meaning="off"')
    await openBox(page, host.url)
    await finds(page, 'bisect stash', 'git-bisect')
    await expect(message(page)).toContainText('Some words of the query were not looked up')
    host.heal()
    await finds(page, 'bisect stash ', 'git-stash')
    await expect(message(page)).toBeHidden()
  })

  test('keyword blocks are missing and meaning is off: the search says why it did not finish', async ({
    page,
  }) => {
    setAttributes('meaning="off"')
    host.fail(LEXICAL_BLOCKS, 503)
    await openBox(page, host.url)
    await field(page).fill('bisect')
    await expect(message(page)).toContainText(/did not finish: .*503/)
    host.heal()
    await finds(page, 'bisect log', 'git-bisect')
  })

  test('the head of the keywords is missing: the box cannot start, says so, and starts later', async ({
    page,
  }) => {
    host.fail(LEXICAL_HEAD, 404)
    await openBox(page, host.url)
    await expect(status(page)).toContainText(/cannot start: .*-0\.lexical/)
    host.heal()
    await again(page).click()
    await finds(page, 'stash', /stash/i)
  })

  test('the vectors are missing, truncated or damaged: keywords answer, and meaning comes when they are whole', async ({
    page,
  }) => {
    host.spoil(VECTORS, { status: 404 })
    await openBox(page, host.url)
    await finds(page, 'bisect', 'git-bisect')
    await becomesUnavailable(page, /\.vectors/)
    for (const body of [truncated, damaged]) {
      host.heal()
      host.spoil(VECTORS, { body })
      await again(page).click()
      await becomesUnavailable(page, body === truncated ? 'does not have the length' : 'is not the file')
      await finds(page, 'stash', /stash/i)
    }
    host.heal()
    await again(page).click()
    await becomesReady(page)
  })
})

test.describe('model and runtime', () => {
  test('whatever is missing or damaged: keywords answer, one line says so, and trying again helps', async ({
    page,
  }) => {
    const FAULTS = [
      ['code of the model', /assets\/.*backend[^/]*\.js$/, { status: 404 }, 'A script of Lateen could not'],
      ['model that is missing', GRAPH, { status: 404 }, /\.onnx.gzip: the server answered 404/],
      ['model that the host cannot give', GRAPH, { status: 503 }, 'status 503'],
      ['model that is a page', GRAPH, pageInstead, 'with a web page in its place'],
      ['model that is truncated', GRAPH, { body: truncated }, 'cannot be unpacked'],
      ['model whose transfer breaks off', GRAPH, { cutAfter: 100_000 }, 'could not be fetched'],
      ['runtime that is missing', RUNTIME, { status: 404 }, 'status 404'],
      ['runtime that is damaged', RUNTIME, { body: truncated }, 'Expected a WebAssembly file'],
    ] as const
    host.spoil(FAULTS[0][1], FAULTS[0][2])
    await openBox(page, host.url)
    for (const [name, path, fault, reason] of FAULTS) {
      await test.step(name, async () => {
        host.heal()
        host.spoil(path, fault)
        await page.evaluate(() => caches.delete('lateen-models'))
        if (name !== FAULTS[0][0]) await again(page).click()
        await becomesUnavailable(page, reason)
        await expect(status(page)).not.toContainText(/GPU|No backend/)
        await field(page).fill('')
        await finds(page, 'bisect', 'git-bisect')
        await expect(message(page)).toBeHidden()
      })
    }
    host.heal()
    await again(page).click()
    await becomesReady(page)
    await finds(page, QUESTION, /git-reset|git-revert|git-restore/)
  })

  test('the script of the worker is missing: the page does its work', async ({ page }) => {
    host.fail(WORKER, 404)
    await openBox(page, host.url)
    await finds(page, 'bisect', 'git-bisect')
    await becomesReady(page)
    await finds(page, QUESTION, /git-reset|git-revert|git-restore/)
  })

  test('a policy without wasm-unsafe-eval: keywords answer, the line names the policy, nothing large is loaded', async ({
    page,
  }) => {
    host.spoil(ANY, {
      headers: { 'content-security-policy': STRICT_POLICY.replace(" 'wasm-unsafe-eval'", '') },
    })
    host.requests.length = 0
    await openBox(page, host.url)
    await finds(page, 'bisect', 'git-bisect')
    await expect(status(page)).toContainText(NO_MEANING, { timeout: 30_000 })
    await expect(status(page)).toContainText('wasm-unsafe-eval')
    expect(host.requests.filter((path) => GRAPH.test(path) || RUNTIME.test(path))).toEqual([])
  })
})

test.describe('hosts', () => {
  const unpacking: Fault = { headers: { 'content-encoding': 'gzip', 'content-length': '' } }
  const untyped: Fault = { headers: { 'content-type': '' } }
  for (const [name, base, path, fault] of [
    [
      'names no types, below a path with encoded characters',
      '/m%C3%A4n%20(v2)/%E6%96%87/',
      /\.(?!js$|html$)\w+$/,
      untyped,
    ],
    ['unpacks what is stored as gzip and does not state its length', '/', /\.gzip$/, unpacking],
  ] as const) {
    test(`a host that ${name} is good enough`, async ({ page }) => {
      const odd = await serveFolder(site, { base, headers: { 'content-security-policy': STRICT_POLICY } })
      odd.spoil(path, fault)
      try {
        await openBox(page, odd.url)
        await field(page).fill(QUESTION)
        await becomesReady(page)
        await finds(page, 'bisect run', 'git-bisect')
        await hits(page).filter({ hasText: 'git-bisect' }).first().click()
        await expect(page).toHaveURL(/git-bisect\.html/)
        expect(page.url().startsWith(odd.url)).toBe(true)
      } finally {
        await odd.close()
      }
    })
  }
})

test.describe('storage', () => {
  test('without room for anything, search by meaning works all the same, and what cannot be kept is not loaded over and over', async ({
    page,
    context,
  }) => {
    const session = await context.newCDPSession(page)
    await session.send('Storage.overrideQuotaForOrigin', {
      origin: new URL(host.url).origin,
      quotaSize: 1_000,
    })
    host.requests.length = 0
    await openBox(page, host.url)
    await field(page).fill(QUESTION)
    await becomesReady(page)
    await expect(
      hits(page)
        .filter({ hasText: /git-reset|git-revert|git-restore/ })
        .first(),
    ).toBeVisible()
    await page.waitForTimeout(2_500)
    await finds(page, 'bisect', 'git-bisect')
    await page.waitForTimeout(2_500)
    const seen = new Map<string, number>()
    for (const path of host.requests) seen.set(path, (seen.get(path) ?? 0) + 1)
    expect(
      [...seen].filter(([path, times]) => times > 2 && /vectors|gzip|text$|lexical$/.test(path)),
    ).toEqual([])
    await page.getByRole('button', { name: 'Make available offline' }).click()
    await expect(status(page)).toContainText('Could not be saved for offline use: ')
  })

  test('without IndexedDB, caches and local storage everything works for this visit', async ({ page }) => {
    const none =
      "for (const name of ['indexedDB', 'caches', 'localStorage']) Object.defineProperty(globalThis, name, { get() { throw new DOMException('forbidden', 'SecurityError') } });"
    await page.addInitScript({ content: none })
    host.spoil(WORKER, { body: (script) => `${none}\n${script}` })
    await openBox(page, host.url)
    await field(page).fill(QUESTION)
    await becomesReady(page)
    await finds(page, 'bisect run', 'git-bisect')
    await hits(page).filter({ hasText: 'git-bisect' }).first().click()
    await expect(page).toHaveURL(/git-bisect\.html/)
  })

  test('a service worker of an older version makes way, and its cache goes with it', async ({ page }) => {
    const old = `
      self.addEventListener('install', () => self.skipWaiting())
      self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))
      self.addEventListener('fetch', (event) => {
        if (!event.request.url.endsWith('lateen-search.js')) return
        event.respondWith((async () => {
          const cache = await caches.open('lateen-search-0.0.1')
          const kept = await cache.match(event.request)
          if (kept) return kept
          const response = await fetch(event.request)
          await cache.put(event.request, response.clone())
          return response
        })())
      })`
    host.spoil(/^service-worker\.js$/, { body: () => old })
    host.spoil(/lateen-search\.js$/, {
      body: (script) => `document.documentElement.dataset.code = 'old';${script}`,
    })
    const code = () => page.evaluate(() => document.documentElement.dataset['code'])
    const caches_ = () => page.evaluate(() => caches.keys())
    await page.goto(host.url)
    await expect.poll(() => page.evaluate(() => navigator.serviceWorker.controller !== null)).toBe(true)
    await page.reload()
    await expect.poll(caches_).toContain('lateen-search-0.0.1')
    host.heal()
    await page.reload()
    await expect.poll(caches_).not.toContain('lateen-search-0.0.1')
    await page.goto(`${host.url}git-stash.html`)
    expect(await code()).toBeUndefined()
    await page.getByRole('button', { name: /^Search/ }).click()
    await finds(page, 'bisect run', 'git-bisect')
  })
})

test.describe('connection', () => {
  test('a reader who saves data is asked first, with the number of megabytes', async ({ page }) => {
    await page.addInitScript(() =>
      Object.defineProperty(navigator, 'connection', { value: { saveData: true, effectiveType: '4g' } }),
    )
    host.requests.length = 0
    await openBox(page, host.url)
    await finds(page, 'bisect', 'git-bisect')
    const ask = page.getByRole('button', { name: /^Search by meaning \(\d+(\.\d)? MB\)$/ })
    await expect(ask).toBeVisible()
    expect(host.requests.filter((path) => GRAPH.test(path) || VECTORS.test(path))).toEqual([])
    await ask.click()
    await becomesReady(page)
  })

  test('the network goes away during the first download of the model: keywords go on, and meaning comes back with the network', async ({
    page,
    context,
  }) => {
    host.spoil(GRAPH, { cutAfter: 1_000_000 })
    await openBox(page, host.url)
    await finds(page, 'bisect', 'git-bisect')
    await expect.poll(() => host.requests.some((path) => GRAPH.test(path))).toBe(true)
    await context.setOffline(true)
    await expect(status(page)).toContainText('Offline: keyword results only', { timeout: 20_000 })
    await finds(page, 'bisect', 'git-bisect')
    host.heal()
    await context.setOffline(false)
    await becomesReady(page)
  })

  test('a download of the model that breaks off is taken up where it stopped', async ({ page }) => {
    const patient = await serveFolder(site, { ranges: true })
    try {
      patient.spoil(GRAPH, { cutAfter: 4_000_000, times: 1 })
      patient.spoil(GRAPH, { cutAfter: 0 })
      await openBox(page, patient.url)
      await becomesUnavailable(page, 'could not be fetched')
      patient.heal()
      await again(page).click()
      await becomesReady(page)
      const [[path, bytes]] = [...patient.sent].filter(([path]) => GRAPH.test(path)) as [[string, number]]
      // What the host had sent and the connection lost comes twice.
      expect(bytes).toBeLessThan(readFileSync(join(site, path)).length * 1.3)
    } finally {
      await patient.close()
    }
  })
})

test.describe('pages', () => {
  const boxes = (page: Page) => page.locator('lateen-search')

  test('several tabs open the same index at the same time, and each answers', async ({ context }) => {
    const pages = await Promise.all([1, 2].map(() => context.newPage()))
    await Promise.all(
      pages.map(async (page) => {
        await page.goto(host.url)
        await page.getByRole('button', { name: /^Search/ }).click()
        await field(page).fill('bisect run')
      }),
    )
    for (const page of pages) {
      await page.bringToFront()
      await finds(page, 'bisect run', 'git-bisect')
      await becomesReady(page)
    }
  })

  test('two boxes on one page: each answers its own query, one worker serves both', async ({ page }) => {
    host.spoil(PAGE, {
      body: (html) =>
        String(html).replace(
          '<lateen-search ',
          '<lateen-search id="second" mode="inline"></lateen-search><lateen-search id="first" ',
        ),
    })
    await page.goto(host.url)
    const first = page.locator('#first')
    const second = page.locator('#second')
    await second.getByRole('combobox').fill('stash')
    await expect(second.getByRole('option').first()).toContainText(/stash/i)
    await first.getByRole('button', { name: /^Search/ }).click()
    await first.getByRole('combobox').fill('bisect run')
    await expect(first.getByRole('option').filter({ hasText: 'git-bisect' }).first()).toBeVisible()
    await expect(second.getByRole('option').first()).toContainText(/stash/i)
    expect(page.workers()).toHaveLength(1)
    await page.keyboard.press('Escape')
    await page.keyboard.press('Escape')
    await expect(first.locator('dialog')).toBeHidden()
    await page.keyboard.press('Control+k')
    expect(
      await boxes(page).evaluateAll(
        (all) => all.filter((box) => (box as HTMLElement & { opened: boolean }).opened).length,
      ),
    ).toBeLessThan(2)
  })

  test('a box is moved while it is open, taken out and put back: it stays usable and keeps its query', async ({
    page,
  }) => {
    setAttributes('meaning="off"')
    await openBox(page, host.url)
    await finds(page, 'bisect', 'git-bisect')
    await boxes(page).evaluate((box) => document.body.prepend(box))
    await expect(page.locator('lateen-search dialog')).toBeVisible()
    await expect(field(page)).toBeFocused()
    await finds(page, 'stash', /stash/i)
    await boxes(page).evaluate((box) => {
      ;(globalThis as { taken?: Element }).taken = box
      box.remove()
    })
    // Longer than the engine waits for a box to come back.
    await page.waitForTimeout(1_500)
    expect(page.workers()).toHaveLength(0)
    expect(await page.evaluate(() => getComputedStyle(document.documentElement).overflow)).not.toBe('hidden')
    await page.evaluate(() => document.body.append((globalThis as { taken?: Element }).taken!))
    await page.getByRole('button', { name: /^Search/ }).click()
    await expect(field(page)).toHaveValue('stash')
    await finds(page, 'bisect run', 'git-bisect')
  })

  test('back after a hit was followed: the query and its hits are still there', async () => {
    // Playwright switches the back-forward cache off.
    const ignoreDefaultArgs = ['--disable-back-forward-cache']
    const executablePath = chromiumPath()
    const browser = await chromium.launch({
      ...(executablePath ? { executablePath } : {}),
      args: CHROMIUM_ARGS,
      ignoreDefaultArgs,
    })
    try {
      const page = await browser.newPage()
      await page.addInitScript(() =>
        addEventListener('pageshow', ({ persisted }) => {
          document.documentElement.dataset['persisted'] = String(persisted)
        }),
      )
      await openBox(page, host.url)
      await becomesReady(page)
      await finds(page, 'bisect run', 'git-bisect')
      await hits(page).filter({ hasText: 'git-bisect' }).first().click()
      await expect(page).toHaveURL(/git-bisect\.html/)
      await page.goBack({ waitUntil: 'commit' })
      await expect(page.locator('html')).toHaveAttribute('data-persisted', 'true')
      await page.getByRole('button', { name: /^Search/ }).click()
      await expect(field(page)).toHaveValue('bisect run')
      await expect(hits(page).filter({ hasText: 'git-bisect' }).first()).toBeVisible()
      await finds(page, QUESTION, /git-reset|git-revert|git-restore/)
      await expect(status(page)).toContainText(READY)
    } finally {
      await browser.close()
    }
  })
})

test('queries that nobody expects do no harm, with keywords and with meaning', async ({ page }) => {
  await openBox(page, host.url)
  await finds(page, 'stash', /stash/i)
  const ask = async () => {
    for (const query of [
      'stash '.repeat(20_000),
      '🪵'.repeat(50_000),
      'how to 🍒-pick 🤔',
      'كيف أتراجع عن آخر commit',
      '(a+)+$ [z-a] \\ ^.*? {1,}',
      '!?… --- ,;',
      'the of and is',
      '__proto__ constructor toString',
      '<img src=x onerror=alert(1)>',
      '\u0000\uD83D',
    ]) {
      await field(page).evaluate((input, text) => {
        ;(input as HTMLInputElement).value = text
        input.dispatchEvent(new InputEvent('input', { bubbles: true }))
      }, query)
      // An answer of some kind, soon.
      await expect(async () => {
        const number = await hits(page).count()
        const said = await message(page).textContent()
        expect(number > 0 || /No results|Type a word|No exact/.test(said ?? '')).toBe(true)
        expect(said).not.toContain('did not finish')
        await expect(page.getByRole('listbox')).not.toHaveAttribute('aria-busy', 'true')
      }).toPass({ timeout: 15_000 })
      expect((await field(page).inputValue()).length).toBeLessThanOrEqual(512)
    }
  }
  await ask()
  await becomesReady(page)
  await ask()
  await finds(page, 'bisect run', 'git-bisect')
  await field(page).fill('كيف أتراجع')
  expect(await field(page).evaluate((input) => getComputedStyle(input).direction)).toBe('rtl')
})
