/** The pages of a site as documents, one by one: what is read is not kept. */
import { relative, sep } from 'node:path'
import { escapePath } from 'tinyglobby'
import { LateenError } from '../errors.ts'
import type { ParsedDocument } from '../types.ts'
import { throwIfAborted } from '../util/abort.ts'
import { pagePaths, readPages } from './pages.node.ts'
import { type PageOptions, pageReader, type SitePage } from './pages.ts'
import type { SkippedPage } from './report.ts'
import { spoolPages } from './spool.node.ts'

export interface SiteSource extends PageOptions {
  /** Folder of the built site. Either this or `pages`. */
  readonly site?: string
  /** The pages, where they are not in a folder. They are gone through once. */
  readonly pages?: AsyncIterable<SitePage> | Iterable<SitePage>
  /** Files of the folder to read, as glob patterns. @default `**\/*.{html,htm}` */
  readonly glob?: string | readonly string[]
}

export interface SiteDocument {
  /** Path of the page in the site. */
  readonly path: string
  readonly document: ParsedDocument
}

export interface SitePages {
  /** Number of pages, those that will be skipped among them. */
  readonly count: number
  /** @param onSkipped told about every page that is left out */
  documents(onSkipped: (page: SkippedPage) => void): AsyncIterable<SiteDocument>
  close(): Promise<void>
}

/**
 * Goes through all pages once, for rules that concern the whole site.
 *
 * @param out folder of the index: nothing in it is a page
 * @throws LateenError `bad-argument` on options that cannot be used; `bad-document` when there is no page; `aborted`
 */
export async function sitePages(
  options: SiteSource & { readonly signal?: AbortSignal },
  out: string,
): Promise<SitePages> {
  const { site, pages, signal } = options
  if ((site === undefined) === (pages === undefined)) {
    const found = site === undefined ? 'neither' : 'both'
    throw new LateenError('bad-argument', `Expected either a site or its pages, found ${found}.`)
  }
  const reader = pageReader(options)
  const kept = pages && (await spoolPages(pages))
  try {
    const paths = site === undefined ? [] : await pathsOf(site, options, out)
    const all = () => (kept ? kept.pages() : readPages(site!, paths))
    let count = 0
    for await (const page of all()) {
      throwIfAborted(signal)
      count++
      if ('source' in page) reader.first(page)
    }
    if (count === 0) throw noPages(options)
    return {
      count,
      async *documents(onSkipped) {
        for await (const page of all()) {
          const read = 'source' in page ? reader.read(page) : undefined
          if (!read) onSkipped(page as SkippedPage)
          else if ('document' in read) yield { path: page.path, document: read.document }
          else
            onSkipped({
              path: page.path,
              reason: read.skipped,
              ...(read.detail ? { detail: read.detail } : {}),
            })
        }
      },
      close: async () => kept?.close(),
    }
  } catch (error) {
    await kept?.close()
    throw error
  }
}

async function pathsOf(site: string, { glob }: SiteSource, out: string): Promise<string[]> {
  const index = relative(site, out).split(sep).join('/')
  const isInside = index !== '' && !index.startsWith('../') && index !== '..'
  return pagePaths(site, {
    ...(glob === undefined ? {} : { glob }),
    exclude: isInside ? [`${escapePath(index)}/**`] : [],
  })
}

function noPages({ site, glob = '**/*.{html,htm}' }: SiteSource): LateenError {
  const where = site === undefined ? 'what was handed in' : `${site} (${[glob].flat().join(', ')})`
  return new LateenError(
    'bad-document',
    `Expected pages in ${where}, found none. Name the folder that the site generator writes to, after it has built the site.`,
  )
}
