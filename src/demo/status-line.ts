/** One honest line under the search field: what answers now, what is loading, what failed. */
import { el } from '../element/dom.ts'
import type { Store } from '../element/store.ts'
import { byId } from './page.ts'
import type { AppState } from './state.ts'
import { formatProgress, strings } from './strings.ts'

interface Line {
  readonly tone: 'quiet' | 'busy' | 'good' | 'warn'
  readonly text: string
  readonly progress?: { readonly done: number; readonly total?: number }
  readonly action?: { readonly label: string }
}

export function createStatusLine(store: Store<AppState>, onLoad: () => void): void {
  const line = byId('status', HTMLElement)
  const text = byId('status-text', HTMLElement)
  const bar = byId('status-progress', HTMLProgressElement)
  const button = byId('status-action', HTMLButtonElement)
  button.addEventListener('click', onLoad)

  store.subscribe((state, before) => {
    if (
      state.opening === before.opening &&
      state.meaning === before.meaning &&
      state.online === before.online &&
      state.info === before.info
    ) {
      return
    }
    const { tone, text: words, progress, action } = lineOf(state)
    line.dataset['tone'] = tone
    text.replaceChildren(el('span', {}, words))
    bar.hidden = tone !== 'busy'
    if (progress?.total) {
      bar.max = progress.total
      bar.value = progress.done
    } else bar.removeAttribute('value')
    button.hidden = !action
    if (action) button.textContent = action.label
  })
}

export function lineOf({ opening, meaning, online, info, corpus }: AppState): Line {
  if (opening.kind === 'failed') {
    const rest = corpus === 'docs' ? ` ${strings.opening.files}` : ''
    return { tone: 'warn', text: strings.opening.failed(opening.message) + rest }
  }
  if (opening.kind === 'opening') return busy(strings.opening.index, opening.progress)
  switch (meaning.kind) {
    case 'waiting':
      return online
        ? { tone: 'quiet', text: strings.meaning.waiting }
        : { tone: 'quiet', text: strings.meaning.offline }
    case 'held':
      return { tone: 'quiet', text: strings.meaning.held, action: { label: strings.meaning.load } }
    case 'loading':
      // All bytes are there: what is left is compiling, and that has no measure.
      return meaning.progress && meaning.progress.done === meaning.progress.total
        ? { tone: 'busy', text: strings.meaning.starting }
        : busy(strings.meaning.loading, meaning.progress)
    case 'failed':
      return {
        tone: 'warn',
        text: online ? strings.meaning.failed(meaning.message) : strings.meaning.offline,
        action: { label: strings.meaning.retry },
      }
    case 'ready': {
      const backend = info?.model.backend
      const where = backend ? ` · ${strings.backend[backend] ?? backend}` : ''
      return { tone: 'good', text: online ? strings.meaning.ready + where : strings.meaning.readyOffline }
    }
  }
}

function busy(label: string, progress: Parameters<typeof formatProgress>[0] | undefined): Line {
  if (!progress) return { tone: 'busy', text: `${label}…` }
  return { tone: 'busy', text: `${label}: ${formatProgress(progress)}`, progress }
}
