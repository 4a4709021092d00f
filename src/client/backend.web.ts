/** What runs the model in a browser. Loaded by the first query that needs meaning. */
import { loadWebEncoder } from '../encode/load.web.ts'
import { chooseScorer } from '../score/choose.web.ts'
import type { Backend } from '../search/backend.ts'
import { readModelFiles } from '../search/model-files.ts'
import type { OnProgress } from '../types.ts'
import type { HostOptions } from './protocol.ts'

/** After the first loss of the GPU it is tried once more, on a new device; after the second it is left alone. */
export async function openWebBackend(
  { model, hub, dim, prefer: wanted, dtype, weights }: HostOptions,
  gpuLosses: number,
  onProgress?: OnProgress,
  indexDim?: number,
): Promise<Backend> {
  const prefer = gpuLosses < 2 ? wanted : 'wasm'
  const loaded = await loadWebEncoder({ model, hub, dim, indexDim, prefer, dtype, weights, onProgress })
  const { encoder, fallbacks, readFile, device, adapter } = loaded
  try {
    const files = await readModelFiles(readFile, encoder.spec)
    const chosen = await chooseScorer({ prefer, ...(device ? { device } : {}) })
    return {
      encoder,
      scorer: chosen.scorer,
      ...files,
      ...(adapter ? { adapter } : {}),
      fallbacks: [...fallbacks, ...chosen.fallbacks],
      async dispose() {
        chosen.scorer.dispose()
        await encoder.dispose()
      },
    }
  } catch (error) {
    await encoder.dispose()
    throw error
  }
}
