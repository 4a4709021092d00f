/** MiniSearch as VitePress sets it up for its local search: sections, prefixes, typing mistakes, titles first. */
import { brotliCompressSync, gzipSync } from 'node:zlib'
import MiniSearch from 'minisearch'
import type { ParsedDocument } from '../../src/types.ts'
import { DEPTH, pagesOf, type System } from './system.ts'

export interface MiniSearchSite extends System {
  readonly buildSeconds: number
  /** Of the serialised index. */
  readonly bytes: { readonly raw: number; readonly gzip: number; readonly brotli: number }
}

interface Entry {
  readonly id: string
  readonly title: string
  readonly titles: readonly string[]
  readonly text: string
}

/** @param documents the pages as our own reader sees them, so that only the search differs */
export function miniSearchSite(documents: readonly ParsedDocument[]): MiniSearchSite {
  const startMs = performance.now()
  const index = new MiniSearch<Entry>({
    fields: ['title', 'titles', 'text'],
    searchOptions: { fuzzy: 0.2, prefix: true, boost: { title: 4, text: 2, titles: 1 } },
  })
  index.addAll(documents.flatMap(sectionsOf))
  const json = JSON.stringify(index)
  const buildSeconds = (performance.now() - startMs) / 1000
  return {
    name: 'MiniSearch, options of VitePress',
    buildSeconds,
    bytes: {
      raw: Buffer.byteLength(json),
      gzip: gzipSync(json).length,
      brotli: brotliCompressSync(json).length,
    },
    rank: async (query) =>
      pagesOf(
        index
          .search(query)
          .map(({ id }) => id as string)
          .slice(0, DEPTH * 50),
      ),
  }
}

function sectionsOf({ id, title, sections }: ParsedDocument): Entry[] {
  return sections.map(({ headings, text }, i) => ({
    id: `/${encodeURI(id)}#${i}`,
    title: headings.at(-1) ?? title,
    titles: headings.length > 0 ? [title, ...headings.slice(0, -1)] : [],
    text,
  }))
}
