/** The part of the page that answers: examples at rest, hits, or why there are none. */
import { el, setText } from '../element/dom.ts'
import type { Store } from '../element/store.ts'
import type { HitList } from './hit-list.ts'
import { byId } from './page.ts'
import type { AppState } from './state.ts'
import { strings } from './strings.ts'

export interface ResultsOptions {
  readonly store: Store<AppState>
  readonly hits: HitList
  readonly setExpanded: (expanded: boolean) => void
  readonly announce: (message: string) => void
  readonly onExample: (query: string) => void
  readonly onReorder: () => void
}

export function createResults({
  store,
  hits,
  setExpanded,
  announce,
  onExample,
  onReorder,
}: ResultsOptions): void {
  const idle = byId('idle', HTMLElement)
  const examples = byId('examples', HTMLElement)
  const section = byId('results', HTMLElement)
  const summary = byId('results-summary', HTMLElement)
  const kept = byId('order-kept', HTMLElement)
  const reorder = byId('reorder', HTMLButtonElement)
  const empty = byId('empty', HTMLElement)
  const grid = byId('hits', HTMLElement)
  const keys = byId('keys', HTMLElement)

  examples.append(
    ...strings.examples.map((example) => {
      const button = el('button', { type: 'button', class: 'example' }, example)
      button.addEventListener('click', () => onExample(example))
      return el('li', {}, button)
    }),
  )
  reorder.textContent = strings.results.reorder
  reorder.addEventListener('click', onReorder)
  setText(byId('order-kept-text', HTMLElement), strings.results.orderKept)

  store.subscribe((state, before) => {
    const { answer, trouble, corpus } = state
    idle.hidden = answer !== undefined || corpus !== 'docs' || trouble !== undefined
    section.hidden = answer === undefined && trouble === undefined
    // Meaning alone can take a moment, and what is shown until then answers an older question.
    const isOld = answer !== undefined && trouble === undefined && answer.query !== state.query.trim()
    grid.classList.toggle('is-old', isOld)
    setText(summary, isOld ? strings.results.searching : summaryOf(state))
    grid.setAttribute('aria-busy', String(isOld || answer?.final === false))
    if (answer === before.answer && trouble === before.trouble) return

    const found = answer?.hits ?? []
    grid.hidden = found.length === 0
    keys.hidden = found.length === 0
    setExpanded(found.length > 0)
    hits.render(found)
    kept.hidden = answer?.betterOrder === undefined
    const words = emptyWords(state)
    empty.hidden = words === undefined
    empty.replaceChildren(...(words ?? []).map((sentence) => el('p', { dir: 'auto' }, sentence)))

    if (trouble) announce(strings.results.failed(trouble))
    else if (answer?.final) {
      announce(
        found.length > 0
          ? strings.results.announce(found.length, answer.query)
          : strings.results.none(answer.query),
      )
    }
  })
}

function summaryOf({ answer }: AppState): string {
  if (!answer || answer.hits.length === 0) return ''
  const text = strings.results.summary(answer.hits.length, answer.timings.totalMs)
  return answer.final ? text : `${text}, ${strings.results.lexicalOnly}`
}

function emptyWords({ answer, trouble, mode }: AppState): string[] | undefined {
  if (trouble) return [strings.results.failed(trouble)]
  if (!answer || answer.hits.length > 0) return undefined
  if (!answer.final) return [strings.results.noKeyword(answer.query), strings.results.meaningToCome]
  return [strings.results.none(answer.query), strings.results.noneHint[mode]]
}
