/** Under the hood: what runs, what it weighs and where the time of the last query went. */

import { el } from '../element/dom.ts'
import type { Store } from '../element/store.ts'
import type { Timings } from '../types.ts'
import { byId } from './page.ts'
import type { AppState } from './state.ts'
import { formatMs, strings } from './strings.ts'

const words = strings.panel

export function createPanel(store: Store<AppState>): void {
  const facts = byId('facts', HTMLElement)
  const times = byId('times', HTMLElement)
  const fallbacks = byId('fallbacks', HTMLElement)
  // On a small screen it stands below the results and opens on request.
  byId('panel', HTMLDetailsElement).open = matchMedia('(min-width: 64em)').matches

  const render = (state: AppState) => {
    facts.replaceChildren(
      ...factsOf(state).map(([name, value]) =>
        el('div', { class: 'fact' }, el('dt', {}, name), el('dd', {}, value)),
      ),
    )
    times.replaceChildren(...timesOf(state.answer?.timings))
    const dropped = state.info?.fallbacks ?? []
    fallbacks.hidden = dropped.length === 0
    fallbacks.replaceChildren(...dropped.map((fallback) => el('li', {}, words.fallback(fallback))))
  }
  store.subscribe((state, before) => {
    if (state.info !== before.info || state.answer !== before.answer) render(state)
  })
  render(store.get())
}

function factsOf({ info }: AppState): [name: string, value: string][] {
  if (!info) return [[words.model, words.unknown]]
  const { model, scorer, adapter } = info
  const { selfTest, dtype } = model
  const nameOf = (kind: string) => strings.backend[kind] ?? kind
  const facts: [name: string, value: string | undefined][] = [
    [words.model, words.modelOf(model.name, model.bytes)],
    [
      words.encoder,
      model.backend &&
        [nameOf(model.backend), dtype, model.backend === 'webgpu' && adapter].filter(Boolean).join(', '),
    ],
    [words.scorer, scorer && nameOf(scorer)],
    [
      words.selfTest,
      selfTest && words.selfTestResult(selfTest.passed, selfTest.verified, selfTest.minCosine),
    ],
    [words.passages, words.passagesOf(info.passages, info.documents)],
    [words.vectors, info.vectors > 0 ? words.vectorsOf(info.vectors, model.dim, info.codec) : undefined],
    [words.index, info.passages > 0 ? words.indexOf(info.indexBytes, info.passages) : undefined],
    [words.storage, words.storageOf[info.storage]],
  ]
  return facts.filter((fact): fact is [string, string] => fact[1] !== undefined)
}

function timesOf(timings: Timings | undefined): HTMLElement[] {
  if (!timings) return [el('p', { class: 'note' }, words.noQuery)]
  const stages = (['lexicalMs', 'encodeMs', 'scoreMs'] as const).flatMap((stage) => {
    const ms = timings[stage]
    return ms === undefined ? [] : [{ stage, ms }]
  })
  const longest = Math.max(...stages.map(({ ms }) => ms), 0.1)
  const rows = stages.map(({ stage, ms }) => {
    const bar = el('span', { class: `time-bar time-${stage}`, 'aria-hidden': 'true' })
    bar.style.setProperty('--part', String(ms / longest))
    return el(
      'div',
      { class: 'time' },
      el('dt', {}, words.stages[stage]),
      el('dd', {}, el('span', { class: 'time-track' }, bar), el('span', { class: 'number' }, formatMs(ms))),
    )
  })
  return [el('dl', {}, ...rows), el('p', { class: 'time-total' }, words.total(timings.totalMs))]
}
