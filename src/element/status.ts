/** One honest line at the foot of the box: what answers now, what is loading, what failed. */
import type { Progress } from '../types.ts'
import { el } from './dom.ts'
import { icon } from './icons.ts'
import type { BoxState } from './state.ts'
import type { Words } from './strings.ts'

export type StatusAction = 'load' | 'keywords' | 'retry' | 'reopen' | 'keep'

interface Line {
  readonly tone: 'quiet' | 'busy' | 'good' | 'warn'
  readonly text: string
  readonly progress?: Progress | undefined
  readonly actions?: readonly (readonly [StatusAction, string])[]
}

/** @param canKeep the page offers to keep everything for offline use */
export function statusLine(state: BoxState, words: Words, canKeep: boolean): Line {
  const { strings, fill } = words
  const { opening, meaning, online, keeping } = state
  const texts = strings.state
  if (opening.kind === 'failed') {
    const text =
      opening.code === 'index-not-found' ? texts.missing : fill(texts.broken, { reason: opening.message })
    return { tone: 'warn', text, actions: [['reopen', texts.retry]] }
  }
  if (opening.kind === 'opening') return { tone: 'busy', text: texts.opening }
  if (keeping.kind === 'running') {
    return busy(texts.keeping, texts.keepingBytes, texts.keeping, keeping.progress, words)
  }
  if (keeping.kind === 'failed') {
    return {
      tone: 'warn',
      text: fill(texts.keepFailed, { reason: keeping.message }),
      actions: [['keep', texts.retry]],
    }
  }
  const line = meaningLine(state, words)
  if (keeping.kind === 'done') {
    return { ...line, text: `${line.text} · ${fill(texts.kept, { size: words.bytes(keeping.bytes) })}` }
  }
  const keep = canKeep && online && opening.kind === 'open' && meaning.kind !== 'loading'
  return keep ? { ...line, actions: [...(line.actions ?? []), ['keep', texts.keep]] } : line
}

function meaningLine({ meaning, online }: BoxState, words: Words): Line {
  const { strings, fill } = words
  const texts = strings.state
  switch (meaning.kind) {
    case 'off':
    case 'waiting':
      return { tone: 'quiet', text: online ? texts.keywords : texts.offline }
    case 'held': {
      const label = meaning.bytes ? fill(texts.loadSize, { size: words.bytes(meaning.bytes) }) : texts.load
      return online
        ? { tone: 'quiet', text: texts.keywords, actions: [['load', label]] }
        : { tone: 'quiet', text: texts.offline }
    }
    case 'loading': {
      const line = busy(texts.loading, texts.loadingBytes, texts.starting, meaning.progress, words)
      return { ...line, actions: [['keywords', texts.keywordsOnly]] }
    }
    case 'ready':
      return { tone: 'good', text: online ? texts.ready : texts.readyOffline }
    case 'failed':
      return online
        ? {
            tone: 'warn',
            text: fill(texts.failed, { reason: meaning.message }),
            actions: [['retry', texts.retry]],
          }
        : { tone: 'quiet', text: texts.offline }
  }
}

function busy(
  text: string,
  withBytes: string,
  /** When all bytes are there: what is left is compiling, and that has no measure. */
  starting: string,
  progress: Progress | undefined,
  words: Words,
): Line {
  if (!progress || progress.total === undefined || progress.unit !== 'bytes') return { tone: 'busy', text }
  if (progress.done >= progress.total) return { tone: 'busy', text: starting }
  const values = { done: words.bytes(progress.done), total: words.bytes(progress.total) }
  return { tone: 'busy', text: words.fill(withBytes, values), progress }
}

export interface StatusView {
  show(state: BoxState): void
}

export function createStatusView(
  place: HTMLElement,
  words: Words,
  canKeep: boolean,
  onAction: (action: StatusAction) => void,
): StatusView {
  const text = el('p', { class: 'status-text', id: 'status-text' })
  const bar = el('progress', { class: 'status-bar', 'aria-labelledby': 'status-text', hidden: true })
  const actions = el('span', { class: 'status-actions' })
  let shown = ''
  place.replaceChildren(text, bar, actions)
  return {
    show(state) {
      const line = statusLine(state, words, canKeep)
      place.dataset['tone'] = line.tone
      if (text.textContent !== line.text) text.replaceChildren(el('span', {}, line.text))
      bar.hidden = line.tone !== 'busy'
      if (line.progress?.total) {
        bar.max = line.progress.total
        bar.value = line.progress.done
      } else bar.removeAttribute('value')
      // Progress comes often: a button that is replaced under a click would not be clicked.
      const key = JSON.stringify(line.actions ?? [])
      if (key === shown) return
      shown = key
      actions.replaceChildren(
        ...(line.actions ?? []).map(([action, label]) => {
          const button = el(
            'button',
            { type: 'button', class: 'quiet', part: 'status-action', 'data-action': action },
            action === 'keep' && icon('keep'),
            el('span', {}, label),
          )
          button.addEventListener('click', () => onAction(action))
          return button
        }),
      )
    },
  }
}
