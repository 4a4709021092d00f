/** A model on a Hub, kept in the Cache API by commit. Few sites have one, so that it is loaded for those alone. */
import { isLateenError } from '../errors.ts'
import type { Fallback } from '../types.ts'
import { formatHubAddress, type HubAddress, hubUrl, isCommit } from './address.ts'
import { cachedSource, keptHash, notKept } from './cache.web.ts'
import { hashOf, type KeepingSource } from './source.ts'
import { type HubListing, hubApi, hubSource, readHubListing } from './source-hub.ts'

export interface WebSourceOptions {
  /** Base URL of the Hub. @default https://huggingface.co */
  readonly hub?: string | undefined
  /** Told why files are not kept, or why kept ones are used. */
  readonly onFallback: (fallback: Fallback) => void
  readonly signal?: AbortSignal | undefined
}

/**
 * @param cache undefined where there is none: nothing is kept then
 * @throws LateenError `model-missing-file`, `model-gated`, `network`, `aborted`
 */
export async function webHubSource(
  address: HubAddress,
  cache: Cache | undefined,
  options: WebSourceOptions,
): Promise<KeepingSource> {
  if (cache) return keptHubSource(address, cache, options)
  return { ...hubSource(await readHubListing(address, options), options), complete: async () => {} }
}

/**
 * One revision of a model is kept: the last one that was loaded to its end. Its listing is the mark of that, so
 * that half a model never counts, and what only the revision before it had goes only then. Files are kept by
 * their hash: those that a new revision has left alone need not come again.
 */
async function keptHubSource(
  address: HubAddress,
  cache: Cache,
  { hub, onFallback, signal }: WebSourceOptions,
): Promise<KeepingSource> {
  const listings = hubApi(hub, address.id)
  const key = listings + encodeURIComponent(address.revision)
  const listing = await currentListing()
  const source = hubSource(listing, { hub })
  const factsOf = (path: string) => listing.files[path] ?? undefined
  const base = `${hubUrl(hub)}/${address.id}/resolve/`
  return { ...cachedSource(source, cache, { base, factsOf, replaces: false, onFallback }), complete }

  async function currentListing(): Promise<HubListing> {
    const kept = (await (await cache.match(key))?.json()) as HubListing | undefined
    if (kept && isCommit(address.revision)) return kept
    try {
      return await readHubListing(address, { hub, signal })
    } catch (error) {
      if (!kept || !isLateenError(error, 'network')) throw error
      onFallback({
        from: 'hub',
        code: error.code,
        message: `${formatHubAddress(address)} is used as it was at the last visit, at commit ${kept.commit.slice(0, 12)}: ${error.message}`,
      })
      return kept
    }
  }

  async function complete(): Promise<void> {
    try {
      await cache.put(key, Response.json(listing))
    } catch (error) {
      onFallback(notKept('storage-full', error))
      return
    }
    for (const { url } of await cache.keys()) {
      const isOtherListing = url.startsWith(listings) && url !== key
      const isFile = url.startsWith(base)
      if (isOtherListing || (isFile && !isCurrent(url))) await cache.delete(url)
    }
  }

  function isCurrent(url: string): boolean {
    const path = decodeURIComponent(new URL(url).pathname.slice(new URL(base).pathname.length))
    return keptHash(url) === hashOf(factsOf(path))
  }
}
