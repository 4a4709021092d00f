/** The middle of the box: recent searches at rest, hits, why there are none, or rows that stand in for them. */
import { el, setText } from './dom.ts'
import type { Frame } from './frame.ts'
import type { ResultList } from './result-list.ts'
import type { Answer, BoxState } from './state.ts'
import type { Words } from './strings.ts'

/** An answer within it needs no sign that one is awaited. */
const PATIENCE_MS = 250

export interface BodyOptions {
  readonly frame: Frame
  readonly results: ResultList
  readonly words: Words
  readonly announce: (message: string) => void
  readonly onClearFilters: () => void
  /** Keys of metadata that the reader can see filters of. */
  readonly visibleFilters: ReadonlySet<string>
}

export interface BodyView {
  show(state: BoxState, before: BoxState | undefined): void
}

export function createBody({
  frame,
  results,
  words,
  announce,
  onClearFilters,
  visibleFilters,
}: BodyOptions): BodyView {
  const { strings, fill, plural } = words
  const { list, listHead, listTitle, message, skeleton, summary, input } = frame
  let waiting: ReturnType<typeof setTimeout> | undefined
  let said = ''

  const say = (text: string) => {
    if (text === said) return
    said = text
    announce(text)
  }

  function sayAnswer(answer: Answer, before: Answer | undefined): void {
    const number = answer.hits.length + answer.related.length
    const isBetter = before?.basis === answer.basis
    if (number > 0 && isBetter && answer.related.length > (before?.related.length ?? 0)) {
      say(plural(strings.added, answer.related.length))
    } else if (number > 0) say(plural(strings.countFor, number, { query: answer.query }))
    else if (answer.final) say(answer.note ?? fill(strings.none, { query: `“${answer.query}”` }))
  }

  function showMessage(...parts: (HTMLElement | undefined)[]): void {
    const shown = parts.filter((part) => part !== undefined)
    message.hidden = shown.length === 0
    message.replaceChildren(...shown)
  }

  /** A sentence about the query, which keeps its own direction. */
  function about(text: string, query: string): HTMLElement {
    const [head = '', tail = ''] = text.split('{query}')
    return el('p', { class: 'message-title' }, head, el('bdi', {}, `“${query}”`), tail)
  }

  function emptyMessage(state: BoxState, answer: Answer): HTMLElement[] {
    // Something was found, and cannot be shown.
    if (answer.note !== undefined) return [el('p', { class: 'message-title', dir: 'auto' }, answer.note)]
    if (!answer.final && state.meaning.kind === 'loading') return [about(strings.noneYet, answer.query)]
    const filtered = Object.entries(state.chosen).filter(([, values]) => values.length > 0)
    const byLanguageOnly = filtered.every(([key]) => !visibleFilters.has(key))
    const clear = el(
      'button',
      { type: 'button', class: 'plain' },
      byLanguageOnly ? strings.tryLanguages : strings.tryFilters,
    )
    clear.addEventListener('click', () => {
      onClearFilters()
      input.focus()
    })
    return [
      about(strings.none, answer.query),
      el(
        'ul',
        {},
        el('li', {}, strings.tryWords),
        ...(state.meaning.kind === 'ready' ? [el('li', {}, strings.tryQuestion)] : []),
      ),
      ...(filtered.length > 0 ? [el('p', {}, clear)] : []),
    ]
  }

  function showRest({ recent, opening }: BoxState): void {
    results.showRecent(recent)
    listHead.hidden = recent.length === 0
    setText(listTitle, strings.recent)
    list.setAttribute('aria-label', strings.recent)
    showMessage(
      ...(recent.length === 0 && opening.kind !== 'failed' ? [el('p', { class: 'note' }, strings.idle)] : []),
    )
    said = ''
  }

  function showAnswer(state: BoxState, answer: Answer): void {
    listHead.hidden = true
    list.setAttribute('aria-label', strings.results)
    results.showHits(answer)
    const nothing = answer.hits.length === 0 && answer.related.length === 0
    if (nothing) showMessage(...emptyMessage(state, answer))
    else
      showMessage(
        answer.note === undefined ? undefined : el('p', { class: 'note', dir: 'auto' }, answer.note),
      )
  }

  return {
    show(state, before) {
      const { answer, trouble, opening } = state
      const query = state.query.trim()
      const isOld = answer !== undefined && !trouble && answer.query !== query
      const isAwaited = query !== '' && !answer && !trouble && opening.kind !== 'failed'
      list.classList.toggle('is-old', isOld)
      list.setAttribute('aria-busy', String(isOld || isAwaited || answer?.final === false))

      clearTimeout(waiting)
      if (isAwaited && skeleton.hidden) waiting = setTimeout(() => (skeleton.hidden = false), PATIENCE_MS)
      else if (!isAwaited) skeleton.hidden = true

      const changed =
        !before ||
        before.answer !== answer ||
        before.trouble !== trouble ||
        before.recent !== state.recent ||
        before.opening !== opening ||
        (before.query.trim() === '') !== (query === '') ||
        (answer !== undefined && before.meaning.kind !== state.meaning.kind)
      if (changed) {
        if (query === '') showRest(state)
        else if (trouble) {
          results.showHits({ hits: [], related: [] })
          listHead.hidden = true
          showMessage(
            el('p', { class: 'message-title', dir: 'auto' }, fill(strings.failed, { reason: trouble })),
          )
          say(fill(strings.failed, { reason: trouble }))
        } else if (answer) {
          showAnswer(state, answer)
          if (before?.answer !== answer) sayAnswer(answer, before?.answer)
        } else {
          results.showHits({ hits: [], related: [] })
          listHead.hidden = true
          showMessage()
        }
      }
      setText(summary, summaryOf(state, isOld))
      input.setAttribute('aria-expanded', String(results.size() > 0))
    },
  }

  function summaryOf({ answer, trouble, query }: BoxState, isOld: boolean): string {
    if (query.trim() === '' || trouble || !answer) return ''
    const number = answer.hits.length + answer.related.length
    if (isOld) return strings.searching
    return number > 0 ? plural(strings.count, number) : ''
  }
}
