/** What a site build tells. */
import type { IndexBytes } from '../build/write-index.ts'
import type { SkipReason } from './pages.ts'

export interface SiteReport {
  /** Folder of the index. */
  readonly out: string
  /** Revision of its manifest; unchanged when nothing had changed. */
  readonly revision: number
  /** Pages in the index, in order. */
  readonly pages: readonly IndexedPage[]
  /** Pages that are not, and why. */
  readonly skipped: readonly SkippedPage[]
  readonly passages: number
  readonly vectors: number
  /** Passages that went through the model. */
  readonly encoded: number
  /** Passages whose vectors were there from earlier builds, or from an equal passage. */
  readonly reused: number
  readonly bytes: SiteBytes
  /** Threads that encoded; 0 when none was needed. */
  readonly threads: number
  readonly seconds: number
  /** What went not as it should, but did no harm to the index. */
  readonly warnings: readonly string[]
  /** The lines that put search into a page; absent when the runtime was left out. */
  readonly html?: string
}

export interface IndexedPage {
  /** Path below the site, with `/`. */
  readonly path: string
  readonly url: string
  readonly title: string
  readonly passages: number
}

export interface SkippedPage {
  readonly path: string
  readonly reason: SkipReason | 'left out by enrich'
  /** What exactly is wrong. */
  readonly detail?: string
}

/** Bytes of what was written, by kind. */
export interface SiteBytes extends IndexBytes {
  /** The browser runtime; not part of `total`. */
  readonly runtime: number
  /** The model; not part of `total`. */
  readonly model: number
}

/** How many pages were skipped for each reason, the most frequent first. */
export function countReasons(
  skipped: readonly SkippedPage[],
): [reason: SkippedPage['reason'], count: number][] {
  const counts = new Map<SkippedPage['reason'], number>()
  for (const { reason } of skipped) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  return [...counts].sort(([a, inA], [b, inB]) => inB - inA || (a < b ? -1 : 1))
}
