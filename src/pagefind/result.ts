/** Hits in Pagefind's shape: a light row at once, everything else by `data()`. */
import type { Hit, Search } from '../client/search.ts'
import type { ExcerptPart, HitData, HitDetail, SectionHit } from '../types.ts'
import { metadataValues } from './filters.ts'
import type { PagefindAnchor, PagefindData, PagefindResult, PagefindSubResult } from './types.ts'

export interface ResultContext {
  readonly search: Pick<Search, 'detail'>
  /** Turns the URL of a hit into the one to show. */
  readonly link: (url: string) => string
}

export function toResult(hit: Hit, context: ResultContext): PagefindResult {
  let data: Promise<PagefindData> | undefined
  return {
    id: `${hit.id}#${hit.passage}`,
    score: hit.score,
    words: [],
    data() {
      data ??= readData(hit, context).catch((error: unknown) => {
        // The next call may be luckier.
        data = undefined
        throw error
      })
      return data
    },
  }
}

async function readData(hit: Hit, { search, link }: ResultContext): Promise<PagefindData> {
  const own = await hit.data()
  const others = Array.from({ length: own.passages }, (_, passage) =>
    passage === hit.passage ? own : search.detail({ id: hit.id, passage }),
  )
  const passages = await Promise.all(others)
  const content = textOf(passages)
  const page = hit.url.replace(/#.*$/s, '')
  return {
    url: link(page),
    raw_url: page,
    excerpt: toHtml(hit.excerpt),
    plain_excerpt: toPlain(hit.excerpt),
    content,
    meta: { ...own.details, title: hit.title },
    filters: metadataValues(hit.metadata),
    sub_results: [hit, ...hit.sections].map((section) => toSubResult(section, hit, link)),
    word_count: content.match(/\S+/g)?.length ?? 0,
    anchors: passages.flatMap(anchorsOf),
    locations: [],
    weighted_locations: [],
  }
}

function toSubResult(
  section: HitData | SectionHit,
  { title }: Hit,
  link: ResultContext['link'],
): PagefindSubResult {
  const [anchor] = anchorsOf(section)
  return {
    title: section.headings.at(-1) ?? title,
    url: link(section.url),
    excerpt: toHtml(section.excerpt),
    plain_excerpt: toPlain(section.excerpt),
    ...(anchor ? { anchor } : {}),
    locations: [],
    weighted_locations: [],
  }
}

function anchorsOf({ url, headings }: Pick<HitDetail, 'url' | 'headings'>): PagefindAnchor[] {
  const id = /#(.+)$/s.exec(url)?.[1]
  return id ? [{ id, text: headings.at(-1) ?? '', element: `h${headings.length + 1}`, location: 0 }] : []
}

/** A long section is several passages: its heading is written once. */
function textOf(passages: readonly HitDetail[]): string {
  const lines: string[] = []
  let heading = ''
  for (const { headings, text } of passages) {
    const path = headings.join(' › ')
    if (path !== heading && headings.length > 0) lines.push(headings.at(-1)!)
    heading = path
    lines.push(text)
  }
  return lines.filter((line) => line !== '').join('\n\n')
}

function toPlain(parts: readonly ExcerptPart[]): string {
  return parts.map(({ text }) => text).join('')
}

function toHtml(parts: readonly ExcerptPart[]): string {
  return parts.map(({ text, marked }) => (marked ? `<mark>${escaped(text)}</mark>` : escaped(text))).join('')
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!)
}
