import { expect, type Page, test } from '@playwright/test'
import { axeViolations } from './axe.ts'
import { makeDebianSite, missingSite } from './debian-site.ts'
import { becomesReady, field, hits, openBox, STRICT_POLICY, status, trigger } from './search-box.ts'
import { type StaticHost, serveFolder } from './server.ts'

const BASE = '/manual/v2/'
const QUESTION = 'how do I throw away my last commit but keep the changes'

let folder: string
let host: StaticHost

test.skip(missingSite !== undefined, missingSite)

test.beforeAll(async () => {
  test.setTimeout(300_000)
  folder = makeDebianSite('git', { attributes: 'offline' })
  // Every story runs under the strictest policy, below a sub-path, on a host that compresses nothing.
  host = await serveFolder(folder, { base: BASE, headers: { 'content-security-policy': STRICT_POLICY } })
})

test.afterAll(async () => {
  await host?.close()
})

/** What the browser complains about: policy violations and errors. */
function complaints(page: Page): string[] {
  const found: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') found.push(message.text())
  })
  page.on('pageerror', (error) => found.push(String(error)))
  return found
}

test('reader: nothing is fetched before intent, keywords answer, meaning follows, a hit leads to its heading', async ({
  page,
}) => {
  const found = complaints(page)
  const foreign: string[] = []
  page.on('request', (request) => {
    if (!request.url().startsWith(host.url)) foreign.push(request.url())
  })
  host.requests.length = 0
  await page.goto(host.url)
  await expect(trigger(page)).toBeVisible()
  const early = host.requests.filter((path) => path.startsWith('lateen/') && !path.endsWith('.js'))
  expect(early, 'files of the index or the model before anybody asked').toEqual([])
  expect(host.requests.filter((path) => /worker|host-/.test(path) && !path.startsWith('service'))).toEqual([])

  await trigger(page).click()
  await field(page).pressSequentially('stash')
  await expect(hits(page).first()).toContainText(/stash/i)
  await expect(hits(page).locator('mark').first()).toBeVisible()

  await field(page).fill(QUESTION)
  await becomesReady(page)
  await expect(
    hits(page)
      .filter({ hasText: /git-reset|git-revert|git-restore/ })
      .first(),
  ).toBeVisible()

  await field(page).fill('--keep-index')
  const hit = hits(page).filter({ hasText: 'git-stash' }).first()
  await expect(hit).toBeVisible()
  await hit.click()
  await expect(page).toHaveURL(/\/manual\/v2\/git-stash\.html#/)
  const anchor = decodeURIComponent(new URL(page.url()).hash.slice(1)).replace(/:~:.*/, '')
  expect(await page.evaluate((id) => document.getElementById(id) !== null, anchor)).toBe(true)
  expect(foreign).toEqual([])
  expect(found).toEqual([])
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(false)
})

test('keyboard only: open, choose, follow, come back, close, and the focus is where it was', async ({
  page,
}) => {
  await page.goto(host.url)
  await page.locator('a[href]').first().focus()
  await page.keyboard.press('Control+k')
  await expect(field(page)).toBeFocused()
  await page.keyboard.type('bisect run')
  await expect(hits(page).first()).toBeVisible()
  await expect(field(page)).not.toHaveAttribute('aria-activedescendant', /./)
  await page.keyboard.press('ArrowDown')
  const active = await field(page).getAttribute('aria-activedescendant')
  expect(active).toBeTruthy()
  await expect(page.locator(`lateen-search #${active}`)).toHaveAttribute('aria-selected', 'true')
  await expect(field(page)).toBeFocused()
  await page.keyboard.press('Escape')
  await expect(field(page)).toHaveValue('')
  await page.keyboard.press('Escape')
  await expect(page.locator('lateen-search dialog')).toBeHidden()
  await expect(page.locator('a[href]').first()).toBeFocused()

  await page.keyboard.press('/')
  await page.keyboard.type('bisect run')
  await expect(hits(page).filter({ hasText: 'git-bisect' }).first()).toBeVisible()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/git-bisect/)
})

test('meaning never moves what the reader is pointing at', async ({ page }) => {
  await openBox(page, host.url)
  await field(page).fill('undo commit')
  await expect(hits(page).first()).toBeVisible()
  await page.keyboard.press('ArrowDown')
  const active = page.locator('lateen-search [role=option][aria-selected=true]')
  const address = () => active.evaluate((option) => (option.closest('a') ?? option.querySelector('a'))?.href)
  const before = await address()
  const place = await active.boundingBox()
  await becomesReady(page)
  await page.waitForTimeout(500)
  expect(before).toBeTruthy()
  expect(await address()).toBe(before)
  expect((await active.boundingBox())?.y).toBeCloseTo(place!.y, 0)
  expect(before).toBeTruthy()
  expect(await address()).toBe(before)
  expect((await active.boundingBox())?.y).toBeCloseTo(place!.y, 0)
})

test('offline reader: after one visit with a search, search by meaning works after a reload without a network', async ({
  page,
  context,
}) => {
  await openBox(page, host.url)
  await field(page).fill(QUESTION)
  await becomesReady(page)
  await expect.poll(() => page.evaluate(() => navigator.serviceWorker.controller !== null)).toBe(true)
  // The rest of the index is fetched when the worker has nothing else to do.
  await expect
    .poll(
      async () => {
        const before = host.requests.length
        await page.waitForTimeout(1_500)
        return host.requests.length - before
      },
      { timeout: 30_000 },
    )
    .toBe(0)
  await context.setOffline(true)
  await page.reload()
  await page.keyboard.press('Control+k')
  await field(page).fill('find the commit that introduced a bug')
  await expect(hits(page).filter({ hasText: 'git-bisect' }).first()).toBeVisible({ timeout: 60_000 })
  await expect(status(page)).toContainText('Offline, and everything still works', { timeout: 60_000 })
})

test('phone: the box fills the screen, targets are large enough, nothing scrolls sideways', async ({
  browser,
}) => {
  const context = await browser.newContext({
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    isMobile: true,
  })
  const page = await context.newPage()
  try {
    await page.goto(host.url)
    await trigger(page).tap()
    await field(page).fill('merge conflict')
    await expect(hits(page).first()).toBeVisible()
    const box = await page.locator('lateen-search dialog').boundingBox()
    expect(box!.width).toBeGreaterThanOrEqual(389)
    expect(box!.height).toBeGreaterThan(800)
    const small = await page.evaluate(() => {
      const root = document.querySelector('lateen-search')!.shadowRoot!
      return [...root.querySelectorAll<HTMLElement>('dialog button, dialog a, dialog input')]
        .filter((element) => element.checkVisibility())
        .map((element) => ({ name: element.className, height: element.getBoundingClientRect().height }))
        .filter(({ height }) => height > 0 && height < 44)
    })
    expect(small).toEqual([])
    expect(
      await page.evaluate(() => {
        const root = document.querySelector('lateen-search')!.shadowRoot!
        return root.querySelector('dialog')!.scrollWidth - innerWidth
      }),
    ).toBeLessThanOrEqual(0)
    expect(
      Number.parseFloat(await field(page).evaluate((input) => getComputedStyle(input).fontSize)),
    ).toBeGreaterThanOrEqual(16)
  } finally {
    await context.close()
  }
})

test('Japanese interface: the words are Japanese, and Enter that ends a conversion follows no hit', async ({
  page,
}) => {
  await page.route('**/git-rebase.html', async (route) => {
    const response = await route.fetch()
    await route.fulfill({ response, body: (await response.text()).replace('lang="en"', 'lang="ja"') })
  })
  await page.goto(`${host.url}git-rebase.html`)
  await page.locator('lateen-search').locator('button').first().click()
  await expect(field(page)).toHaveAttribute('placeholder', /検索/)
  // The site is in English, so nothing in Japanese is there to narrow the search to.
  await field(page).fill('autosquash')
  await expect(hits(page).first()).toBeVisible()
  const address = page.url()
  await field(page).dispatchEvent('keydown', { key: 'Enter', isComposing: true, keyCode: 229, bubbles: true })
  await page.waitForTimeout(200)
  expect(page.url()).toBe(address)
})

test('names of JavaScript are ordinary words', async ({ page }) => {
  const found = complaints(page)
  await openBox(page, host.url)
  for (const word of ['constructor', '__proto__', 'toString', '<img src=x onerror=alert(1)>']) {
    await field(page).fill(word)
    await expect(
      page.locator('lateen-search [part=message], lateen-search [role=option]').first(),
    ).toBeVisible()
  }
  expect(found).toEqual([])
})

for (const colorScheme of ['light', 'dark'] as const) {
  test(`no accessibility violations in any state, ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme })
    const check = async (state: string) => {
      expect(await axeViolations(page, 'lateen-search'), state).toEqual([])
    }
    await page.goto(host.url)
    await check('closed')
    await trigger(page).click()
    await check('open')
    await field(page).fill('rebase')
    await expect(hits(page).first()).toBeVisible()
    await check('keyword hits')
    await becomesReady(page)
    await check('hits')
    await page.keyboard.press('ArrowDown')
    await check('a hit is chosen')
    await page.keyboard.press('ArrowRight')
    await expect(page.locator('lateen-search [part=why]')).toBeVisible({ timeout: 30_000 })
    await check('explanation')
    await page.keyboard.press('Escape')
    await field(page).fill('xqzvw jkqpz')
    await expect(page.locator('lateen-search [part=message]')).toBeVisible()
    await check('no hits')
  })
}
