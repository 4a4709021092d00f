/** What the page does: opens searches, runs queries, loads meaning, changes the reader's documents. */

import { mergeHits, sameOrder } from '../element/merge-hits.ts'
import { writeChoice } from '../element/storage.ts'
import type { Store } from '../element/store.ts'
import { isLateenError } from '../errors.ts'
import type { EngineInfo, HitList, Progress, SearchMode } from '../types.ts'
import { createDocuments, type Documents } from './documents.ts'
import { writeLibrary } from './library.ts'
import type { Corpus, DemoHit, DemoSearch, OpenSearch, Preference } from './port.ts'
import type { AppState, Meaning } from './state.ts'
import { messageOf } from './strings.ts'

const LIMIT = 10

export interface SessionOptions {
  readonly store: Store<AppState>
  readonly open: OpenSearch
  /** True while the reader's hands are on the list: then nothing in it may move. */
  readonly engaged: () => boolean
}

export interface Session {
  /** Opens the corpus in the state and answers the query in the state. */
  start(): void
  search(query: string): void
  setCorpus(corpus: Corpus): void
  setMode(mode: SearchMode): void
  /** Starts every engine anew. */
  setPreference(prefer: Preference): void
  /** Loads model and vectors unless that is done, under way or held back to save data. */
  wantMeaning(): void
  /** Loads them whatever happened before. */
  loadMeaning(): Promise<void>
  /** Shows the best order after all. */
  reorder(): void
  /** The reader's documents. */
  readonly documents: Documents
}

export function createSession({ store, open, engaged }: SessionOptions): Session {
  const searches = new Map<Corpus, Promise<DemoSearch>>()
  /** Counts corpora and engines as they come on stage: what an earlier one still says is not for this page. */
  let epoch = 0
  let turn = 0
  let answeredTurn = 0
  let queryAbort = new AbortController()

  const documents = createDocuments({
    store,
    openFiles: () => searchOf('files'),
    onProgress: (progress) => showProgress('files', progress),
    onChange: () => void refresh(),
  })

  /** The search of a corpus; a failed opening is forgotten, so that the next call tries again. */
  function searchOf(corpus: Corpus): Promise<DemoSearch> {
    const known = searches.get(corpus)
    if (known) return known
    const onProgress = (progress: Progress) => showProgress(corpus, progress)
    const opening = open(corpus, { prefer: store.get().prefer, onProgress })
    searches.set(corpus, opening)
    opening.catch(() => searches.get(corpus) === opening && searches.delete(corpus))
    return opening
  }

  function showProgress(corpus: Corpus, progress: Progress): void {
    const state = store.get()
    if (corpus !== state.corpus) return
    if (progress.job === 'model' && state.meaning.kind !== 'ready') {
      store.set({ meaning: { kind: 'loading', progress } })
    } else if (progress.job === 'index' && state.opening.kind === 'opening') {
      store.set({ opening: { kind: 'opening', progress } })
    } else if (progress.job === 'indexing' && state.indexing.kind === 'running') {
      store.set({ indexing: { ...state.indexing, progress } })
      // Passages are being encoded, so the model has arrived.
      if (state.meaning.kind === 'loading' && progress.done > 0) {
        store.set({ meaning: { kind: 'ready' } })
        refreshInfo().catch(() => undefined)
      }
    }
  }

  async function openCurrent(): Promise<void> {
    const mine = ++epoch
    // A query of the corpus before must not answer in this one.
    turn++
    store.set({
      opening: { kind: 'opening' },
      meaning: restingMeaning(),
      answer: undefined,
      trouble: undefined,
      info: undefined,
    })
    try {
      await searchOf(store.get().corpus)
      if (mine !== epoch) return
      store.set({ opening: { kind: 'open' } })
      await refreshInfo()
    } catch (error) {
      if (mine === epoch) store.set({ opening: { kind: 'failed', message: messageOf(error) } })
      return
    }
    void runQuery()
  }

  /** Fails only for the engine on stage. */
  async function refreshInfo(): Promise<void> {
    const mine = epoch
    const { corpus } = store.get()
    let info: EngineInfo
    try {
      info = await (await searchOf(corpus)).info()
    } catch (error) {
      if (mine === epoch) throw error
      return
    }
    if (mine !== epoch) return
    const { files: known } = store.get()
    // Stored documents can be evicted behind the page's back; the list of their names goes with them.
    const files = corpus === 'files' && info.documents === 0 ? [] : known
    if (files !== known) writeLibrary(files)
    store.set({ info, files, ...(info.model.state === 'ready' ? { meaning: { kind: 'ready' } } : {}) })
  }

  async function refresh(): Promise<void> {
    try {
      await refreshInfo()
    } catch (error) {
      store.set({ trouble: messageOf(error) })
      return
    }
    void runQuery()
  }

  async function runQuery(): Promise<void> {
    const mine = ++turn
    queryAbort.abort()
    queryAbort = new AbortController()
    const { query: written, mode: wanted, meaning, corpus, opening } = store.get()
    const query = written.trim()
    if (query === '') {
      store.set({ answer: undefined, trouble: undefined })
      return
    }
    if (opening.kind !== 'open') return
    const withoutMeaning = meaning.kind === 'held' || meaning.kind === 'failed'
    const mode = withoutMeaning ? 'lexical' : wanted
    try {
      const search = await searchOf(corpus)
      for await (const list of search.stream(query, { limit: LIMIT, mode, signal: queryAbort.signal })) {
        if (mine !== turn) return
        accept(query, list, mine)
      }
      if (mine === turn) await refreshInfo()
    } catch (error) {
      if (mine !== turn || isLateenError(error, 'aborted')) return
      store.set({ trouble: messageOf(error) })
    }
  }

  function accept(query: string, list: HitList<DemoHit>, mine: number): void {
    // Keywords that find nothing say little when meaning is about to answer: the old list waits for it.
    if (list.hits.length === 0 && !list.final && store.get().meaning.kind === 'ready') return
    const shown = answeredTurn === mine ? (store.get().answer?.hits ?? []) : []
    answeredTurn = mine
    const hits = mergeHits(shown, list.hits, engaged())
    const { stage, final, timings, degraded } = list
    store.set({
      trouble: undefined,
      answer: {
        query,
        hits,
        stage,
        final,
        timings,
        ...(sameOrder(hits, list.hits) ? {} : { betterOrder: list.hits }),
      },
      ...(degraded && store.get().meaning.kind !== 'held'
        ? { meaning: { kind: 'failed', message: degraded.message } }
        : {}),
    })
  }

  async function loadMeaning(): Promise<void> {
    const mine = epoch
    store.set({ meaning: { kind: 'loading' } })
    try {
      await (await searchOf(store.get().corpus)).prepare()
      if (mine !== epoch) return
      store.set({ meaning: { kind: 'ready' } })
      await refreshInfo()
    } catch (error) {
      if (mine !== epoch) return
      store.set({ meaning: { kind: 'failed', message: messageOf(error) } })
    }
    // What was answered without meaning, or not at all, can be answered better now.
    const { answer } = store.get()
    if (mine === epoch && (!answer || (answer.final && answer.stage === 'lexical'))) void runQuery()
  }

  async function closeAll(): Promise<void> {
    const closing = [...searches.values()]
    searches.clear()
    queryAbort.abort()
    documents.cancel()
    // One that never opened has nothing to close.
    await Promise.allSettled(closing.map(async (search) => (await search).close()))
  }

  return {
    start: () => void openCurrent(),
    search(query) {
      const { indexing } = store.get()
      const isOld = indexing.kind === 'done' || indexing.kind === 'cancelled'
      store.set({ query, ...(isOld ? { indexing: { kind: 'idle' } } : {}) })
      void runQuery()
    },
    setCorpus(corpus) {
      if (corpus === store.get().corpus) return
      store.set({ corpus })
      void openCurrent()
    },
    setMode(mode) {
      store.set({ mode })
      void runQuery()
    },
    setPreference(prefer) {
      writeChoice('demo.prefer', prefer)
      store.set({ prefer })
      const { kind } = store.get().meaning
      epoch++
      turn++
      void closeAll()
        .then(openCurrent)
        .then(() => (kind === 'waiting' || kind === 'held' ? undefined : loadMeaning()))
    },
    wantMeaning() {
      if (store.get().meaning.kind === 'waiting' && store.get().opening.kind !== 'failed') void loadMeaning()
    },
    loadMeaning,
    reorder() {
      const { answer } = store.get()
      if (!answer?.betterOrder) return
      const { betterOrder, ...rest } = answer
      store.set({ answer: { ...rest, hits: betterOrder } })
    },
    documents,
  }
}

/** Loading megabytes unasked is wrong on a connection that asks to save data. */
export function restingMeaning(): Meaning {
  const { connection } = navigator as { connection?: { saveData?: boolean } }
  return { kind: connection?.saveData ? 'held' : 'waiting' }
}
