/** The engine as a browser can run it, in a worker or in the page: what is stored where, and what computes. */
import { asLateenError, isLateenError, LateenError } from '../errors.ts'
import { createEngine, type Engine } from '../search/engine.ts'
import { httpStore } from '../store/http.ts'
import { indexedDbStore } from '../store/indexeddb.web.ts'
import { memoryStore } from '../store/memory.ts'
import { overlayStore } from '../store/overlay.ts'
import type { IndexStore, WritableStore } from '../store/store.ts'
import type { Fallback } from '../types.ts'
import { loadCode } from '../util/load-code.ts'
import type { HostOptions } from './protocol.ts'
import type { EngineEvents, OpenEngine } from './serve.ts'

/** An index this small is brought here as a whole, unasked, once it is in use. */
const PREFETCH_BYTES = 8_000_000

/** True where the reader has asked for fewer downloads. */
function savesData(): boolean {
  const { connection } = navigator as { connection?: { saveData?: boolean } }
  return connection?.saveData ?? false
}

/**
 * @throws LateenError `index-not-found` when there is no index at the given address, and what reading it
 *         throws; storage that cannot be used is a fallback, not an error
 */
export const openEngine: OpenEngine = async (options, events) => {
  const { signal, onProgress, onChange } = events
  const missed: Fallback[] = []
  let opening: Promise<Engine> | undefined

  /** What another tab commits is read at once, so that queries here see it. */
  async function follow(revision: number): Promise<void> {
    try {
      await (await opening)?.refresh()
      onChange?.(revision)
    } catch (error) {
      const { code, message } = asLateenError(error)
      if (code !== 'closed') missed.push({ from: 'change in another tab', code, message })
    }
  }

  const storage = await openStorage(options, { ...events, onChange: follow })
  opening = createEngine({
    store: storage.store,
    // What runs the model is most of the code, and a reader who is content with keywords never fetches it.
    openBackend: async (...args) => {
      const { openWebBackend } = await loadCode(() => import('./backend.web.ts'))
      return openWebBackend(options, ...args)
    },
    prefetchBytes: savesData() ? 0 : PREFETCH_BYTES,
    ...(onProgress ? { onProgress } : {}),
    ...(signal ? { signal } : {}),
  })
  const engine = await opening.catch(async (error: unknown) => {
    await storage.store.close()
    throw error
  })
  return {
    ...engine,
    info() {
      const info = engine.info()
      return { ...info, fallbacks: [...storage.fallbacks(), ...missed, ...info.fallbacks] }
    },
  }
}

interface Storage {
  readonly store: IndexStore
  /** Why it is not all that it could be. */
  fallbacks(): Fallback[]
}

async function openStorage(options: HostOptions, events: EngineEvents): Promise<Storage> {
  const { store: local, error } = await openLocal(options, events)
  const unavailable = asFallback('indexeddb', error)
  if (!options.index) return { store: local, fallbacks: () => unavailable }

  const { onProgress } = events
  const base = httpStore(options.index, {
    onDownload: (stage, done, total) => onProgress?.({ job: 'index', stage, done, total, unit: 'bytes' }),
  })
  const store = overlayStore(base, local)
  const { index } = options
  return {
    store: { ...store, readManifest: async (signal) => (await store.readManifest(signal)) ?? missing(index) },
    fallbacks() {
      const { baseError, mismatch, storageError } = store.state()
      return [
        ...unavailable,
        ...asFallback('http', baseError),
        ...asFallback('local changes', mismatch),
        ...asFallback(local.kind, storageError),
      ]
    },
  }
}

function asFallback(from: string, error: LateenError | undefined): Fallback[] {
  return error ? [{ from, code: error.code, message: error.message }] : []
}

function missing(index: string): never {
  throw new LateenError(
    'index-not-found',
    `Expected an index at ${index}, found no manifest.json there. Check the address, and that the index was deployed.`,
  )
}

/** The local store, in memory where the browser keeps nothing, e.g. in a private window. */
async function openLocal(
  { name, persist }: HostOptions,
  { signal, onChange }: EngineEvents,
): Promise<{ store: WritableStore; error?: LateenError }> {
  if (!persist) return { store: memoryStore() }
  const store = indexedDbStore(name, onChange ? { onChange } : {})
  try {
    await store.readManifest(signal)
    return { store }
  } catch (error) {
    await store.close()
    if (!isLateenError(error, 'storage-unavailable')) throw error
    return { store: memoryStore(), error }
  }
}
