/** The pages of a running dev server, found as a reader finds them: by following links. */
import { createHash } from 'node:crypto'
import { get as getPlain } from 'node:http'
import { get as getSecure } from 'node:https'
import { Parser } from 'htmlparser2'
import type { SitePage } from '../site/pages.ts'
import { below } from './addresses.ts'

export interface CrawlOptions {
  /** Where the dev server listens, e.g. `http://127.0.0.1:5173`. Nothing else is ever asked. */
  readonly origin: string
  /** The path all pages are under, with a slash at both ends. */
  readonly base: string
  /** Paths to start from besides `base`: pages that no other page may link to. */
  readonly seeds?: Iterable<string>
  /** Paths that are not followed. */
  readonly skip?: (path: string) => boolean
  /** How many pages at most. @default 2000 */
  readonly limit?: number
  readonly signal?: AbortSignal
}

/** A dev server that hangs on one page must not keep the others from being searched. */
const PAGE_TIMEOUT_MS = 20_000

/**
 * Yields pages breadth first. An answer that is not a page, not 200, or the same text as an earlier one (what
 * a single-page application says to every path) is left out; redirects are followed as links are.
 */
export async function* crawl(options: CrawlOptions): AsyncIterable<SitePage> {
  const { origin, base, seeds = [], skip = () => false, limit = 2000, signal } = options
  const waiting: string[] = []
  const known = new Set<string>()
  const texts = new Set<string>()
  const meet = (link: string, from: string) => {
    const path = pathOf(link, `${origin}${from}`, origin)
    if (!path || known.has(path) || !path.startsWith(base) || skip(path)) return
    known.add(path)
    waiting.push(path)
  }
  for (const path of [base, ...seeds]) meet(path, base)
  let found = 0
  for (let path = waiting.shift(); path !== undefined && found < limit; path = waiting.shift()) {
    signal?.throwIfAborted()
    const answer = await ask(`${origin}${path}`, signal)
    if (answer.location) meet(answer.location, path)
    if (answer.html === undefined) continue
    const text = createHash('sha256').update(answer.html).digest('base64')
    if (texts.has(text)) continue
    texts.add(text)
    for (const link of linksOf(answer.html)) meet(link, path)
    found++
    yield { path: below(base, path), url: below(base, path), source: answer.html, format: 'html' }
  }
}

/** The path a link leads to, when it can be a page of this server. */
function pathOf(link: string, from: string, origin: string): string | undefined {
  if (!URL.canParse(link, from)) return undefined
  const url = new URL(link, from)
  if (url.origin !== origin) return undefined
  const path = url.pathname.replace(/\/index\.html?$/, '/')
  const name = path.slice(path.lastIndexOf('/') + 1)
  return !name.includes('.') || /\.html?$/.test(name) ? path : undefined
}

function linksOf(html: string): string[] {
  const links: string[] = []
  const parser = new Parser({
    onopentag(name, attributes) {
      if ((name === 'a' || name === 'area') && attributes['href']) links.push(attributes['href'])
    },
  })
  parser.end(html)
  return links
}

interface Answer {
  readonly html?: string
  readonly location?: string
}

/** One request; a page that cannot be had is no page, the dev server has told its own console why. */
function ask(url: string, signal: AbortSignal | undefined): Promise<Answer> {
  const limited = AbortSignal.any([AbortSignal.timeout(PAGE_TIMEOUT_MS), ...(signal ? [signal] : [])])
  return new Promise((resolve) => {
    const options = { headers: { accept: 'text/html' }, signal: limited }
    // A dev server signs its own certificate, and it is this very process that is asked.
    const request = url.startsWith('https:')
      ? getSecure(url, { ...options, rejectUnauthorized: false })
      : getPlain(url, options)
    request.on('error', () => resolve({}))
    request.on('response', (response) => {
      const { statusCode = 0, headers } = response
      const isPage = statusCode === 200 && /^text\/html\b/.test(headers['content-type'] ?? '')
      const moved = statusCode >= 300 && statusCode < 400
      const chunks: Buffer[] = []
      response.on('error', () => resolve({}))
      response.on('data', (chunk: Buffer) => isPage && chunks.push(chunk))
      response.on('end', () =>
        resolve({
          ...(isPage ? { html: Buffer.concat(chunks).toString('utf8') } : {}),
          ...(moved && headers.location ? { location: headers.location } : {}),
        }),
      )
    })
  })
}
