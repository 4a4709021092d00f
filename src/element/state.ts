/** Everything the box can show, as one plain value. */
import type { Hit } from '../index.ts'
import type { FilterCounts, HitList, Progress } from '../types.ts'
import type { Config } from './config.ts'
import { isMetered } from './connection.ts'
import type { Chosen } from './filters.ts'
import { readChoice, readRecent } from './storage.ts'

/** Where the index stands. */
export type Opening =
  | { readonly kind: 'closed' }
  | { readonly kind: 'opening' }
  | { readonly kind: 'open' }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }

/** Where search by meaning stands. */
export type Meaning =
  | { readonly kind: 'off' }
  /** Loads on intent. */
  | { readonly kind: 'waiting' }
  /** Loads on the reader's word: the connection, the page or an earlier choice asks for that. */
  | { readonly kind: 'held'; readonly bytes?: number }
  | { readonly kind: 'loading'; readonly progress?: Progress }
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly message: string }

/** The answer on screen. */
export interface Answer {
  readonly query: string
  /** Query and filters: answers of one basis improve each other, others replace. */
  readonly basis: string
  readonly hits: readonly Hit[]
  /** Came later, while the reader was already in the list. */
  readonly related: readonly Hit[]
  readonly stage: HitList['stage']
  readonly final: boolean
  /** What is missing from the answer, in the engine's words. */
  readonly note?: string
}

export type Keeping =
  | { readonly kind: 'idle' }
  | { readonly kind: 'running'; readonly progress?: Progress }
  | { readonly kind: 'done'; readonly bytes: number }
  | { readonly kind: 'failed'; readonly message: string }

export interface BoxState {
  readonly query: string
  readonly opening: Opening
  readonly meaning: Meaning
  readonly answer: Answer | undefined
  /** A query that failed as a whole, in the engine's words. */
  readonly trouble: string | undefined
  readonly online: boolean
  readonly counts: FilterCounts
  readonly chosen: Chosen
  readonly recent: readonly string[]
  readonly keeping: Keeping
}

/** The state in one word, for pages that listen. */
export type BoxCondition =
  | 'idle'
  | 'opening'
  | 'keywords'
  | 'loading'
  | 'ready'
  | 'offline'
  | 'failed'
  | 'missing'

export function conditionOf({ opening, meaning, online }: BoxState): BoxCondition {
  if (opening.kind === 'failed') return opening.code === 'index-not-found' ? 'missing' : 'failed'
  if (opening.kind === 'closed') return 'idle'
  if (opening.kind === 'opening') return 'opening'
  if (!online) return 'offline'
  if (meaning.kind === 'loading' || meaning.kind === 'ready' || meaning.kind === 'failed') return meaning.kind
  return 'keywords'
}

/** The stored choice of readers who want keywords only is `keywords`. */
export const MEANING_CHOICE = 'meaning'

export function initialState(config: Config): BoxState {
  return {
    query: '',
    opening: { kind: 'closed' },
    meaning: restingMeaning(config),
    answer: undefined,
    trouble: undefined,
    online: navigator.onLine,
    counts: {},
    chosen: {},
    recent: readRecent(config.index, config.recent),
    keeping: { kind: 'idle' },
  }
}

/** Loading megabytes unasked is wrong where page, reader or connection ask for less. */
export function restingMeaning({ meaning }: Config): Meaning {
  if (meaning === 'off') return { kind: 'off' }
  return {
    kind: meaning === 'ask' || readChoice(MEANING_CHOICE) === 'keywords' || isMetered() ? 'held' : 'waiting',
  }
}
