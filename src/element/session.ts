/** What the box does: opens the index, runs queries, loads search by meaning, keeps everything for offline use. */
import { asLateenError, isLateenError } from '../errors.ts'
import type { Hit } from '../index.ts'
import type { FilterCounts, HitList, Progress } from '../types.ts'
import type { Config } from './config.ts'
import { meaningBytes } from './connection.ts'
import { type Lease, leaseEngine } from './engines.ts'
import { filtersOf, languageFilter } from './filters.ts'
import { placeHits } from './merge-hits.ts'
import type { BoxSearch, OpenSearch } from './search-port.ts'
import { type BoxState, initialState, MEANING_CHOICE, type Meaning, restingMeaning } from './state.ts'
import { withRecent, writeChoice, writeRecent } from './storage.ts'
import type { Store } from './store.ts'

const WITHOUT_MEANING: ReadonlySet<Meaning['kind']> = new Set(['off', 'held', 'failed'])

export interface SessionOptions {
  readonly store: Store<BoxState>
  readonly config: () => Config
  readonly open: () => OpenSearch
  /** Language of the page around the box. */
  readonly pageLanguage: () => string
  /** True while the reader's hands are on the list: then nothing in it may move. */
  readonly engaged: () => boolean
  readonly onError: (error: { readonly code: string; readonly message: string }) => void
}

export interface Session {
  /** The reader shows intent: opens the index, then loads search by meaning unless that is held back. */
  want(): void
  search(query: string): void
  toggleFilter(key: string, value: string, on: boolean): void
  /** @param key only this one; all when absent */
  clearFilters(key?: string): void
  /** Loads search by meaning whatever was chosen before. */
  loadMeaning(): Promise<void>
  /** Stops loading it, now and on later visits. */
  keywordsOnly(): void
  /** Opens an index that could not be opened. */
  retry(): void
  keepOffline(): Promise<void>
  /** Keeps a query among the recent ones. */
  remember(query: string): void
  /** @param query only this one; all when absent */
  forget(query?: string): void
  setOnline(online: boolean): void
  /** Lets go of the engine. The state stays, and the next intent opens it again. */
  release(): void
  /** For a change of index or of how it is searched: lets go, and forgets what came from there. */
  reset(): void
}

export function createSession({
  store,
  config,
  open,
  pageLanguage,
  engaged,
  onError,
}: SessionOptions): Session {
  let lease: Lease | undefined
  let opening: Promise<BoxSearch | undefined> | undefined
  /** Counts engines: what an earlier one still says is not for this box. */
  let epoch = 0
  let turn = 0
  let running = new AbortController()
  let loading = new AbortController()

  function showProgress(progress: Progress): void {
    const { meaning, keeping } = store.get()
    if (keeping.kind === 'running') store.set({ keeping: { kind: 'running', progress } })
    if (progress.job === 'model' && meaning.kind === 'loading')
      store.set({ meaning: { kind: 'loading', progress } })
  }

  /** The search, opened once; undefined when it cannot be: then the state says why. */
  function opened(): Promise<BoxSearch | undefined> {
    opening ??= openNow(++epoch)
    return opening
  }

  async function openNow(mine: number): Promise<BoxSearch | undefined> {
    store.set({ opening: { kind: 'opening' } })
    const { index, model } = config()
    const current = leaseEngine(open(), { index, ...(model ? { model } : {}) }, (progress) => {
      if (mine === epoch) showProgress(progress)
    })
    lease = current
    try {
      const search = await current.search
      // Without counts there are no filters, and everything else works.
      const counts = await search.filters().catch((): FilterCounts => ({}))
      if (mine !== epoch) return undefined
      const byLanguage = config().allLanguages ? {} : languageFilter(counts, pageLanguage())
      store.set({ opening: { kind: 'open' }, counts, chosen: { ...byLanguage, ...store.get().chosen } })
      void refreshInfo(search, mine)
      return search
    } catch (error) {
      if (mine !== epoch) return undefined
      const { code, message } = asLateenError(error)
      store.set({ opening: { kind: 'failed', code, message } })
      onError({ code, message })
      return undefined
    }
  }

  /** Learns whether the model is there already, and else what it would cost. */
  async function refreshInfo(search: BoxSearch, mine: number): Promise<void> {
    try {
      const info = await search.info()
      const { meaning } = store.get()
      if (mine !== epoch || meaning.kind === 'off') return
      if (info.model.state === 'ready') store.set({ meaning: { kind: 'ready' } })
      else if (meaning.kind === 'held') {
        const { index, model } = config()
        const bytes = await meaningBytes(model ?? new URL('model/', index).href, info.indexBytes)
        if (mine === epoch && bytes !== undefined && store.get().meaning.kind === 'held') {
          store.set({ meaning: { kind: 'held', bytes } })
        }
      }
    } catch (error) {
      if (mine === epoch) onError(asLateenError(error))
    }
  }

  async function run(): Promise<void> {
    const mine = ++turn
    running.abort()
    running = new AbortController()
    const { signal } = running
    const query = store.get().query.trim()
    if (query === '') {
      store.set({ answer: undefined, trouble: undefined })
      return
    }
    const search = await opened()
    if (!search || mine !== turn) return
    const wanted = filtersOf(store.get().chosen)
    const basis = JSON.stringify([query, wanted])
    const { kind } = store.get().meaning
    const mode = WITHOUT_MEANING.has(kind) ? 'lexical' : 'hybrid'
    try {
      // Another box may search the same engine: its queries are not older versions of ours.
      const options = { limit: config().limit, mode, filters: wanted, signal, exclusive: false } as const
      for await (const list of search.stream(query, options)) {
        if (mine !== turn) return
        accept(query, basis, list)
      }
    } catch (error) {
      if (mine !== turn || isLateenError(error, 'aborted')) return
      const { code, message } = asLateenError(error)
      store.set({ trouble: message })
      onError({ code, message })
    }
  }

  function accept(query: string, basis: string, list: HitList<Hit>): void {
    const { answer: shown, meaning } = store.get()
    // Keywords that find nothing say little when meaning is about to answer: the old list waits for it.
    if (list.hits.length === 0 && !list.final && meaning.kind === 'ready') return
    const { stage, final, degraded } = list
    // Only an answer without its semantic part tells that meaning cannot be had.
    const withoutMeaning =
      final && stage === 'lexical' && degraded !== undefined && !WITHOUT_MEANING.has(meaning.kind)
    const placed = placeHits(shown?.basis === basis ? shown : undefined, list.hits, engaged())
    store.set({
      trouble: undefined,
      answer: {
        query,
        basis,
        ...placed,
        stage,
        final,
        ...(degraded && !withoutMeaning ? { note: degraded.message } : {}),
      },
      ...(withoutMeaning ? { meaning: { kind: 'failed', message: degraded.message } } : {}),
    })
  }

  async function loadMeaning(): Promise<void> {
    if (store.get().meaning.kind === 'loading') return
    loading = new AbortController()
    const { signal } = loading
    store.set({ meaning: { kind: 'loading' } })
    const search = await opened()
    const mine = epoch
    try {
      if (signal.aborted) return
      if (!search) return store.set({ meaning: { kind: 'waiting' } })
      await search.prepare({ signal })
      if (mine !== epoch || signal.aborted) return
      store.set({ meaning: { kind: 'ready' } })
    } catch (error) {
      if (mine !== epoch || signal.aborted) return
      const { code, message } = asLateenError(error)
      store.set({ meaning: { kind: 'failed', message } })
      onError({ code, message })
    }
    // What was answered without meaning can be answered better now.
    const { answer, query } = store.get()
    if (query.trim() !== '' && (!answer || (answer.final && answer.stage === 'lexical'))) void run()
  }

  function release(): void {
    epoch++
    turn++
    running.abort()
    loading.abort()
    lease?.release()
    lease = undefined
    opening = undefined
    const { meaning } = store.get()
    store.set({
      opening: { kind: 'closed' },
      ...(meaning.kind === 'off' || meaning.kind === 'held' ? {} : { meaning: restingMeaning(config()) }),
    })
  }

  function want(): void {
    // What failed an hour ago may work now.
    if (store.get().opening.kind === 'failed') release()
    void opened()
    if (store.get().meaning.kind === 'waiting') void loadMeaning()
  }

  function retry(): void {
    release()
    want()
    void run()
  }

  function setRecent(recent: readonly string[]): void {
    store.set({ recent })
    writeRecent(config().index, recent)
  }

  return {
    want,
    search(query) {
      store.set({ query })
      void run()
    },
    toggleFilter(key, value, on) {
      const { chosen } = store.get()
      const values = (chosen[key] ?? []).filter((known) => known !== value)
      store.set({ chosen: { ...chosen, [key]: on ? [...values, value] : values } })
      void run()
    },
    clearFilters(key) {
      const { chosen } = store.get()
      const cleared = Object.keys(chosen).map((known) => [
        known,
        key === undefined || key === known ? [] : chosen[known]!,
      ])
      store.set({ chosen: Object.fromEntries(cleared) })
      void run()
    },
    async loadMeaning() {
      writeChoice(MEANING_CHOICE, undefined)
      await loadMeaning()
    },
    keywordsOnly() {
      writeChoice(MEANING_CHOICE, 'keywords')
      loading.abort()
      store.set({ meaning: { kind: 'held' } })
      // A query under way would wait for the model, and so load it after all.
      const { answer } = store.get()
      if (!answer?.final) void run()
    },
    retry,
    async keepOffline() {
      if (store.get().keeping.kind === 'running') return
      store.set({ keeping: { kind: 'running' } })
      const search = await opened()
      const mine = epoch
      try {
        if (!search) return store.set({ keeping: { kind: 'idle' } })
        const { bytes } = await search.keepOffline({ onProgress: showProgress })
        if (mine === epoch) store.set({ keeping: { kind: 'done', bytes } })
      } catch (error) {
        if (mine === epoch) store.set({ keeping: { kind: 'failed', message: asLateenError(error).message } })
      }
    },
    remember(query) {
      const { recent } = config()
      const text = query.trim()
      if (recent > 0 && text !== '') setRecent(withRecent(store.get().recent, text, recent))
    },
    forget(query) {
      setRecent(query === undefined ? [] : store.get().recent.filter((known) => known !== query))
    },
    setOnline(online) {
      store.set({ online })
      const { meaning, opening: state } = store.get()
      if (!online) return
      if (state.kind === 'failed') retry()
      else if (meaning.kind === 'failed') void loadMeaning()
    },
    release,
    reset() {
      const asked = store.get().opening.kind !== 'closed'
      release()
      store.set({ ...initialState(config()), query: store.get().query })
      if (asked) want()
      if (store.get().query.trim() !== '') void run()
    },
  }
}
