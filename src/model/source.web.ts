/** Where a browser reads a model from: a base URL or a Hub, kept in the Cache API. */
import { loadCode } from '../util/load-code.ts'
import { parseModelAddress } from './address.ts'
import { cachedSource, modelCache, notKept } from './cache.web.ts'
import type { KeepingSource } from './source.ts'
import { httpSource } from './source-http.ts'
import type { WebSourceOptions } from './source-hub.web.ts'

/**
 * @param model `hub:owner/name[@revision]`, or a base URL, absolute or relative to the page
 * @throws LateenError `bad-argument`; for a Hub also `model-missing-file`, `model-gated`, `network`, `aborted`
 */
export async function webModelSource(model: string, options: WebSourceOptions): Promise<KeepingSource> {
  const { onFallback } = options
  const address = parseModelAddress(model)
  const cache = await modelCache().catch(
    (error: unknown) => void onFallback(notKept('storage-unavailable', error)),
  )
  if (address.kind === 'hub') {
    const { webHubSource } = await loadCode(() => import('./source-hub.web.ts'))
    return webHubSource(address, cache, options)
  }
  const source = httpSource(new URL(model, globalThis.location.href).href)
  return { ...(cache ? cachedSource(source, cache, { onFallback }) : source), complete: async () => {} }
}
