/** What a reader downloads and waits for, in real Chromium: our box and Pagefind's, on the same pages and the same host. */
import type { Browser, Page } from 'playwright'
import { round } from '../../src/cli/evaluate.ts'
import { percentile } from '../../src/eval/metrics.ts'
import { type Box, LATEEN_FOLDER, lateenBox, pagefindBox, watchScript } from './boxes.ts'
import { bytesOf, type CountingServer, countingServer, type Encoding, type Sent } from './server.ts'
import type { Site } from './sites.ts'

/** Between letters, as a quick typist has it. */
const KEY_MS = 30
/** Nothing has changed for this long: the results stand. */
const SETTLED_MS = 1200
const PATIENCE_MS = 120_000

export interface Transfer {
  readonly box: string
  readonly encoding: Encoding
  /** The script and style of the box, and what they load before anybody shows intent. */
  readonly beforeIntent: number
  /** Everything from the script to the first keyword results, semantic part off. */
  readonly toFirstResults: number
}

/** The one-time bytes of search by meaning, as sent. */
export interface SemanticBytes {
  readonly encoding: Encoding
  readonly runtime: number
  readonly model: number
  readonly vectors: number
}

export interface Waiting {
  readonly box: string
  readonly queries: number
  /** From the last letter to the first results as they stay, in milliseconds. */
  readonly p50: number
  readonly p95: number
}

export interface SemanticWaiting {
  /** From the click that opens the box to search by meaning ready, nothing cached; and on a later visit. */
  readonly coldMs: number
  readonly warmMs: number
  readonly queries: number
  /** From the last letter to the fused answer. */
  readonly p50: number
  readonly p95: number
}

const BOXES = { off: lateenBox('off'), intent: lateenBox('intent'), pagefind: pagefindBox }
const PAGES = Object.fromEntries(Object.values(BOXES).map(({ path, html }) => [path, html]))

export async function measureTransfers(site: Site, browser: Browser): Promise<Transfer[]> {
  const transfers: Transfer[] = []
  for (const encoding of ['brotli', 'raw'] as const) {
    for (const box of [BOXES.off, BOXES.pagefind]) {
      transfers.push(
        await onServer(site, encoding, browser, async (page, server) => {
          await openPage(page, server, box)
          const beforeIntent = bytesOf(withoutPage(server.take(), box))
          await openBox(page, box)
          await type(page, box, site.typed)
          await settled(page)
          const after = bytesOf(server.take())
          return { box: box.name, encoding, beforeIntent, toFirstResults: beforeIntent + after }
        }),
      )
    }
  }
  return transfers
}

export async function measureSemanticBytes(site: Site, browser: Browser): Promise<SemanticBytes[]> {
  const rows: SemanticBytes[] = []
  for (const encoding of ['brotli', 'gzip', 'raw'] as const) {
    const without = await loaded(site, encoding, browser, BOXES.off)
    const paths = new Set(without.map(({ path }) => path))
    const extra = (await loaded(site, encoding, browser, BOXES.intent)).filter(({ path }) => !paths.has(path))
    const isModel = ({ path }: Sent) => path.startsWith(`/${LATEEN_FOLDER}/model/`)
    const isVectors = ({ path }: Sent) => /\.(vectors|codec)$/.test(path)
    rows.push({
      encoding,
      model: bytesOf(extra.filter(isModel)),
      vectors: bytesOf(extra.filter(isVectors)),
      runtime: bytesOf(
        extra.filter((one) => !isModel(one) && !isVectors(one) && one.path !== BOXES.intent.path),
      ),
    })
  }
  return rows
}

function loaded(site: Site, encoding: Encoding, browser: Browser, box: Box): Promise<Sent[]> {
  return onServer(site, encoding, browser, async (page, server) => {
    await openPage(page, server, box)
    await openBox(page, box)
    if (box === BOXES.intent) await ready(page)
    await type(page, box, site.typed)
    await settled(page)
    return server.take()
  })
}

/** @param queries typed letter by letter into one box after the other */
export async function measureTyping(
  site: Site,
  browser: Browser,
  queries: readonly string[],
): Promise<Waiting[]> {
  const rows: Waiting[] = []
  for (const box of [BOXES.off, BOXES.pagefind]) {
    const times = await onServer(site, 'raw', browser, async (page, server) => {
      await openPage(page, server, box)
      await openBox(page, box)
      const all: number[] = []
      for (const query of queries) {
        await page.locator(box.input).fill('')
        await settled(page)
        await type(page, box, query)
        all.push(await settled(page))
      }
      return all
    })
    rows.push({ box: box.name, queries: times.length, ...spread(times) })
  }
  return rows
}

export function measureMeaning(
  site: Site,
  browser: Browser,
  queries: readonly string[],
): Promise<SemanticWaiting> {
  const box = BOXES.intent
  return onServer(site, 'brotli', browser, async (page, server) => {
    const open = async () => {
      await openPage(page, server, box)
      const startMs = performance.now()
      await openBox(page, box)
      await ready(page)
      return Math.round(performance.now() - startMs)
    }
    const coldMs = await open()
    const warmMs = await open()
    const times: number[] = []
    for (const query of queries) times.push(await fused(page, query))
    return { coldMs, warmMs, queries: times.length, ...spread(times) }
  })
}

async function onServer<T>(
  { folder }: Site,
  encoding: Encoding,
  browser: Browser,
  work: (page: Page, server: CountingServer) => Promise<T>,
): Promise<T> {
  const server = await countingServer(folder, encoding, PAGES)
  // A context of its own has empty caches.
  const context = await browser.newContext({ serviceWorkers: 'block' })
  try {
    return await work(await context.newPage(), server)
  } finally {
    await context.close()
    await server.close()
  }
}

async function openPage(page: Page, server: CountingServer, box: Box): Promise<void> {
  await page.goto(server.url + box.path, { waitUntil: 'networkidle' })
  await page.evaluate(watchScript(box))
}

async function openBox(page: Page, { trigger, input }: Box): Promise<void> {
  await page.locator(trigger).click()
  await page.locator(input).waitFor({ state: 'visible' })
}

async function type(page: Page, { input }: Box, query: string): Promise<void> {
  await page.locator(input).pressSequentially(query, { delay: KEY_MS })
}

/** Waits until the first results stay as they are; milliseconds from the last letter to when they came. */
async function settled(page: Page): Promise<number> {
  const rest = `performance.now() - Math.max(watched.typedMs, watched.shownMs) > ${SETTLED_MS}`
  await page.waitForFunction(rest, undefined, { timeout: PATIENCE_MS })
  // Results that were there before the last letter needed no time.
  return page.evaluate<number>('Math.max(0, watched.shownMs - watched.typedMs)')
}

async function ready(page: Page): Promise<void> {
  const state = `document.querySelector('lateen-search').shadowRoot.querySelector('.status')?.dataset.tone === 'good'`
  await page.waitForFunction(state, undefined, { timeout: PATIENCE_MS })
}

/** Puts in a whole query and waits for its last answer. */
function fused(page: Page, query: string): Promise<number> {
  const wait = `new Promise((done) => {
    const box = document.querySelector('lateen-search')
    const field = box.shadowRoot.querySelector('.input')
    const startMs = performance.now()
    box.addEventListener('lateen-hits', function answered({ detail }) {
      if (!detail.final || detail.query !== ${JSON.stringify(query)}) return
      box.removeEventListener('lateen-hits', answered)
      requestAnimationFrame(() => done(performance.now() - startMs))
    })
    field.value = ${JSON.stringify(query)}
    field.dispatchEvent(new InputEvent('input', { bubbles: true, composed: true }))
  })`
  return page.evaluate<number>(wait)
}

function withoutPage(sent: readonly Sent[], { path }: Box): Sent[] {
  return sent.filter((one) => one.path !== path)
}

function spread(times: readonly number[]): { p50: number; p95: number } {
  return { p50: round(percentile(times, 50), 0), p95: round(percentile(times, 95), 0) }
}
