/** Wires state, session and views together. Everything from outside comes in as an argument. */

import { createAnnouncer } from '../element/announcer.ts'
import { readChoice } from '../element/storage.ts'
import { createStore } from '../element/store.ts'
import type { SearchMode } from '../types.ts'
import { createAddress, queryOf } from './address.ts'
import { createFilesPane } from './files-pane.ts'
import { createHitList } from './hit-list.ts'
import { createInspector } from './inspector.ts'
import { readLibrary } from './library.ts'
import { byId } from './page.ts'
import { createPanel } from './panel.ts'
import type { Corpus, OpenSearch, Preference } from './port.ts'
import { createResults } from './results.ts'
import { createSearchBox } from './search-box.ts'
import { createSession, restingMeaning } from './session.ts'
import type { AppState } from './state.ts'
import { createStatusLine } from './status-line.ts'
import { strings } from './strings.ts'
import { startTheme } from './theme.ts'

export interface AppOptions {
  readonly open: OpenSearch
  /** Where the pages of the documentation are: its hits lead there, those of the reader's files nowhere. */
  readonly siteRoot: string
}

export function startApp({ open, siteRoot }: AppOptions): void {
  startTheme()
  const store = createStore<AppState>({
    corpus: 'docs',
    // Who was faster than this script has typed something already.
    query: queryOf(location.hash) || byId('query', HTMLInputElement).value,
    mode: 'hybrid',
    prefer: preferenceOf(readChoice('demo.prefer')),
    opening: { kind: 'opening' },
    meaning: restingMeaning(),
    answer: undefined,
    trouble: undefined,
    info: undefined,
    files: readLibrary(),
    indexing: { kind: 'idle' },
    online: navigator.onLine,
  })
  const announce = createAnnouncer([byId('announcer-a', HTMLElement), byId('announcer-b', HTMLElement)])
  const pagesAt = () => (store.get().corpus === 'docs' ? siteRoot : undefined)
  const shownQuery = () => store.get().answer?.query ?? store.get().query

  const inspector = createInspector({
    pagesAt,
    onShow(hit) {
      hits.markOpen(hit?.id)
      document.documentElement.classList.toggle('has-inspector', hit !== undefined)
    },
  })
  const hits = createHitList({
    grid: byId('hits', HTMLElement),
    pagesAt,
    onWhy: (hit) => inspector.open(hit, 'why', shownQuery()),
    onRead: (hit) => inspector.open(hit, 'read', shownQuery()),
    onActive: (hit) => inspector.follow(hit, shownQuery()),
  })
  const session = createSession({ store, open, engaged: hits.engaged })
  const box = createSearchBox({
    input: byId('query', HTMLInputElement),
    clear: byId('clear', HTMLButtonElement),
    hits,
    onQuery: (query) => search(query),
    onIntent: session.wantMeaning,
    onClose: inspector.close,
  })
  const address = createAddress((query) => {
    if (query !== store.get().query.trim()) search(query)
  })

  function search(query: string): void {
    // Reasons for another question's result would mislead.
    if (query.trim() !== '' && query.trim() !== store.get().query.trim()) inspector.close()
    box.setQuery(query)
    address.show(query)
    if (query.trim() !== '') session.wantMeaning()
    session.search(query)
  }

  createStatusLine(store, () => void session.loadMeaning())
  createResults({
    store,
    hits,
    announce,
    setExpanded: box.setExpanded,
    onReorder: session.reorder,
    onExample(query) {
      search(query)
      box.focus()
    },
  })
  createFilesPane(store, session, announce)
  createPanel(store)
  startChoices(store.get(), {
    corpus: (value) => session.setCorpus(value as Corpus),
    mode: (value) => session.setMode(value as SearchMode),
    prefer: (value) => session.setPreference(value as Preference),
  })
  store.subscribe((state, before) => {
    if (state.corpus === before.corpus) return
    inspector.close()
    byId('query', HTMLInputElement).placeholder = strings.placeholder[state.corpus]
    check('corpus', state.corpus)
    if (state.query.trim() !== '') session.wantMeaning()
  })
  for (const event of ['online', 'offline']) {
    addEventListener(event, () => {
      store.set({ online: navigator.onLine })
      if (navigator.onLine && store.get().meaning.kind === 'failed') void session.loadMeaning()
    })
  }

  box.setQuery(store.get().query)
  session.start()
  if (store.get().query !== '') session.wantMeaning()
}

/** Radio groups: their values are the values of the state. */
function startChoices(
  state: AppState,
  handlers: Readonly<Record<'corpus' | 'mode' | 'prefer', (value: string) => void>>,
): void {
  for (const name of ['corpus', 'mode', 'prefer'] as const) {
    check(name, state[name])
    for (const input of document.getElementsByName(name)) {
      input.addEventListener('change', () => handlers[name]((input as HTMLInputElement).value))
    }
  }
}

function check(name: string, value: string): void {
  for (const input of document.getElementsByName(name) as NodeListOf<HTMLInputElement>) {
    input.checked = input.value === value
  }
}

function preferenceOf(stored: string | undefined): Preference {
  return stored === 'webgpu' || stored === 'wasm' ? stored : 'auto'
}
