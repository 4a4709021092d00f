/** The parts of the box that are always there: trigger, dialog, field, body, footer. Built once per language. */
import type { Config } from './config.ts'
import { el } from './dom.ts'
import { icon } from './icons.ts'
import { ariaShortcuts, keycap } from './shortcut.ts'
import type { Words } from './strings.ts'

export interface Frame {
  /** Everything, for the shadow root. */
  readonly root: HTMLElement
  /** Absent when the field stands in the page. */
  readonly modal?: { readonly trigger: HTMLButtonElement; readonly dialog: HTMLDialogElement }
  readonly panel: HTMLElement
  readonly input: HTMLInputElement
  readonly clear: HTMLButtonElement
  readonly close: HTMLButtonElement
  readonly filterToggle: HTMLButtonElement
  readonly filterPane: HTMLElement
  readonly summary: HTMLElement
  /** Scrolls. */
  readonly body: HTMLElement
  readonly listHead: HTMLElement
  readonly listTitle: HTMLElement
  readonly listClear: HTMLButtonElement
  readonly list: HTMLElement
  readonly message: HTMLElement
  readonly skeleton: HTMLElement
  readonly why: HTMLElement
  readonly whyButton: HTMLButtonElement
  readonly status: HTMLElement
  readonly keys: HTMLElement
  readonly voices: readonly [HTMLElement, HTMLElement]
}

const SKELETON_ROWS = 4

export function createFrame(words: Words, config: Config): Frame {
  const { strings } = words
  const label = config.label ?? strings.search
  const button = (part: string, ...children: (Node | string)[]) =>
    el('button', { type: 'button', class: part, part }, ...children)

  const input = el('input', {
    type: 'text',
    class: 'input',
    part: 'input',
    role: 'combobox',
    'aria-label': config.label ?? strings.label,
    'aria-autocomplete': 'list',
    'aria-haspopup': 'listbox',
    'aria-expanded': 'false',
    'aria-controls': 'list',
    'aria-describedby': 'hint',
    placeholder: config.placeholder ?? strings.placeholder,
    autocapitalize: 'off',
    autocomplete: 'off',
    autocorrect: 'off',
    spellcheck: 'false',
    enterkeyhint: 'search',
    maxlength: '512',
    dir: 'auto',
  })
  const clear = button('clear', icon('clear'))
  clear.setAttribute('aria-label', strings.clear)
  // Named by what is seen of it: a word on phones, a key elsewhere.
  const close = button(
    'close',
    el('span', { class: 'close-word' }, strings.cancel),
    el('span', { class: 'close-name visually-hidden' }, strings.close),
    el('kbd', { 'aria-hidden': 'true' }, 'Esc'),
  )
  const filterToggle = el(
    'button',
    {
      type: 'button',
      class: 'quiet filter-toggle',
      part: 'filter-toggle',
      'aria-expanded': 'false',
      'aria-controls': 'filters',
    },
    icon('filter'),
    el('span', {}, strings.filters),
  )
  const filterPane = el('div', { class: 'filters', part: 'filters', id: 'filters', hidden: true })
  const summary = el('p', { class: 'summary', part: 'summary' })
  const listTitle = el('h2', { class: 'list-title', id: 'list-title' })
  const listClear = button('quiet list-clear', strings.clearRecent)
  const listHead = el('div', { class: 'list-head', hidden: true }, listTitle, listClear)
  const list = el('div', {
    class: 'list',
    part: 'list',
    id: 'list',
    role: 'listbox',
    'aria-label': strings.results,
  })
  const message = el('div', { class: 'message', part: 'message', hidden: true })
  const skeleton = el(
    'div',
    { class: 'skeleton', 'aria-hidden': 'true', hidden: true },
    ...Array.from({ length: SKELETON_ROWS }, () =>
      el('div', { class: 'skeleton-row' }, el('i'), el('i'), el('i')),
    ),
  )
  const why = el('section', { class: 'why-pane', part: 'why', hidden: true })
  const body = el('div', { class: 'body', part: 'body' }, listHead, list, message, skeleton)
  const whyButton = el(
    'button',
    { type: 'button', class: 'quiet why-button', part: 'why-button', hidden: true },
    icon('why'),
    el('span', {}, strings.why),
  )
  const status = el('div', { class: 'status', part: 'status' })
  const keys = el('p', { class: 'keys', 'aria-hidden': 'true' }, ...keyHints(words, config.meaning !== 'off'))
  const footer = el('div', { class: 'footer', part: 'footer' }, status, keys)
  const voices = [el('div', { role: 'status' }), el('div', { role: 'status' })] as const
  const panel = el(
    'div',
    { class: 'panel', part: 'panel', role: 'search', 'aria-label': config.label ?? strings.label },
    el('div', { class: 'field', part: 'field' }, icon('glass'), input, clear, close),
    el('div', { class: 'tools' }, summary, whyButton, filterToggle),
    filterPane,
    body,
    why,
    footer,
    el('p', { class: 'visually-hidden', id: 'hint' }, strings.hint),
    el('div', { class: 'visually-hidden' }, ...voices),
  )

  const frame = {
    panel,
    input,
    clear,
    close,
    filterToggle,
    filterPane,
    summary,
    body,
    listHead,
    listTitle,
    listClear,
    list,
    message,
    skeleton,
    why,
    whyButton,
    status,
    keys,
    voices,
  }
  if (config.inline) return { ...frame, root: el('div', { class: 'lateen inline', lang: words.lang }, panel) }

  const [shortcut] = config.shortcuts
  const trigger = el(
    'button',
    {
      type: 'button',
      class: 'trigger',
      part: 'trigger',
      'aria-haspopup': 'dialog',
      'aria-keyshortcuts': ariaShortcuts(config.shortcuts) || undefined,
    },
    icon('glass'),
    el('span', { class: 'trigger-label', part: 'trigger-label' }, label),
    shortcut && el('kbd', { part: 'trigger-key', 'aria-hidden': 'true' }, keycap(shortcut)),
  )
  const dialog = el(
    'dialog',
    { class: 'dialog', part: 'dialog', 'aria-label': config.label ?? strings.label },
    panel,
  )
  return {
    ...frame,
    root: el('div', { class: 'lateen modal', lang: words.lang }, trigger, dialog),
    modal: { trigger, dialog },
  }
}

function keyHints({ strings: { keys } }: Words, explains: boolean): HTMLElement[] {
  const hint = (caps: readonly string[], word: string) =>
    el('span', { class: 'key' }, ...caps.map((cap) => el('kbd', {}, cap)), el('span', {}, word))
  const hints = [hint(['↑', '↓'], keys.move), hint(['↵'], keys.open)]
  return explains ? [...hints, hint(['→'], keys.why)] : hints
}
