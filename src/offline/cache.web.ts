/** A named cache that answers requests by a strategy and never grows without bound. */
import type { Strategy } from './routes.ts'

export interface BoundedCache {
  answer(request: Request, strategy: Strategy): Promise<Response>
  /** Fetches what is not there yet. One that fails does not keep the others away. */
  keep(urls: readonly string[]): Promise<void>
}

/** @param maxEntries the oldest go first */
export function boundedCache(name: string, maxEntries: number): BoundedCache {
  const kept = async (request: Request) =>
    // A host may answer with `Vary`, which has no meaning for files.
    (await caches.open(name)).match(request, { ignoreVary: true })

  async function fromNetwork(request: Request): Promise<Response> {
    const response = await fetch(request)
    if (response.status === 200 && response.type === 'basic') await store(request, response.clone())
    return response
  }

  async function store(request: Request, response: Response): Promise<void> {
    const cache = await caches.open(name)
    try {
      await cache.put(request, response)
      const keys = await cache.keys()
      await Promise.all(keys.slice(0, Math.max(0, keys.length - maxEntries)).map((key) => cache.delete(key)))
    } catch (error) {
      // A full disk must not keep the page from its file.
      console.warn(`Lateen: not kept for offline use: ${request.url}`, error)
    }
  }

  return {
    async answer(request, strategy) {
      if (strategy === 'kept-first') return (await kept(request)) ?? fromNetwork(request)
      try {
        return await fromNetwork(request)
      } catch (error) {
        const response = await kept(request)
        if (response) return response
        throw error
      }
    },
    async keep(urls) {
      const wanted = urls.map((url) => new Request(url))
      const results = await Promise.allSettled(
        wanted.map(async (request) => (await kept(request)) ?? fromNetwork(request)),
      )
      for (const [i, result] of results.entries()) {
        if (result.status === 'rejected') {
          console.warn(`Lateen: not kept for offline use: ${urls[i]}`, result.reason)
        }
      }
    },
  }
}
