/** Checkpoints of the ColBERT family as people use them: beside a site, from a Hub, on the command line, in a page. */
import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type BrowserContext, expect, test } from '@playwright/test'
import { type HubServer, startHub } from '../tools/hub-server.ts'
import {
  checkpoint,
  FAMILY,
  type Found,
  lateen,
  lateenJson,
  libraryOf,
  makeModelSite,
  ROOT,
  writeSite,
} from './model-sites.ts'
import { becomesReady, field, hits, openBox, STRICT_POLICY, status, trigger } from './search-box.ts'
import { type StaticHost, serveFolder } from './server.ts'

const hosts: StaticHost[] = []
let hub: HubServer

test.beforeAll(async () => {
  hub = await startHub()
})

test.afterAll(async () => {
  await hub?.close()
})

test.afterEach(async () => {
  hub.goAway(false)
  for (const host of hosts.splice(0)) await host.close()
})

/** Served below a sub-path; under the strictest policy unless other hosts are to be asked. */
async function serve(folder: string, { isStrict = true } = {}): Promise<StaticHost> {
  const headers: Record<string, string> = isStrict ? { 'content-security-policy': STRICT_POLICY } : {}
  const host = await serveFolder(folder, { base: '/port/v2/', headers })
  hosts.push(host)
  return host
}

const fetchedOfModel = ({ requests }: StaticHost) =>
  [...new Set(requests)].filter((path) => path.startsWith('lateen/model/')).map((path) => path.slice(13))

function requestsElsewhere(context: BrowserContext, { url }: StaticHost): string[] {
  const foreign: string[] = []
  context.on('request', (request) => {
    if (!request.url().startsWith(url)) foreign.push(request.url())
  })
  return foreign
}

interface NodeSearch {
  /** @default 'semantic' */
  readonly mode?: 'semantic' | 'hybrid'
  readonly model?: string
  readonly env?: NodeJS.ProcessEnv
}

/** What the command line finds; without `model` by the one beside the index. */
async function nodeSearch(
  index: string,
  query: string,
  { mode = 'semantic', model, env }: NodeSearch = {},
): Promise<Found[]> {
  const options = ['--mode', mode, ...(model === undefined ? [] : ['--model', model])]
  const { hits } = await lateenJson<{ hits: Found[] }>(['search', index, query, ...options], env)
  return hits.map(({ id, passage, score }) => ({ id, passage, score }))
}

const placesOf = (found: readonly Found[]) => found.map(({ id, passage }) => [id, passage])

const ENGLISH = ['which rope holds the sail?', 'le voilier dans le port']
const JAPANESE = ['帆はどの綱で支えますか？', '魚の値段']

interface Story {
  readonly queries: readonly string[]
  /** Of the vectors. The fixtures have odd ones, which need more than four bits. */
  readonly dim: number
  readonly options: readonly string[]
}

const STORIES = {
  'pylate-modernbert': { queries: ENGLISH, dim: 12, options: ['--bits', '8'] },
  'stanford-xlmr': { queries: ENGLISH, dim: 8, options: ['--dim', '8'] },
  'pylate-japanese': { queries: JAPANESE, dim: 12, options: ['--bits', '8'] },
  'stanford-bert-beside': { queries: ENGLISH, dim: 12, options: ['--bits', '16'] },
  'st6-modernbert-min': { queries: ENGLISH, dim: 12, options: ['--bits', '32'] },
} satisfies Record<string, Story>

const sites = new Map<string, Promise<string>>()

/** The folder of a site with a model beside it, built once. */
function siteWith(model: keyof typeof STORIES): Promise<string> {
  const made = sites.get(model) ?? makeModelSite(model, ...STORIES[model].options)
  sites.set(model, made)
  return made
}

for (const model of Object.keys(STORIES) as (keyof typeof STORIES)[]) {
  const { queries, dim } = STORIES[model]
  test(`a site with ${model}: the browser finds what Node finds, and asks nobody else`, async ({
    page,
    context,
  }) => {
    const folder = await siteWith(model)
    const host = await serve(folder)
    const foreign = requestsElsewhere(context, host)
    await page.goto(host.url)
    const { info, lists } = await page.evaluate(
      async ([{ createSearch }, texts]) => {
        const search = await createSearch({ index: 'lateen/', persist: false })
        const lists: Found[][] = []
        for (const text of texts) {
          const { hits } = await search.query(text, { mode: 'semantic' })
          lists.push(hits.map(({ id, passage, score }) => ({ id, passage, score })))
        }
        const info = await search.info()
        await search.close()
        return { info, lists }
      },
      [await libraryOf(page), queries] as const,
    )
    expect(info.model).toMatchObject({ name: model, dim, state: 'ready' })
    expect(info.model.dtype).toBeTruthy()
    expect(info.model.selfTest?.verified).toBe(true)
    const index = join(folder, 'lateen')
    const [hybrid, ...semantic] = await Promise.all([
      nodeSearch(index, queries[0]!, { mode: 'hybrid' }),
      ...queries.map((query) => nodeSearch(index, query)),
    ])
    for (const [i, expected] of semantic.entries()) {
      expect(expected.length).toBeGreaterThan(3)
      expect(placesOf(lists[i]!)).toEqual(placesOf(expected))
      // Integers are rounded by every backend in its own way.
      const digits = info.model.dtype === 'fp32' ? 3 : 1
      for (const [j, { score }] of expected.entries()) expect(lists[i]![j]!.score).toBeCloseTo(score, digits)
    }

    const fetched = fetchedOfModel(host)
    expect(fetched.filter((path) => path.includes('.onnx'))).toHaveLength(1)
    expect(fetched.filter((path) => /pytorch|\.bin$|\.pt$/.test(path))).toEqual([])
    expect(fetched.some((path) => path.startsWith('mecab/'))).toBe(model === 'pylate-japanese')
    const bytes = fetched.reduce((sum, path) => sum + host.sent.get(`lateen/model/${path}`)!, 0)
    expect(bytes).toBeLessThan(140_000)

    await trigger(page).click()
    await field(page).fill(queries[0]!)
    await becomesReady(page)
    const addresses = hybrid.map(({ id }) => new URL(id, host.url).href)
    await expect
      .poll(() => hits(page).evaluateAll((options) => options.map((one) => (one as HTMLAnchorElement).href)))
      .toEqual(addresses)
    expect(foreign).toEqual([])
  })
}

test('offline: a Japanese site has its dictionary after a reload without a network', async ({
  page,
  context,
}) => {
  const folder = await siteWith('pylate-japanese')
  const host = await serve(folder)
  await openBox(page, host.url)
  await field(page).fill('魚の値段')
  await becomesReady(page)
  await expect.poll(() => page.evaluate(() => navigator.serviceWorker.controller !== null)).toBe(true)
  // The rest of the index is fetched when the worker has nothing else to do.
  await expect
    .poll(
      async () => {
        const before = host.requests.length
        await page.waitForTimeout(700)
        return host.requests.length - before
      },
      { timeout: 20_000 },
    )
    .toBe(0)
  await context.setOffline(true)
  await page.reload()
  await page.keyboard.press('Control+k')
  await field(page).fill('白い帆の船')
  await expect(hits(page).filter({ hasText: '港に白い帆' }).first()).toBeVisible()
  await expect(status(page)).toContainText('Offline, and everything still works', { timeout: 20_000 })
})

test('a site whose model is damaged, edited or gone says why, and finds words', async ({ browser }) => {
  const folder = await siteWith('stanford-xlmr')
  const host = await serve(folder)
  const NO_MEANING = 'Keyword results only. Search by meaning is unavailable: '
  for (const [path, fault, reason] of [
    [/\.onnx\.gzip$/, { body: (file: Buffer) => file.subarray(0, 20_000) }, /cannot be unpacked/],
    [
      /artifact\.metadata$/,
      { body: (file: Buffer) => String(file).replace(/"query_maxlen": \d+/, '"query_maxlen": 0') },
      /artifact\.metadata .* should have 1214 bytes and has 1213/,
    ],
    [/tokenizer\.json\.gzip$/, { status: 404, body: () => '' }, /has no tokenizer\.json\.gzip: .* 404/],
    [/lateen\.json$/, { status: 200, body: () => '<!doctype html><title>Home</title>' }, /has no ONNX file/],
    [/^lateen\/model\//, { status: 404, body: () => '' }, /has no modules\.json: .* 404/],
  ] as const) {
    host.heal()
    host.spoil(path, fault)
    const context = await browser.newContext()
    const page = await context.newPage()
    await openBox(page, host.url)
    await field(page).fill('halyard')
    await expect(status(page)).toContainText(NO_MEANING, { timeout: 20_000 })
    await expect(hits(page).filter({ hasText: 'halyard' }).first()).toBeVisible()
    await expect(status(page)).toContainText(reason)
    await context.close()
  }
})

test('a model of a Hub: found, kept, used without the Hub; what is gated or missing says so, and words are found', async ({
  page,
}) => {
  const folder = await siteWith('stanford-xlmr')
  const host = await serve(folder, { isStrict: false })
  const commit = hub.publish('acme/colbert', checkpoint('stanford-xlmr'))
  hub.publish('acme/secret', checkpoint('stanford-bert'))
  hub.restrict('acme/secret', 'gated')
  const ask = async (model: string, query = 'which rope holds the sail?') =>
    page.evaluate(
      async ([{ createSearch }, given]) => {
        const search = await createSearch({
          index: 'lateen/',
          model: given.model,
          hub: given.hub,
          persist: true,
        })
        const { hits, degraded } = await search.query(given.query, { mode: given.mode as 'semantic' })
        const info = await search.info()
        await search.close()
        return { hits: hits.map(({ id, passage, score }) => ({ id, passage, score })), degraded, info }
      },
      [
        await libraryOf(page),
        { model, query, hub: hub.url, mode: query === 'halyard' ? 'hybrid' : 'semantic' },
      ] as const,
    )
  await page.goto(host.url)
  hub.takeRequests()
  const pinned = `hub:acme/colbert@${commit}`
  const found = await ask(pinned)
  expect(found.degraded).toBeUndefined()
  const expected = await nodeSearch(join(folder, 'lateen'), 'which rope holds the sail?')
  expect(placesOf(found.hits)).toEqual(placesOf(expected))
  expect(fetchedOfModel(host)).toEqual([])
  const asked = hub.takeRequests()
  expect(asked.filter(({ path, hasToken }) => hasToken || /pytorch|README/.test(path))).toEqual([])
  expect(
    asked.filter(({ path }) => path.endsWith('model.safetensors')).every(({ range }) => range !== undefined),
  ).toBe(true)

  hub.goAway(true)
  await page.reload()
  const again = await ask(pinned)
  expect(again.hits).toEqual(found.hits)
  expect(again.info.fallbacks.filter(({ from }) => from === 'hub')).toEqual([])
  hub.goAway(false)

  for (const [model, code, sentence] of [
    ['hub:acme/secret', 'model-gated', /Accept its terms .* HF_TOKEN .* your own site serves it/],
    ['hub:acme/nothing', 'model-missing-file', /has no model acme\/nothing/],
    ['hub:acme/colbert@v9', 'model-missing-file', /has no revision v9/],
  ] as const) {
    const { hits, degraded } = await ask(model, 'halyard')
    expect(hits.map(({ id }) => id)).toContain('./')
    expect(degraded?.code).toBe(code)
    expect(degraded?.message).toMatch(sentence)
  }
})

test('the command line: pull, list, check, index without the Hub, search, remove', async () => {
  hub.publish('acme/on-disk', checkpoint('stanford-xlmr'))
  const env = { HF_ENDPOINT: hub.url }
  rmSync(join(ROOT, 'store'), { recursive: true, force: true })
  const model = 'hub:acme/on-disk'
  const pulled = await lateenJson<{ files: { path: string }[]; address: string }>(
    ['model', 'pull', model],
    env,
  )
  expect(
    pulled.files.map(({ path }) => path).filter((path) => /pytorch|README|^model\.safetensors/.test(path)),
  ).toEqual([])
  const { models } = await lateenJson<{ models: { address: string }[] }>(['model', 'list'], env)
  expect(models.map(({ address }) => address)).toEqual([pulled.address])
  expect((await lateenJson<{ ok: boolean }>(['model', 'check', model], env)).ok).toBe(true)

  // The first build fetches what browsers load too, the second one needs nobody.
  const site = writeSite('from-hub')
  const index = ['index', site, '--no-cache', '--model', model, '--dim', '8']
  await lateenJson(index, env)
  const asked = hub.takeRequests().filter(({ path }) => path.endsWith('/model.safetensors'))
  expect(asked.filter(({ range }) => range === undefined)).toEqual([])
  hub.goAway(true)
  const { warnings } = await lateenJson<{ warnings: string[] }>(index, env)
  expect(warnings).toEqual([expect.stringContaining('is used as it was stored')])
  const pinned = await nodeSearch(join(site, 'lateen'), ENGLISH[0]!, { model: pulled.address, env })
  expect(pinned).toEqual(await nodeSearch(join(site, 'lateen'), ENGLISH[0]!))

  await lateenJson(['model', 'remove', model], env)
  expect(await lateenJson(['model', 'list'], env)).toMatchObject({ models: [] })
  const { status, stderr } = await lateen(index, env)
  expect(status).toBe(1)
  expect(stderr).toMatch(/^lateen: network: .*could not be fetched/)
})

const python = ['/usr/bin/python3', 'python3'].find(
  (path) => spawnSync(path, ['-c', 'import torch, onnx, numpy']).status === 0,
)

test('the command line: a PyTorch checkpoint is converted, a site is indexed with it and searched', async () => {
  test.skip(!python, 'no Python with torch, onnx and numpy here')
  const out = join(ROOT, 'converted')
  const from = join(ROOT, 'checkpoint')
  for (const folder of [out, from]) rmSync(folder, { recursive: true, force: true })
  cpSync(join(FAMILY, 'pylate-eos'), from, { recursive: true })
  rmSync(join(from, 'onnx'), { recursive: true })
  const goldens = join(ROOT, 'goldens.jsonl')
  const { queries } = JSON.parse(readFileSync(join(from, 'parity.json'), 'utf8')) as Parity
  // The tokenizer of Python is not everywhere: known ids need none.
  const lines = queries
    .slice(0, 2)
    .map(({ text, ids, attention }) =>
      JSON.stringify({ kind: 'query', text, input_ids: ids, attention_mask: attention }),
    )
  writeFileSync(goldens, lines.join('\n'))
  const { ok, weights } = await lateenJson<{ ok: boolean; weights: { dtype: string }[] }>([
    ...['model', 'convert', from, '--out', out, '--goldens', goldens],
    ...['--python', python!, '--standins', '--dtype', 'fp32,fp16'],
  ])
  expect([ok, weights.map(({ dtype }) => dtype)]).toEqual([true, ['fp32', 'fp16']])
  const sites = [writeSite('converted-site'), writeSite('original-site')] as const
  await lateenJson(['index', sites[0], '--no-cache', '--model', out, '--dtype', 'fp32'])
  await lateenJson(['index', sites[1], '--no-cache', '--model', join(FAMILY, 'pylate-eos')])
  const [converted, original] = await Promise.all(
    sites.map((site) => nodeSearch(join(site, 'lateen'), ENGLISH[0]!)),
  )
  expect(converted!.map(({ id }) => id)).toEqual(original!.map(({ id }) => id))
})

interface Parity {
  readonly queries: readonly { readonly text: string; readonly ids: number[]; readonly attention: number[] }[]
}

test('an index of PyLate is searched in the browser as in Node', async ({ page }) => {
  const folder = await siteWith('stanford-bert-beside')
  const documents = join(ROOT, 'imported.jsonl')
  const lines = Array.from({ length: 30 }, (_, i) =>
    JSON.stringify({
      _id: `doc-${100 - i}`,
      title: `Note ${i}`,
      text: `The boat of note ${i} lies at the quay.`,
    }),
  )
  writeFileSync(documents, lines.join('\n'))
  const model = join(FAMILY, 'pylate-eos')
  const imported = await lateenJson<{ documents: number }>([
    ...['import', 'fixtures/plaid/pylate-4bit', '--model', model],
    ...['--documents', documents, '--out', join(folder, 'notes')],
  ])
  expect(imported).toMatchObject({ documents: 30, dim: 16, bits: 4 })
  cpSync(model, join(folder, 'eos'), { recursive: true })
  const host = await serve(folder)
  await page.goto(host.url)
  const found = await page.evaluate(
    async ([{ createSearch }, text]) => {
      const search = await createSearch({ index: 'notes/', model: 'eos/', persist: false })
      const { hits } = await search.query(text, { mode: 'semantic' })
      const keywords = await search.query('note 7', { mode: 'lexical' })
      const both = await search.query('note 7')
      await search.close()
      return {
        semantic: hits.map(({ id, passage, score }) => ({ id, passage, score })),
        keywords: keywords.hits[0]?.title,
        both: both.hits.map(({ id }) => id),
      }
    },
    [await libraryOf(page), ENGLISH[0]!] as const,
  )
  // In both legs together the untrained model has the larger part.
  expect(found.keywords).toBe('Note 7')
  const both = await nodeSearch(join(folder, 'notes'), 'note 7', { mode: 'hybrid', model })
  expect(found.both).toEqual(both.map(({ id }) => id))
  const expected = await nodeSearch(join(folder, 'notes'), ENGLISH[0]!, { model })
  expect(found.semantic.map(({ id }) => id)).toEqual(expected.map(({ id }) => id))
  for (const [i, { score }] of expected.entries()) expect(found.semantic[i]!.score).toBeCloseTo(score, 3)
})

test('vectors in a page, of each kind of model: encode, maxSim, rank, rerank and an index in memory agree', async ({
  page,
}) => {
  const folder = await siteWith('stanford-bert-beside')
  const host = await serve(folder)
  await page.goto(host.url)
  for (const model of ['pylate-modernbert-residual', 'stanford-bert', 'st6-bert']) {
    cpSync(join(FAMILY, model), join(folder, 'models', model), { recursive: true })
    const texts = [
      'The sheet holds the sail.',
      'Cod is sold on the quay.',
      'The bell rings in fog.',
      'Bread and salt.',
    ]
    const { scores, ranked, reranked, stored, missing } = await page.evaluate(
      async ([{ createSearch, maxSim, rank }, model, texts, query]) => {
        const search = await createSearch({ model, persist: false })
        const [asked] = await search.encode([query], { kind: 'query' })
        const documents = (await search.encode(texts, { kind: 'document' })).map(({ matrix }) => matrix)
        const reranked = await search.rerank(query, texts)
        await search.add(texts.map((text, i) => ({ id: String(i), text })))
        const { hits } = await search.query(query, { mode: 'semantic' })
        await search.close()
        const other = await createSearch({ model, dtype: 'q4', persist: false })
        const missing = await other.encode(texts, { kind: 'document' }).then(
          () => 'no error',
          (error) => `${error.code}: ${error.message}`,
        )
        await other.close()
        return {
          scores: documents.map((document) => maxSim(asked!.matrix, document)),
          ranked: rank(asked!.matrix, documents),
          reranked: reranked.map(({ index, score }) => ({ index, score })),
          stored: hits.map(({ id, score }) => ({ index: Number(id), score })),
          missing,
        }
      },
      [await libraryOf(page), `models/${model}/`, texts, ENGLISH[0]!] as const,
    )
    const best = scores.map((score, index) => ({ index, score })).sort((a, b) => b.score - a.score)
    expect(ranked).toEqual(best)
    for (const list of [reranked, stored]) {
      expect(list.map(({ index }) => index)).toEqual(best.map(({ index }) => index))
      for (const [i, { score }] of best.entries()) expect(list[i]!.score).toBeCloseTo(score, 4)
    }
    expect(missing).toMatch(/^model-missing-file: .* has no q4 weights; it has fp32/)
  }
})

test('weights that a model does not have are refused before a site is read', async () => {
  const site = writeSite('no-such-weights')
  const model = ['--model', join(FAMILY, 'pylate-japanese')]
  const { status, stderr } = await lateen(['index', site, '--no-cache', ...model, '--dtype', 'q8'])
  expect(status).toBe(1)
  expect(stderr).toMatch(
    /^lateen: model-missing-file: The model pylate-japanese has no q8 weights; it has fp32/,
  )
})
