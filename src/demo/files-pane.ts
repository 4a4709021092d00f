/** The reader's own documents: bring them in, watch them being indexed, take them out again. */
import { el, setText } from '../element/dom.ts'
import type { Store } from '../element/store.ts'
import type { FileRecord } from './library.ts'
import { byId } from './page.ts'
import {
  ACCEPT,
  filesOfDrop,
  filesOfInput,
  type NamedFile,
  pastedDocument,
  readFiles,
  type SkippedFile,
} from './read-files.ts'
import type { Session } from './session.ts'
import type { AppState, Indexing } from './state.ts'
import { formatProgress, formatRemaining, messageOf, strings } from './strings.ts'

const words = strings.files
/** A rate from less than this jumps about. */
const RATE_AFTER_MS = 500
const MOST_SKIPPED_SHOWN = 20

export function createFilesPane(
  store: Store<AppState>,
  session: Session,
  announce: (message: string) => void,
): void {
  startAdding(store, session)
  startPasting(session)
  startList(store, session)
  startProgress(store, session, announce)
  const pane = byId('files', HTMLElement)
  store.subscribe(({ corpus }) => {
    pane.hidden = corpus !== 'files'
  })
}

const isBusy = ({ indexing }: AppState) => indexing.kind === 'running' || indexing.kind === 'reading'

function startAdding(store: Store<AppState>, session: Session): void {
  async function add(picked: Promise<NamedFile[]> | NamedFile[]): Promise<void> {
    if (isBusy(store.get())) return
    try {
      const files = await picked
      session.setCorpus('files')
      store.set({ indexing: { kind: 'reading', files: files.length } })
      const { documents, skipped } = await readFiles(files)
      if (documents.length > 0) await session.documents.add(documents, skipped)
      else store.set({ indexing: { kind: 'failed', message: words.nothing } })
    } catch (error) {
      store.set({ indexing: { kind: 'failed', message: messageOf(error) } })
    }
  }

  for (const kind of ['file', 'folder'] as const) {
    const input = byId(`${kind}-input`, HTMLInputElement)
    const button = byId(`${kind}-button`, HTMLButtonElement)
    if (kind === 'file') input.accept = ACCEPT
    // Phones have no folder to pick.
    button.hidden = kind === 'folder' && !('webkitdirectory' in input)
    button.addEventListener('click', () => input.click())
    input.addEventListener('change', () => {
      if (input.files?.length) void add(filesOfInput(input.files))
      input.value = ''
    })
  }

  // The whole page is the target: aiming at a box is work.
  const isFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false
  const root = document.documentElement
  document.addEventListener('dragover', (event) => {
    if (!isFiles(event)) return
    event.preventDefault()
    root.classList.add('is-dropping')
  })
  document.addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) root.classList.remove('is-dropping')
  })
  document.addEventListener('drop', (event) => {
    root.classList.remove('is-dropping')
    if (!isFiles(event) || !event.dataTransfer) return
    event.preventDefault()
    void add(filesOfDrop(event.dataTransfer))
  })
}

function startPasting(session: Session): void {
  const form = byId('paste', HTMLFormElement)
  const box = byId('paste-box', HTMLDetailsElement)
  const title = byId('paste-title', HTMLInputElement)
  const text = byId('paste-text', HTMLTextAreaElement)
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    if (text.value.trim() === '') {
      text.focus()
      return
    }
    void session.documents.add([pastedDocument(title.value, text.value, Date.now())], [])
    form.reset()
    box.open = false
  })
}

function startList(store: Store<AppState>, session: Session): void {
  const pane = byId('files', HTMLElement)
  const summary = byId('files-summary', HTMLElement)
  const volatile = byId('files-volatile', HTMLElement)
  const box = byId('files-box', HTMLDetailsElement)
  const label = byId('files-label', HTMLElement)
  const list = byId('files-list', HTMLUListElement)
  const all = byId('files-remove-all', HTMLButtonElement)
  all.addEventListener('click', () => void session.documents.remove(store.get().files.map(({ id }) => id)))
  setText(volatile, words.volatile)

  store.subscribe((state, before) => {
    const { files, info, corpus } = state
    if (corpus !== 'files' || (files === before.files && info === before.info && corpus === before.corpus))
      return
    const isEmpty = (info?.documents ?? 0) === 0
    pane.classList.toggle('has-files', !isEmpty)
    setText(summary, isEmpty ? words.empty : words.summary(info?.documents ?? 0, info?.passages ?? 0))
    volatile.hidden = info?.storage !== 'memory'
    box.hidden = files.length === 0
    setText(label, words.list(files.length))
    list.replaceChildren(
      ...files.map((file) => listItem(file, () => void session.documents.remove([file.id]))),
    )
  })
}

function listItem({ id, length }: FileRecord, onRemove: () => void): HTMLLIElement {
  const name = id.replace(/^pasted\/\S+ /, '')
  const remove = el('button', { type: 'button', class: 'icon', 'aria-label': words.remove(name) }, '×')
  remove.addEventListener('click', onRemove)
  return el(
    'li',
    {},
    el('bdi', { class: 'file-name' }, name),
    el('span', { class: 'file-size' }, words.length(length)),
    remove,
  )
}

function startProgress(store: Store<AppState>, session: Session, announce: (message: string) => void): void {
  const box = byId('indexing', HTMLElement)
  const text = byId('indexing-text', HTMLElement)
  const bar = byId('indexing-progress', HTMLProgressElement)
  const cancel = byId('indexing-cancel', HTMLButtonElement)
  const left = byId('indexing-skipped', HTMLElement)
  cancel.addEventListener('click', () => session.documents.cancel())

  store.subscribe(({ indexing }, before) => {
    if (indexing === before.indexing) return
    const running = indexing.kind === 'running' || indexing.kind === 'reading'
    box.hidden = indexing.kind === 'idle'
    box.dataset['kind'] = indexing.kind
    setText(text, progressText(indexing, performance.now()))
    bar.hidden = !running
    cancel.hidden = indexing.kind !== 'running'
    const progress = indexing.kind === 'running' ? indexing.progress : undefined
    if (progress?.total) {
      bar.max = progress.total
      bar.value = progress.done
    } else bar.removeAttribute('value')
    left.replaceChildren(...(indexing.kind === 'done' ? skippedList(skippedOf(indexing)) : []))
    // Counting aloud would talk over everything; only beginnings and ends are said.
    if (indexing.kind !== before.indexing.kind && indexing.kind !== 'idle') announce(text.textContent ?? '')
  })
}

/** The sentence for a state of indexing; `now` on the clock of `startedAt`. */
export function progressText(indexing: Indexing, now: number): string {
  switch (indexing.kind) {
    case 'idle':
      return ''
    case 'reading':
      return words.reading(indexing.files)
    case 'cancelled':
      return words.cancelled
    case 'failed':
      return words.failed(indexing.message)
    case 'done':
      return words.done(indexing.summary.documents, indexing.summary.passages)
    case 'running': {
      const { progress, startedAt } = indexing
      if (!progress) return words.starting
      const parts = [formatProgress(progress)]
      const elapsedMs = now - startedAt
      if (elapsedMs > RATE_AFTER_MS && progress.done > 0)
        parts.push(words.rate(progress.done / (elapsedMs / 1000)))
      if (progress.remainingMs !== undefined) parts.push(formatRemaining(progress.remainingMs))
      return parts.join(' · ')
    }
  }
}

function skippedOf({
  summary,
  unreadable,
}: Extract<Indexing, { kind: 'done' }>): [path: string, reason: string][] {
  return [
    ...unreadable.map(({ path, reason }: SkippedFile): [string, string] => [path, words.skipReason[reason]]),
    ...summary.skipped.map(({ id, reason }): [string, string] => [id, reason]),
  ]
}

function skippedList(skipped: readonly [path: string, reason: string][]): HTMLElement[] {
  if (skipped.length === 0) return []
  const shown = skipped.slice(0, MOST_SKIPPED_SHOWN)
  const items = shown.map(([path, reason]) => el('li', {}, el('bdi', {}, path), `: ${reason}`))
  if (skipped.length > shown.length) items.push(el('li', {}, '…'))
  return [el('details', {}, el('summary', {}, words.skipped(skipped.length)), el('ul', {}, ...items))]
}
