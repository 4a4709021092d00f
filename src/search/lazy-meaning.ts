/** Stands for the semantic half until its code is needed. */
import { asLateenError, LateenError } from '../errors.ts'
import type { OnProgress } from '../types.ts'
import { abortable } from '../util/abort.ts'
import { loadCode } from '../util/load-code.ts'
import { once } from '../util/once.ts'
import type { OpenBackend } from './backend.ts'
import type { Meaning } from './meaning.ts'
import type { SemanticLeg } from './semantic.ts'
import type { IndexState } from './state.ts'

export type SemanticStatus = Pick<SemanticLeg, 'state' | 'backend' | 'error' | 'fallbacks' | 'residentBytes'>

export interface LazyMeaning {
  status(): SemanticStatus
  /** The semantic half, its code loaded; model and vectors follow when they are asked for. */
  load(signal?: AbortSignal): Promise<Meaning>
  /** Frees segments that the index no longer has. */
  retain(index: IndexState): void
  dispose(): Promise<void>
}

export function lazyMeaning(openBackend: OpenBackend, onProgress: OnProgress): LazyMeaning {
  let meaning: Meaning | undefined
  let error: LateenError | undefined
  let state: SemanticStatus['state'] = 'unloaded'
  let disposed = false

  const load = once(async () => {
    state = 'loading'
    error = undefined
    try {
      const { openMeaning } = await loadCode(() => import('./meaning.ts'))
      if (disposed) throw new LateenError('closed', 'The search was closed while its code was loading.')
      meaning = openMeaning(openBackend, onProgress)
      return meaning
    } catch (cause) {
      state = 'failed'
      error = asLateenError(cause)
      throw error
    }
  })

  return {
    status: () => meaning?.leg ?? { state, backend: undefined, error, fallbacks: [], residentBytes: 0 },
    load: (signal) => abortable(load(), signal),
    retain: (index) => meaning?.retain(index),
    async dispose() {
      disposed = true
      await meaning?.dispose()
    },
  }
}
