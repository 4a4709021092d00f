/** The search of a whole site: its pages become an index, with all that a browser needs beside it. */
import { dirname, relative, resolve, sep } from 'node:path'
import { type BuildModel, openBuildModel } from '../build/build-model.node.ts'
import type { Bits } from '../build/codec.ts'
import { progressMeter } from '../build/progress.ts'
import { type WrittenIndex, writeIndex } from '../build/write-index.ts'
import { LateenError } from '../errors.ts'
import type { Dtype } from '../model/dtype.ts'
import type { IndexDefaults } from '../search/changes.ts'
import { fileStore } from '../store/file.node.ts'
import { isWebAddress } from '../text/address.ts'
import type { OnProgress, ParsedDocument } from '../types.ts'
import { throwIfAborted } from '../util/abort.ts'
import { assertOutput } from './assert-output.node.ts'
import { defaultCacheFolder } from './cache-folder.node.ts'
import { MODEL_FOLDER, modelOutput } from './model-output.node.ts'
import { type OutputFile, writeOutput } from './output-files.node.ts'
import { countReasons, type IndexedPage, type SiteReport, type SkippedPage } from './report.ts'
import { runtimeOutput, SCRIPT } from './runtime-output.node.ts'
import { type SiteCoder, siteCoder } from './site-coder.node.ts'
import { type SitePages, type SiteSource, sitePages } from './site-pages.node.ts'

export type { SitePage, SkipReason } from './pages.ts'
export type { IndexedPage, SiteBytes, SiteReport, SkippedPage } from './report.ts'

/**
 * Readers of a site download all its vectors: this is the smallest setting at which hybrid ranking loses
 * nothing that can be measured against float vectors; see docs/sites.md.
 */
export const SITE_INDEX: IndexDefaults = { bits: 2, poolFactor: 6 }

export interface SiteBuildOptions extends SiteSource {
  /** Folder to write. An index that is there is replaced, a folder of anything else refused. */
  readonly out: string
  /** Bits per dimension of a stored vector. @default 2 */
  readonly bits?: Bits
  /** Passage tokens per stored vector, a whole number from 1. @default 6 */
  readonly poolFactor?: number
  /** Folder of a model bundle, or `hub:owner/name[@revision]`. @default the bundled `lateen-mini` */
  readonly model?: string
  /** Leading components of the model's vectors that are kept, for models trained to allow it. @default all */
  readonly dim?: number
  /** Weights that encode the pages, in the names of transformers.js; browsers choose their own. @default 'auto' */
  readonly dtype?: Dtype
  /**
   * Folder for vectors of earlier builds; false keeps none. Default: `node_modules/.cache/lateen` of the
   * project around the site, else `.lateen-cache` beside the site.
   */
  readonly cache?: string | false
  /** Threads that encode, each with a session of its own; 0 encodes in this one. @default one for each core, at most 8 */
  readonly threads?: number
  /** Whether the browser runtime and the model are written too. @default true */
  readonly runtime?: boolean
  /** Changes what is indexed of a page; null leaves the page out. */
  readonly enrich?: (document: ParsedDocument) => ParsedDocument | null | Promise<ParsedDocument | null>
  readonly signal?: AbortSignal
  /** Told about pages: `done` of `total`, those that were skipped among them. */
  readonly onProgress?: OnProgress
}

/**
 * Writes the search of a site to a folder of it. The same pages give the same bytes, whatever the number
 * of threads; what an earlier build has encoded is not encoded again, and files that are as they should be
 * are not touched. Until the new index is complete the old one stays as it is.
 *
 * @throws LateenError `bad-argument`; `bad-document` when there is no page with text; `duplicate-id`;
 *         `aborted`; the codes of a model that cannot be used; `storage-full`, `storage-unavailable`,
 *         `index-conflict`
 */
export async function buildSite(options: SiteBuildOptions): Promise<SiteReport> {
  const { site, out, signal, threads, cache = defaultCacheFolder(site ?? dirname(resolve(out))) } = options
  const startMs = performance.now()
  const warnings: string[] = []
  await assertOutput(out, site)
  const pages = await sitePages(options, out)
  try {
    const model = await openBuildModel(options.model, signal, options.dtype, options.dim)
    warnings.push(...model.warnings)
    const coder = siteCoder({
      model,
      out,
      cache,
      ...(threads === undefined ? {} : { threads }),
      onWarning: (message) => warnings.push(message),
    })
    let built: Built | undefined
    try {
      built = await build(options, { pages, model, coder })
    } finally {
      await coder.close(built !== undefined)
      await model.dispose()
    }
    const seconds = Math.round(performance.now() - startMs) / 1000
    return report(options, built, { ...coder.counts, threads: coder.threads, seconds, warnings })
  } finally {
    await pages.close()
  }
}

interface Built {
  readonly index: WrittenIndex
  readonly indexed: readonly IndexedPage[]
  readonly skipped: readonly SkippedPage[]
  /** What stands beside the index. */
  readonly files: readonly OutputFile[]
}

async function build(
  options: SiteBuildOptions,
  { pages, model, coder }: { pages: SitePages; model: BuildModel; coder: SiteCoder },
): Promise<Built> {
  const { out, signal, onProgress, enrich, runtime = true } = options
  const { bits = SITE_INDEX.bits, poolFactor = SITE_INDEX.poolFactor } = options
  const skipped: SkippedPage[] = []
  const indexed: IndexedPage[] = []
  /** Pages that are being encoded, by id. */
  const waiting = new Map<string, Omit<IndexedPage, 'passages'>>()
  const meter = progressMeter(
    { job: 'indexing', stage: 'pages', unit: 'pages', total: pages.count },
    onProgress,
  )
  let files: readonly OutputFile[] = []

  async function* documents(): AsyncGenerator<ParsedDocument> {
    for await (const { path, document: read } of pages.documents((page) => skipped.push(page))) {
      throwIfAborted(signal)
      const document = enrich ? checked(await enrich(read), path) : read
      if (!document) skipped.push({ path, reason: 'left out by enrich' })
      else if (document.sections.length === 0) skipped.push({ path, reason: 'no text' })
      else {
        waiting.set(document.id, { path, url: document.url, title: document.title })
        yield document
      }
    }
    if (indexed.length + waiting.size === 0) throw nothingToIndex(skipped)
  }

  const index = await writeIndex({
    store: fileStore(out),
    backend: model,
    documents: documents(),
    openCoder: coder.open,
    bits,
    poolFactor,
    onDocument({ id, passages }) {
      indexed.push({ ...waiting.get(id)!, passages: passages.length })
      waiting.delete(id)
      meter.update(indexed.length + skipped.length)
    },
    async beforeCommit() {
      if (!runtime) return
      files = [...(await runtimeOutput()), ...(await modelOutput(model, out))]
      await writeOutput(out, files, signal)
    },
    ...(signal ? { signal } : {}),
  })
  return { index, indexed, skipped, files }
}

/** What a host's own function returns is shown to readers as a link. */
function checked(document: ParsedDocument | null, path: string): ParsedDocument | null {
  if (!document || document.url === '' || isWebAddress(document.url)) return document
  throw new LateenError(
    'bad-argument',
    `Expected enrich to give ${path} a relative or http(s) address, found ${JSON.stringify(document.url)}.`,
  )
}

function report(
  options: SiteBuildOptions,
  { index, indexed, skipped, files }: Built,
  measured: Pick<SiteReport, 'encoded' | 'reused' | 'threads' | 'seconds' | 'warnings'>,
): SiteReport {
  const bytesOf = (isModel: boolean) =>
    files
      .filter(({ path }) => path.startsWith(`${MODEL_FOLDER}/`) === isModel)
      .reduce((sum, { bytes }) => sum + bytes.length, 0)
  return {
    out: options.out,
    revision: index.manifest.revision,
    pages: indexed,
    skipped,
    passages: index.passages,
    vectors: index.vectors,
    bytes: { ...index.bytes, runtime: bytesOf(false), model: bytesOf(true) },
    ...measured,
    ...(files.length > 0 ? { html: htmlLines(options) } : {}),
  }
}

function nothingToIndex(skipped: readonly SkippedPage[]): LateenError {
  const reasons = countReasons(skipped).map(([reason, count]) => `${count} × ${reason}`)
  return new LateenError(
    'bad-document',
    `Expected at least one page with text, found none: ${reasons.join(', ')}. Check the folder, and selectors where some are given.`,
  )
}

/** What a page needs; where the index is not below the site, its address is for the reader to fill in. */
function htmlLines({ site, out, base = '/' }: SiteBuildOptions): string {
  const below = site === undefined ? '..' : relative(site, out).split(sep).join('/')
  const folder = below.startsWith('..') ? '…/' : `${base.replace(/\/*$/, '/')}${below}/`
  return `<script type="module" src="${folder}${SCRIPT}"></script>\n<lateen-search></lateen-search>`
}
