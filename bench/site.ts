/**
 * Site search beside what sites use today: bytes, build, waiting and relevance of `lateen index` with
 * `<lateen-search>`, of Pagefind with its Component UI, and of MiniSearch as VitePress sets it up, on the
 * same pages in one run. `LATEEN_BENCH_SITES=git` measures some of the sites only.
 */
import { join } from 'node:path'
import { type Browser, chromium } from 'playwright'
import { CHROMIUM_ARGS, chromiumPath } from '../scripts/browsers.mjs'
import { round } from '../src/cli/evaluate.ts'
import { buildSite, openSearch, type SiteReport } from '../src/node.ts'
import type { ParsedDocument, SearchMode } from '../src/types.ts'
import { type Machine, machine } from './machine.ts'
import { LATEEN_FOLDER } from './site/boxes.ts'
import {
  measureMeaning,
  measureSemanticBytes,
  measureTransfers,
  measureTyping,
  type SemanticBytes,
  type SemanticWaiting,
  type Transfer,
  type Waiting,
} from './site/browser.ts'
import { miniSearchSite } from './site/minisearch.ts'
import { buildPagefind, openPagefind } from './site/pagefind.ts'
import { type Question, readQuestions } from './site/questions.ts'
import { type Answer, answer, lostIdentifiers, type Score, scores } from './site/relevance.ts'
import { copySites, type Site } from './site/sites.ts'
import { DEPTH, pagesOf, type System } from './site/system.ts'

const OURS = 'Lateen, both legs'
/** Typed into the boxes, letter by letter. */
const TYPED = 12
/** Asked of search by meaning. */
const ASKED = 40

export interface SiteRow {
  readonly site: string
  readonly pages: number
  readonly passages: number
  readonly build_seconds: { readonly lateen: number; readonly pagefind: number; readonly minisearch: number }
  /** Of the index: text and keywords, vectors; of Pagefind's and MiniSearch's whole index. */
  readonly bytes_per_page: {
    readonly keywords: number
    readonly vectors: number
    readonly pagefind: number
    readonly minisearch: { readonly raw: number; readonly gzip: number; readonly brotli: number }
  }
  readonly transfers: readonly Transfer[]
  readonly semantic: readonly SemanticBytes[]
  readonly typing: readonly Waiting[]
  readonly meaning: SemanticWaiting
}

export interface RelevanceTable {
  readonly set: string
  readonly rows: readonly Score[]
}

export interface SiteResult {
  readonly machine: Machine
  readonly browser: string
  readonly bits: number
  readonly pool_factor: number
  readonly ours: string
  readonly sites: readonly SiteRow[]
  readonly relevance: readonly RelevanceTable[]
  /** Ids of identifier queries that another system answers among the first five and ours does not. */
  readonly lost_identifiers: readonly string[]
  readonly answers: readonly Answer[]
}

export async function run(): Promise<SiteResult | undefined> {
  const sites = await copySites(process.env['LATEEN_BENCH_SITES']?.split(','))
  if (sites.length === 0) {
    console.error('None of the sites is installed: see fixtures/questions/README.md.')
    return undefined
  }
  const rows: SiteRow[] = []
  const answers: Answer[] = []
  let settings = { bits: 0, poolFactor: 0 }
  let version = ''
  for (const site of sites) {
    const questions = site.questions ? await readQuestions(site.questions, site.folder) : []
    const built = await build(site)
    // Building takes minutes, in which a browser would only hold memory.
    const browser = await openBrowser()
    try {
      version = browser.version()
      const measured = await measure(site, built, questions, browser)
      rows.push(measured.row)
      answers.push(...measured.answers)
      settings = measured.settings
      console.error(JSON.stringify(measured.row))
    } finally {
      await browser.close()
    }
  }
  const result = {
    machine: machine(),
    browser: `Chromium ${version}`,
    bits: settings.bits,
    pool_factor: settings.poolFactor,
    ours: OURS,
    sites: rows,
    relevance: tables(answers),
    lost_identifiers: lostIdentifiers(answers, OURS),
    answers,
  }
  console.log(JSON.stringify(result.relevance, undefined, 1))
  return result
}

async function openBrowser(): Promise<Browser> {
  const executablePath = chromiumPath()
  if (!executablePath) throw new Error('No Chrome or Chromium found; set CHROMIUM_PATH to its program.')
  return chromium.launch({ executablePath, args: CHROMIUM_ARGS })
}

async function build(site: Site) {
  // Pagefind reads the folder: it comes first, while nothing else is in it.
  const pagefindBuild = await buildPagefind(site)
  const { report, documents } = await buildLateen(site)
  return { pagefindBuild, report, mini: miniSearchSite(documents) }
}

async function measure(
  site: Site,
  { pagefindBuild, report, mini }: Awaited<ReturnType<typeof build>>,
  questions: readonly Question[],
  browser: Browser,
) {
  const answers: Answer[] = []
  const lateen = await openLateen(site)
  const pagefind = await openPagefind(site, browser)
  for (const system of [...lateen.systems, pagefind, mini]) {
    if (questions.length > 0) answers.push(...(await answer(site.name, questions, system)))
  }
  const { settings } = lateen
  await lateen.close()
  await pagefind.close()

  const texts = questions.filter(({ kind }) => kind === 'question').map(({ text }) => text)
  const asked = texts.length > 0 ? texts : [site.typed]
  const perPage = (bytes: number) => Math.round(bytes / site.pages)
  const row: SiteRow = {
    site: site.name,
    pages: site.pages,
    passages: report.passages,
    build_seconds: {
      lateen: round(report.seconds, 1),
      pagefind: round(pagefindBuild.buildSeconds, 1),
      minisearch: round(mini.buildSeconds, 1),
    },
    bytes_per_page: {
      keywords: perPage(report.bytes.text + report.bytes.lexical + report.bytes.manifest),
      vectors: perPage(report.bytes.vectors),
      pagefind: perPage(pagefindBuild.indexBytes),
      minisearch: {
        raw: perPage(mini.bytes.raw),
        gzip: perPage(mini.bytes.gzip),
        brotli: perPage(mini.bytes.brotli),
      },
    },
    transfers: await measureTransfers(site, browser),
    semantic: await measureSemanticBytes(site, browser),
    typing: await measureTyping(site, browser, [site.typed, ...texts].slice(0, TYPED)),
    meaning: await measureMeaning(site, browser, asked.slice(0, ASKED)),
  }
  return { row, answers, settings }
}

/** From nothing: what an earlier build encoded is not used. */
async function buildLateen(site: Site): Promise<{ report: SiteReport; documents: ParsedDocument[] }> {
  const documents: ParsedDocument[] = []
  const report = await buildSite({
    site: site.folder,
    out: join(site.folder, LATEEN_FOLDER),
    forceLanguage: 'en',
    cache: false,
    ...(site.rootSelector ? { rootSelector: site.rootSelector } : {}),
    enrich(document) {
      documents.push(document)
      return document
    },
  })
  return { report, documents }
}

async function openLateen({ folder }: Site) {
  const search = await openSearch({ index: join(folder, LATEEN_FOLDER) })
  const { codec, poolFactor } = await search.info()
  const system = (name: string, mode: SearchMode): System => ({
    name,
    async rank(text) {
      const { hits, degraded } = await search.query(text, { mode, limit: DEPTH })
      if (degraded) throw new Error(`${degraded.code}: ${degraded.message}`)
      return pagesOf(hits.map(({ url }) => url))
    },
  })
  return {
    systems: [
      system(OURS, 'hybrid'),
      system('Lateen, keywords', 'lexical'),
      system('Lateen, meaning', 'semantic'),
    ],
    settings: { bits: Number(/\d+/.exec(codec)?.[0] ?? 0), poolFactor },
    close: () => search.close(),
  }
}

/** Every site and kind of query by itself, all sites together, and the judged half of them. */
function tables(answers: readonly Answer[]): RelevanceTable[] {
  const of = (set: string, belongs: (one: Answer) => boolean): RelevanceTable => ({
    set,
    rows: scores(answers.filter(belongs), OURS),
  })
  return (['question', 'identifier'] as const).flatMap((kind) => [
    of(`${kind}s, all sites`, (one) => one.kind === kind),
    of(`${kind}s, all sites, judged half`, (one) => one.kind === kind && one.half === 'judged'),
    ...[...new Set(answers.map(({ site }) => site))].map((site) =>
      of(`${kind}s, ${site}`, (one) => one.kind === kind && one.site === site),
    ),
  ])
}
