/** Wires the frame, the list and the session together, for one language and one set of attributes. */
import { createAnnouncer } from './announcer.ts'
import { createBody } from './body.ts'
import type { Config } from './config.ts'
import { createExplainer } from './explainer.ts'
import { createFilterPane } from './filter-pane.ts'
import { createFrame } from './frame.ts'
import { listenToKeys } from './keyboard.ts'
import { hitUrl, showWordsOnArrival } from './links.ts'
import { createResultList } from './result-list.ts'
import type { Option } from './rows.ts'
import { lockScroll } from './scroll-lock.ts'
import type { Session } from './session.ts'
import type { BoxState } from './state.ts'
import { createStatusView, type StatusAction } from './status.ts'
import type { Store } from './store.ts'
import type { Words } from './strings.ts'

const MOST_CHARACTERS = 512

export interface ViewOptions {
  readonly shadow: ShadowRoot
  readonly store: Store<BoxState>
  readonly session: Session
  readonly words: Words
  readonly config: Config
  readonly onQuery: (query: string) => void
  /** False: the page follows the link itself. */
  readonly onSelect: (option: Option, url: string, event: MouseEvent) => boolean
  readonly onOpen: () => void
  readonly onClose: () => void
}

export interface View {
  readonly root: HTMLElement
  isOpen(): boolean
  /** Shows the box, or puts the cursor into the field where it stands in the page. */
  open(opener?: HTMLElement): void
  close(): void
  /** Puts a box that was moved while open back on top. */
  revive(): void
  setQuery(query: string): void
  selectQuery(): void
  focus(): void
  engaged(): boolean
  /** Takes it out; the session stays. */
  remove(): void
}

export function createView(options: ViewOptions): View {
  const { shadow, store, session, words, config, onQuery, onSelect, onOpen, onClose } = options
  const frame = createFrame(words, config)
  const { input, clear, panel, modal } = frame
  const announce = createAnnouncer(frame.voices)
  let unlock: (() => void) | undefined
  let opener: HTMLElement | undefined

  const explainer = createExplainer({
    frame,
    shadow,
    store,
    session,
    words,
    announce,
    onChange: showWhyButton,
  })
  const results = createResultList({
    list: frame.list,
    scroller: frame.body,
    words,
    href: (url) => hitUrl(url, config.siteRoot),
    explains: config.meaning !== 'off',
    onSelect: select,
    onWhy: (hit) => explainer.open(hit),
    onForget: session.forget,
    onActive(option) {
      if (option) input.setAttribute('aria-activedescendant', option.element.id)
      else input.removeAttribute('aria-activedescendant')
      showWhyButton()
    },
  })
  const body = createBody({
    frame,
    results,
    words,
    announce,
    onClearFilters: () => session.clearFilters(),
    visibleFilters: new Set(config.filters.map(({ key }) => key)),
  })
  const filters = createFilterPane({
    pane: frame.filterPane,
    toggle: frame.filterToggle,
    keys: config.filters,
    words,
    onToggle: session.toggleFilter,
    onClear: () => {
      for (const { key } of config.filters) session.clearFilters(key)
    },
  })
  const status = createStatusView(frame.status, words, config.offline, act)

  function render(state: BoxState, before?: BoxState): void {
    if (input.value !== state.query) input.value = state.query
    clear.hidden = state.query === ''
    panel.classList.toggle('has-query', state.query !== '')
    panel.classList.toggle('is-busy', state.opening.kind === 'opening' || state.meaning.kind === 'loading')
    status.show(state)
    filters.show(state)
    body.show(state, before)
    showWhyButton()
  }

  function showWhyButton(): void {
    const hit = (results.active() ?? results.first())?.hit
    frame.whyButton.hidden = config.meaning === 'off' || hit === undefined || explainer.isOpen()
  }

  function setQuery(query: string): void {
    const text = query.slice(0, MOST_CHARACTERS)
    explainer.close()
    results.clearActive()
    results.rest()
    onQuery(text)
    session.search(text)
  }

  function select(option: Option, event: MouseEvent): void {
    if (option.query !== undefined) {
      setQuery(option.query)
      input.focus()
      return
    }
    const { hit, section, element } = option
    const link = element as HTMLAnchorElement
    const follows = onSelect(option, link.href, event)
    session.remember(store.get().answer?.query ?? store.get().query)
    if (!follows) event.preventDefault()
    else if (link.href === '') return
    else if (config.highlight && hit) showWordsOnArrival(link, event, (section ?? hit).excerpt)
    const leaves = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey
    if (leaves) close()
  }

  function act(action: StatusAction): void {
    if (action === 'keep') void session.keepOffline()
    else if (action === 'keywords') session.keywordsOnly()
    else if (action === 'reopen') session.retry()
    else void session.loadMeaning()
    // The button is likely to go with the state it belonged to.
    input.focus()
  }

  const explainChosen = () => {
    const hit = (results.active() ?? results.first())?.hit
    if (hit && config.meaning !== 'off') explainer.open(hit)
    return hit !== undefined && config.meaning !== 'off'
  }

  function close(): void {
    if (modal) {
      modal.dialog.close()
      leave()
    } else input.blur()
  }

  /** What closing brings with it, whether we closed or the browser did. */
  function leave(): void {
    if (!unlock) return
    unlock()
    unlock = undefined
    explainer.close()
    results.clearActive()
    if (opener?.isConnected) opener.focus({ preventScroll: true })
    opener = undefined
    onClose()
  }

  input.addEventListener('input', () => setQuery(input.value))
  input.addEventListener('focus', () => session.want())
  clear.addEventListener('click', () => {
    setQuery('')
    input.focus()
  })
  frame.close.addEventListener('click', close)
  frame.listClear.addEventListener('click', () => {
    session.forget()
    input.focus()
  })
  frame.whyButton.addEventListener('click', explainChosen)
  listenToKeys({
    input,
    results,
    isCurrent: () => store.get().answer?.query === store.get().query.trim(),
    onWhy: explainChosen,
    onForget: session.forget,
    onClear: () => setQuery(''),
    onClose: close,
  })

  if (modal) {
    const { dialog, trigger } = modal
    trigger.addEventListener('click', () => open(trigger))
    // A drag of text that ends outside is not a click outside.
    let pressedOutside = false
    dialog.addEventListener('pointerdown', ({ target }) => {
      pressedOutside = target === dialog
    })
    dialog.addEventListener('click', ({ target }) => {
      if (pressedOutside && target === dialog) close()
    })
    dialog.addEventListener('close', leave)
  }

  function open(by?: HTMLElement): void {
    if (modal && !modal.dialog.open) {
      opener = by
      modal.dialog.showModal()
      unlock = lockScroll()
    }
    input.focus()
    input.select()
    session.want()
    onOpen()
  }

  const stop = store.subscribe(render)
  render(store.get())
  shadow.replaceChildren(frame.root)

  return {
    root: frame.root,
    isOpen: () => modal?.dialog.open ?? false,
    open,
    close,
    revive() {
      if (!modal?.dialog.open) return
      // Moving it took it from the top layer without closing it.
      modal.dialog.removeAttribute('open')
      modal.dialog.showModal()
      input.focus()
    },
    setQuery,
    selectQuery: () => input.select(),
    focus: () => (modal && !modal.dialog.open ? modal.trigger : input).focus(),
    engaged: results.engaged,
    remove() {
      stop()
      unlock?.()
      frame.root.remove()
    },
  }
}
