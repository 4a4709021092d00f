/** Keeps the files of a model in the Cache API, so that a second visit needs no network. */
import { isLateenError } from '../errors.ts'
import type { Fallback } from '../types.ts'
import { checkFile, type FileFacts, hashOf, type ModelSource, type ReadOptions } from './source.ts'

/** One cache for everything that turns words into meaning. Fails where there is none, as outside of secure contexts. */
export async function modelCache(): Promise<Cache> {
  return caches.open(CACHE_NAME)
}

const CACHE_NAME = 'lateen-models'
const HASH_PARAMETER = 'lateen-sha256'
const RANGE_PARAMETER = 'lateen-range'

export interface CachedSourceOptions {
  /** URL under which files are kept. @default where they come from */
  readonly base?: string
  /** What is known of a file whose reader states nothing. */
  factsOf?(path: string): FileFacts | undefined
  /** Whether a file that is kept takes the place of its other versions at once. @default true */
  readonly replaces?: boolean
  /** Told once why files are not kept. */
  readonly onFallback: (fallback: Fallback) => void
}

/**
 * Files with a known hash are answered from the cache first; others are asked for anew and taken from
 * the cache when the network fails.
 *
 * @param source its `location` is a URL
 */
export function cachedSource(
  source: ModelSource,
  cache: Cache,
  { base = source.location, factsOf, replaces = true, onFallback }: CachedSourceOptions,
): ModelSource {
  let keeping = true

  async function keep(key: string, bytes: Uint8Array) {
    if (!keeping) return
    try {
      await cache.put(key, new Response(bytes as Uint8Array<ArrayBuffer>))
      if (replaces) await dropOtherVersions(cache, key)
    } catch (error) {
      keeping = false
      onFallback(notKept('storage-full', error))
    }
  }

  async function fromCache(
    key: string,
    check: (bytes: Uint8Array) => Promise<void>,
  ): Promise<Uint8Array | undefined> {
    const response = await cache.match(key)
    if (!response) return undefined
    const bytes = new Uint8Array(await response.arrayBuffer())
    try {
      await check(bytes)
      return bytes
    } catch {
      // What was kept is damaged: forget it, the network has the file.
      await cache.delete(key)
      return undefined
    }
  }

  async function cachedOr(
    key: string,
    expected: FileFacts | undefined,
    check: (bytes: Uint8Array) => Promise<void>,
    fromNetwork: () => Promise<Uint8Array>,
  ): Promise<Uint8Array> {
    const kept = expected && (await fromCache(key, check))
    if (kept) return kept
    try {
      const bytes = await fromNetwork()
      await keep(key, bytes)
      return bytes
    } catch (error) {
      const older = !expected && isLateenError(error, 'network') && (await fromCache(key, check))
      if (!older) throw error
      return older
    }
  }

  return {
    ...source,
    read(path, options = {}) {
      const expected = options.expected ?? factsOf?.(path)
      return cachedOr(
        cacheKey(base, path, expected),
        expected,
        (bytes) => checkFile(source.location, path, bytes, expected),
        () => source.read(path, withFacts(options, expected)),
      )
    },
    ...(source.readRange
      ? {
          readRange(path, from, to, options = {}) {
            const expected = options.expected ?? factsOf?.(path)
            return cachedOr(
              cacheKey(base, path, expected, `${from}-${to}`),
              expected,
              async () => {},
              () => source.readRange!(path, from, to, withFacts(options, expected)),
            )
          },
        }
      : {}),
  }
}

const withFacts = (options: ReadOptions, expected: FileFacts | undefined): ReadOptions =>
  expected ? { ...options, expected } : options

function cacheKey(base: string, path: string, expected: FileFacts | undefined, range?: string): string {
  const url = new URL(path, new URL(base, globalThis.location.href))
  const hash = hashOf(expected)
  if (hash) url.searchParams.set(HASH_PARAMETER, hash)
  if (range) url.searchParams.set(RANGE_PARAMETER, range)
  return url.href
}

/** The hash under which something is kept; undefined when it is kept without one. */
export function keptHash(key: string): string | undefined {
  return new URL(key).searchParams.get(HASH_PARAMETER) ?? undefined
}

/** Deletes what was kept of the same path, or the same part of it, under other search parameters. */
export async function dropOtherVersions(cache: Cache, key: string): Promise<void> {
  const kept = new URL(key)
  const range = kept.searchParams.get(RANGE_PARAMETER)
  for (const request of await cache.keys()) {
    const { href, origin, pathname, searchParams } = new URL(request.url)
    const isSame = origin === kept.origin && pathname === kept.pathname
    if (isSame && searchParams.get(RANGE_PARAMETER) === range && href !== kept.href)
      await cache.delete(request)
  }
}

export function notKept(code: Fallback['code'], error: unknown): Fallback {
  const reason = error instanceof Error ? error.message : String(error)
  return { from: 'cache', code, message: `The model is not kept for the next visit: ${reason}` }
}
