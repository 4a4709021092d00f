/** Keeps the files of a model in the Cache API, so that a second visit needs no network. */
import { isLateenError } from '../errors.ts'
import type { Fallback } from '../types.ts'
import { checkFile, type FileFacts, type ModelSource, type ReadOptions } from './source.ts'

/** One cache for everything that turns words into meaning. Fails where there is none, as outside of secure contexts. */
export async function modelCache(): Promise<Cache> {
  return caches.open(CACHE_NAME)
}

const CACHE_NAME = 'lateen-models'
const HASH_PARAMETER = 'lateen-sha256'

/**
 * Files with a known hash are answered from the cache first; others are asked for anew and taken from
 * the cache when the network fails. Without a usable Cache API the source is left as it is.
 *
 * @param source     its `location` is a URL
 * @param onFallback told once why files are not kept
 */
export async function cachedSource(
  source: ModelSource,
  onFallback: (fallback: Fallback) => void,
): Promise<ModelSource> {
  let cache: Cache
  try {
    cache = await modelCache()
  } catch (error) {
    onFallback(notKept('storage-unavailable', error))
    return source
  }
  let keeping = true

  async function keep(path: string, bytes: Uint8Array, expected: FileFacts | undefined) {
    if (!keeping) return
    const key = keyOf(source, path, expected)
    try {
      await cache.put(key, new Response(new Uint8Array(bytes)))
      await dropOtherVersions(cache, key)
    } catch (error) {
      keeping = false
      onFallback(notKept('storage-full', error))
    }
  }

  async function fromCache(path: string, expected: FileFacts | undefined): Promise<Uint8Array | undefined> {
    const key = keyOf(source, path, expected)
    const response = await cache.match(key)
    if (!response) return undefined
    const bytes = new Uint8Array(await response.arrayBuffer())
    try {
      checkFile(source.location, path, bytes, expected)
      return bytes
    } catch {
      // What was kept is damaged: forget it, the network has the file.
      await cache.delete(key)
      return undefined
    }
  }

  async function fromNetwork(path: string, options: ReadOptions): Promise<Uint8Array> {
    const bytes = await source.read(path, options)
    await keep(path, bytes, options.expected)
    return bytes
  }

  return {
    ...source,
    async read(path, options = {}) {
      if (options.expected) {
        const kept = await fromCache(path, options.expected)
        if (!kept) return fromNetwork(path, options)
        return kept
      }
      try {
        return await fromNetwork(path, options)
      } catch (error) {
        const kept = isLateenError(error, 'network') ? await fromCache(path, undefined) : undefined
        if (!kept) throw error
        return kept
      }
    },
  }
}

function keyOf(source: ModelSource, path: string, expected: FileFacts | undefined): string {
  const url = new URL(path, new URL(source.location, globalThis.location.href))
  if (expected) url.searchParams.set(HASH_PARAMETER, expected.sha256)
  return url.href
}

/** Deletes what was kept of the same path under other search parameters. */
export async function dropOtherVersions(cache: Cache, key: string): Promise<void> {
  const kept = new URL(key)
  for (const request of await cache.keys()) {
    const { href, origin, pathname } = new URL(request.url)
    if (origin === kept.origin && pathname === kept.pathname && href !== kept.href)
      await cache.delete(request)
  }
}

export function notKept(code: Fallback['code'], error: unknown): Fallback {
  const reason = error instanceof Error ? error.message : String(error)
  return { from: 'cache', code, message: `The model is not kept for the next visit: ${reason}` }
}
