/** `<lateen-search>`: site search as one element. Attributes, properties and events; the rest is in its modules. */
import type { Hit } from '../index.ts'
import { type Config, OBSERVED, readConfig } from './config.ts'
import type { LateenSearchEvents } from './events.ts'
import { deepActive, selectedText } from './page.ts'
import { type OpenSearch, openOwnSearch } from './search-port.ts'
import { createSession, type Session } from './session.ts'
import { isPressed } from './shortcut.ts'
import { type BoxState, conditionOf, initialState } from './state.ts'
import { createStore, type Store } from './store.ts'
import type { StringsOverride } from './strings/types.ts'
import { englishWords, languageOf, loadWords, type Words } from './strings.ts'
import css from './styles/element.css?inline'
import { themeOf, watchTheme } from './theme.ts'
import { createView, type View } from './view.ts'

/** Attributes that change where and how is searched; the others only change how it looks. */
const OF_THE_SESSION = new Set(['index', 'model', 'meaning', 'all-languages'])

let sheet: CSSStyleSheet | undefined
/** In the order they came: the first answers to shortcuts and openers that name nobody. */
const connected: LateenSearch[] = []

/** Importing this on a server does no harm: there the element is never made. */
const Base = (globalThis.HTMLElement ?? Object) as typeof HTMLElement

export class LateenSearch extends Base {
  static readonly observedAttributes: readonly string[] = OBSERVED
  /** URL of the folder the script came from, where an index lies by default. */
  static base = ''

  #config: Config | undefined
  #store: Store<BoxState> | undefined
  #session: Session | undefined
  #view: View | undefined
  #strings: StringsOverride = {}
  #createSearch: OpenSearch = openOwnSearch
  #query = ''
  /** Ends the listeners of one stay in a document. */
  #stay = new AbortController()
  #building = 0
  #stale = new Set<string>()
  #opensWhenBuilt: (() => void) | undefined

  /** Texts in place of the built-in ones. */
  get strings(): StringsOverride {
    return this.#strings
  }
  set strings(strings: StringsOverride | null | undefined) {
    this.#strings = strings ?? {}
    this.#refresh('strings')
  }

  /** Opens the search, in place of `createSearch` of this package. */
  get createSearch(): OpenSearch {
    return this.#createSearch
  }
  set createSearch(open: OpenSearch | null | undefined) {
    this.#createSearch = open ?? openOwnSearch
    this.#refresh('index')
  }

  /** What stands in the field. */
  get query(): string {
    return this.#store?.get().query ?? this.#query
  }
  set query(query: string) {
    this.#query = String(query)
    this.#view?.setQuery(this.#query)
  }

  /** What is shown now, in order. */
  get hits(): readonly Hit[] {
    const answer = this.#store?.get().answer
    return answer ? [...answer.hits, ...answer.related] : []
  }

  /** Whether the modal box is open; false for a field in the page. */
  get opened(): boolean {
    return this.#view?.isOpen() ?? false
  }

  /** Shows the box, or puts the cursor into the field. @param query searched for at once */
  open(query?: string): void {
    this.#open(query, deepActive())
  }

  close(): void {
    this.#view?.close()
  }

  override focus(): void {
    this.#view?.focus()
  }

  connectedCallback(): void {
    for (const name of ['strings', 'createSearch', 'query'] as const) this.#adopt(name)
    connected.push(this)
    this.#stay = new AbortController()
    this.#listen(this.#stay.signal)
    if (!this.#session) this.#start()
    else if (this.#view) this.#return(this.#view, this.#session)
  }

  disconnectedCallback(): void {
    connected.splice(connected.indexOf(this), 1)
    this.#stay.abort()
    // A move within the document is over by then.
    queueMicrotask(() => {
      if (this.isConnected) return
      this.#view?.close()
      this.#session?.release()
    })
  }

  attributeChangedCallback(name: string, before: string | null, now: string | null): void {
    if (before !== now) this.#refresh(name)
  }

  #start(): void {
    this.#config = readConfig(this, LateenSearch.base)
    const store = createStore(initialState(this.#config))
    this.#store = store
    this.#session = createSession({
      store,
      config: () => this.#config!,
      open: () => this.#createSearch,
      pageLanguage: () => this.#language(),
      engaged: () => this.#view?.engaged() ?? false,
      onError: (detail) => this.#tell('lateen-error', detail),
    })
    store.subscribe((state, before) => this.#report(state, before))
    if (!this.shadowRoot) {
      const shadow = this.attachShadow({ mode: 'open' })
      shadow.adoptedStyleSheets = [sharedSheet()]
    }
    this.#build()
  }

  /** After a move: an open box goes back on top, and what was in use stays in use. */
  #return(view: View, session: Session): void {
    view.revive()
    if (view.isOpen() || this.query !== '') session.want()
  }

  /** Builds the view in the language of the page; built-in English needs no waiting. */
  #build(): void {
    const mine = ++this.#building
    const language = languageOf(this.#language())
    const build = (words: Words) => {
      if (mine === this.#building) this.#show(words)
    }
    if (language === 'en') build(englishWords(this.#strings))
    else void loadWords(language, this.#strings).then(build)
  }

  #show(words: Words): void {
    const wasOpen = this.#view?.isOpen() ?? false
    this.#view?.remove()
    const view = createView({
      shadow: this.shadowRoot!,
      store: this.#store!,
      session: this.#session!,
      words,
      config: this.#config!,
      onQuery: (query) => this.#tell('lateen-query', { query }),
      onSelect: ({ hit, section }, url, event) =>
        this.#tell(
          'lateen-select',
          { query: this.query, hit: hit!, ...(section ? { section } : {}), url, event },
          true,
        ),
      onOpen: () => this.#tell('lateen-open', undefined),
      onClose: () => this.#tell('lateen-close', undefined),
    })
    this.#view = view
    this.#setTheme()
    if (this.#query !== '') view.setQuery(this.#query)
    this.#query = ''
    if (wasOpen) view.open()
    this.#opensWhenBuilt?.()
    this.#opensWhenBuilt = undefined
  }

  #listen(signal: AbortSignal): void {
    document.addEventListener('keydown', (event) => this.#onKey(event), { signal })
    document.addEventListener('click', (event) => this.#onClick(event), { signal })
    for (const type of ['online', 'offline']) {
      addEventListener(type, () => this.#session?.setOnline(navigator.onLine), { signal })
    }
    watchTheme(() => this.#setTheme(), signal)
  }

  #onKey(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.isComposing || event.repeat) return
    if (!this.#config?.shortcuts.some((shortcut) => isPressed(shortcut, event))) return
    event.preventDefault()
    if (this.opened) this.close()
    else this.#open(undefined, deepActive())
  }

  /** Any element with `data-lateen-open` opens the box with that id, or the first one. */
  #onClick(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0) return
    const opener = event
      .composedPath()
      .find(
        (node): node is HTMLElement =>
          node instanceof HTMLElement && node.dataset['lateenOpen'] !== undefined,
      )
    const wanted = opener?.dataset['lateenOpen']
    if (wanted === undefined || (wanted === '' ? connected[0] !== this : this.id !== wanted)) return
    event.preventDefault()
    this.#open(undefined, opener)
  }

  #open(query: string | undefined, opener: HTMLElement | undefined): void {
    const selected = query === undefined && this.#config?.prefill && !this.opened ? selectedText() : ''
    const show = () => {
      const view = this.#view!
      const wanted = query ?? selected
      this.#setTheme()
      view.open(opener)
      if (query !== undefined || wanted !== '') view.setQuery(wanted)
      view.selectQuery()
    }
    if (this.#view) show()
    else this.#opensWhenBuilt = show
  }

  /** Attributes often change together: they are read once, after the last. */
  #refresh(name: string): void {
    if (!this.#session) return
    this.#stale.add(name)
    if (this.#stale.size > 1) return
    queueMicrotask(() => {
      const changed = new Set(this.#stale)
      this.#stale.clear()
      this.#config = readConfig(this, LateenSearch.base)
      if ([...changed].some((one) => OF_THE_SESSION.has(one))) this.#session?.reset()
      this.#build()
    })
  }

  #report(state: BoxState, before: BoxState): void {
    const condition = conditionOf(state)
    if (condition !== conditionOf(before)) this.#tell('lateen-state', { state: condition })
    const { answer } = state
    if (!answer || answer === before.answer) return
    const { query, stage, final } = answer
    this.#tell('lateen-hits', { query, hits: this.hits, stage, final })
  }

  #tell<K extends keyof LateenSearchEvents>(
    type: K,
    detail: LateenSearchEvents[K]['detail'],
    cancelable = false,
  ): boolean {
    return this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true, cancelable }))
  }

  #setTheme(): void {
    const theme = themeOf(this, this.#config?.theme ?? 'auto')
    if (this.#view && this.#view.root.dataset['theme'] !== theme) this.#view.root.dataset['theme'] = theme
  }

  #language(): string {
    return this.closest<HTMLElement>('[lang]')?.lang || document.documentElement.lang || 'en'
  }

  /** A property set before the element was defined hides the accessor of the class. */
  #adopt(name: 'strings' | 'createSearch' | 'query'): void {
    if (!Object.hasOwn(this, name)) return
    const value: unknown = this[name]
    Reflect.deleteProperty(this, name)
    Reflect.set(this, name, value)
  }
}

function sharedSheet(): CSSStyleSheet {
  if (!sheet) {
    sheet = new CSSStyleSheet()
    sheet.replaceSync(css)
  }
  return sheet
}

declare global {
  interface HTMLElementTagNameMap {
    'lateen-search': LateenSearch
  }
  interface HTMLElementEventMap extends LateenSearchEvents {}
}
