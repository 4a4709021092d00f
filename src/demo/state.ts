/** Everything the page can show, as one plain value. */
import type { ChangeSummary, EngineInfo, HitList, Progress, SearchMode, Timings } from '../types.ts'
import type { FileRecord } from './library.ts'
import type { Corpus, DemoHit, Preference } from './port.ts'
import type { SkippedFile } from './read-files.ts'

/** Where the semantic leg stands. */
export type Meaning =
  | { readonly kind: 'waiting' }
  /** The connection asks to save data: loading needs the reader's word. */
  | { readonly kind: 'held' }
  | { readonly kind: 'loading'; readonly progress?: Progress }
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly message: string }

export type Opening =
  | { readonly kind: 'opening'; readonly progress?: Progress }
  | { readonly kind: 'open' }
  | { readonly kind: 'failed'; readonly message: string }

/** The answer on screen. */
export interface Answer {
  readonly query: string
  readonly hits: readonly DemoHit[]
  readonly stage: HitList['stage']
  readonly final: boolean
  readonly timings: Timings
  /** The better order, when it came while the reader was already moving through the list. */
  readonly betterOrder?: readonly DemoHit[]
}

export type Indexing =
  | { readonly kind: 'idle' }
  | { readonly kind: 'reading'; readonly files: number }
  | { readonly kind: 'running'; readonly startedAt: number; readonly progress?: Progress }
  | { readonly kind: 'done'; readonly summary: ChangeSummary; readonly unreadable: readonly SkippedFile[] }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'failed'; readonly message: string }

export interface AppState {
  readonly corpus: Corpus
  readonly query: string
  readonly mode: SearchMode
  readonly prefer: Preference
  readonly opening: Opening
  readonly meaning: Meaning
  readonly answer: Answer | undefined
  /** A query that failed as a whole, in the engine's words. */
  readonly trouble: string | undefined
  readonly info: EngineInfo | undefined
  readonly files: readonly FileRecord[]
  readonly indexing: Indexing
  readonly online: boolean
}
