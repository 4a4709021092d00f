/** The section of docs/benchmarks.md about site search. */
import type { SiteResult, SiteRow } from '../site.ts'
import { fixed, kilobytes, megabytes, signed, table } from '../table.ts'
import type { Score } from './relevance.ts'

export function siteSearch(result: SiteResult): string {
  const { sites, bits, pool_factor, browser } = result
  const names = sites.map(({ site, pages }) => `${site} (${pages} pages)`).join(', ')
  return `The same pages, the same machine, one run: ${names}; packages of Debian, see fixtures/questions. Lateen as
\`lateen index\` writes it, ${bits} bits and pool factor ${pool_factor}; Pagefind by its own binary with its
Component UI; MiniSearch with the options VitePress gives it, on the sections that our reader cuts. All are
told the language and where the content of a page is. ${browser}.

### Which pages are found

Queries with the pages that answer them, written by us before anything was tuned. nDCG@10 with its 95 %
interval; the last column is ours minus the system of the row, query by query, 95 %.

${result.relevance.map(({ set, rows }) => `**${set}** (${rows[0]?.queries ?? 0} queries)\n\n${relevance(rows)}`).join('\n\n')}

Identifiers that another search shows among its first five pages and ours does not: ${result.lost_identifiers.join(', ') || 'none'}.

### What a reader downloads

Bodies as sent, in KB: by a host with brotli, and by one that sends files as they are. *First results*: all from
the script to the first keyword results for one typed query; search by meaning is off.

${table(
  ['site', 'box', 'before intent, brotli', 'raw', 'to first results, brotli', 'raw'],
  sites.flatMap(transfers),
)}

Search by meaning, once, on intent: model, runtime and the vectors of the whole site.

${table(
  ['site', 'host', 'runtime', 'model', 'vectors', 'together'],
  sites.flatMap(({ site, semantic }) =>
    semantic.map(({ encoding, runtime, model, vectors }) => [
      site,
      encoding,
      ...[runtime, model, vectors, runtime + model + vectors].map(megabytes),
    ]),
  ),
)}

### What a host stores

Index in KB per page, build in seconds with nothing cached. MiniSearch is one file that is loaded whole.

${table(
  [
    'site',
    'text and keywords',
    'vectors',
    'Pagefind',
    'MiniSearch, brotli',
    'build',
    'Pagefind',
    'MiniSearch',
  ],
  sites.map(({ site, bytes_per_page: page, build_seconds: build }) => [
    site,
    ...[page.keywords, page.vectors, page.pagefind, page.minisearch.brotli].map(kilobytes),
    ...[build.lateen, build.pagefind, build.minisearch].map(String),
  ]),
)}

### How long a reader waits for a box

Milliseconds from the last letter, typed at 30 ms a letter, until the first results stand: median / 95th
percentile. *Ready*: from the click that opens the box to search by meaning ready, with empty caches and on the
next visit. *Both legs*: from the whole query put in to the fused list.

${table(
  ['site', ...(sites[0]?.typing.map(({ box }) => box) ?? []), 'ready', 'next visit', 'both legs'],
  sites.map(({ site, typing, meaning }) => [
    site,
    ...typing.map(({ p50, p95 }) => `${p50} / ${p95}`),
    `${meaning.coldMs}`,
    `${meaning.warmMs}`,
    `${meaning.p50} / ${meaning.p95}`,
  ]),
)}`
}

function relevance(rows: readonly Score[]): string {
  return table(
    ['', 'nDCG@10', 'MRR@10', 'first', 'among five', 'ours minus this'],
    rows.map((row) => [
      row.system,
      `${fixed(row['ndcg@10'])} (${row['ndcg@10_ci95'].map(fixed).join('–')})`,
      fixed(row['mrr@10']),
      percent(row['hit@1']),
      percent(row['hit@5']),
      row.ours_minus_this_ci95?.map(signed).join(' to ') ?? '',
    ]),
  )
}

function transfers({ site, transfers: all }: SiteRow): string[][] {
  return [...new Set(all.map(({ box }) => box))].map((box) => {
    const sent = (encoding: string) => all.find((one) => one.box === box && one.encoding === encoding)
    const cell = (encoding: string, what: 'beforeIntent' | 'toFirstResults') => {
      const row = sent(encoding)
      return row ? kilobytes(row[what]) : ''
    }
    return [
      site,
      box,
      cell('brotli', 'beforeIntent'),
      cell('raw', 'beforeIntent'),
      cell('brotli', 'toFirstResults'),
      cell('raw', 'toFirstResults'),
    ]
  })
}

const percent = (share: number) => `${Math.round(share * 100)} %`
