/** One engine per index and page, however many boxes search it; closed when the last one is gone for good. */
import type { OnProgress } from '../types.ts'
import type { BoxSearch, OpenSearch } from './search-port.ts'

/** A box that is moved in the document leaves and comes back within a moment. */
const CLOSE_AFTER_MS = 1_000

export interface Lease {
  readonly search: Promise<BoxSearch>
  /** May be called more than once. */
  release(): void
}

export interface EngineOptions {
  /** URL of the index folder. */
  readonly index: string
  readonly model?: string
}

interface Engine {
  readonly search: Promise<BoxSearch>
  readonly listeners: Set<OnProgress>
  closing?: ReturnType<typeof setTimeout>
}

const engines = new Map<OpenSearch, Map<string, Engine>>()

/** The engine of an index, opened when it is not; one that fails to open is forgotten, so that the next try is new. */
export function leaseEngine(open: OpenSearch, options: EngineOptions, onProgress: OnProgress): Lease {
  const key = JSON.stringify([options.index, options.model])
  const ofOpener = engines.get(open) ?? new Map<string, Engine>()
  engines.set(open, ofOpener)
  const engine = ofOpener.get(key) ?? start(open, options)
  ofOpener.set(key, engine)
  clearTimeout(engine.closing)
  const listener: OnProgress = (progress) => onProgress(progress)
  engine.listeners.add(listener)

  const forget = () => {
    if (ofOpener.get(key) === engine) ofOpener.delete(key)
  }
  engine.search.catch(forget)
  return {
    search: engine.search,
    release() {
      if (!engine.listeners.delete(listener) || engine.listeners.size > 0) return
      engine.closing = setTimeout(() => {
        forget()
        // One that never opened has nothing to close, and has said so to everyone who asked.
        engine.search.then((search) => search.close()).catch(() => undefined)
      }, CLOSE_AFTER_MS)
    },
  }
}

function start(open: OpenSearch, options: EngineOptions): Engine {
  const listeners = new Set<OnProgress>()
  const onProgress: OnProgress = (progress) => {
    for (const listener of listeners) listener(progress)
  }
  return { listeners, search: Promise.resolve().then(() => open({ ...options, onProgress })) }
}
