/** How the passages of a site are coded: from the cache where they can, else on threads, else in this one. */
import { resolve } from 'node:path'
import type { BuildModel } from '../build/build-model.node.ts'
import { type CachedCoder, cachedCoder, type PassageStore } from '../build/cached-coder.ts'
import { type Coder, passageCoder } from '../build/coder.ts'
import { type EmbeddingCache, openEmbeddingCache } from '../build/embedding-cache.node.ts'
import {
  defaultThreads,
  type WorkerCoder,
  type WorkerSetup,
  workerCoder,
} from '../build/worker-coder.node.ts'
import type { WriteIndexOptions } from '../build/write-index.ts'
import { isLateenError, LateenError } from '../errors.ts'
import { PASSAGE_POLICY } from '../text/passages.ts'
import { once } from '../util/once.ts'

export interface SiteCoderOptions {
  readonly model: BuildModel
  /** Folder of the index that is written. */
  readonly out: string
  readonly cache: string | false
  readonly threads?: number
  readonly onWarning: (message: string) => void
}

export interface SiteCoder {
  readonly open: NonNullable<WriteIndexOptions['openCoder']>
  readonly counts: CachedCoder['counts']
  /** Threads that were started. */
  readonly threads: number
  close(isComplete: boolean): Promise<void>
}

const NOTHING: PassageStore = { get: () => undefined, put: () => {} }

/** @throws LateenError `bad-argument` when `threads` is no whole number from 0 */
export function siteCoder(options: SiteCoderOptions): SiteCoder {
  const { model, out, cache, threads = defaultThreads(), onWarning } = options
  if (!Number.isInteger(threads) || threads < 0) {
    throw new LateenError('bad-argument', `Expected threads as a whole number from 0, found ${threads}.`)
  }
  let coder: CachedCoder | undefined
  let store: EmbeddingCache | undefined
  let workers: WorkerCoder | undefined

  /** Nothing is started for a build that finds everything in the cache. */
  const startCoding = (setup: WorkerSetup) =>
    once(async (): Promise<Coder> => {
      const here = passageCoder(model.encoder, setup.codec, setup.pooling)
      if (threads === 0) return here
      try {
        workers = await workerCoder(setup, threads)
        return workers.code
      } catch (error) {
        if (!isLateenError(error, 'worker-failed')) throw error
        onWarning(`Passages are encoded on one thread. ${error.message}`)
        return here
      }
    })

  return {
    open(codec, pooling) {
      const coding = startCoding({
        model: model.folder,
        dtype: model.dtype,
        dim: model.encoder.spec.dim,
        codec,
        pooling,
      })
      store =
        cache === false
          ? undefined
          : openEmbeddingCache({
              folder: cache,
              build: resolve(out),
              model: model.encoder.spec,
              codec,
              pooling,
              policy: PASSAGE_POLICY,
              onWarning,
            })
      coder = cachedCoder(async (texts, events) => (await coding())(texts, events), store ?? NOTHING)
      return coder.code
    },
    get counts() {
      return coder?.counts ?? { encoded: 0, reused: 0 }
    },
    get threads() {
      return workers ? threads : 0
    },
    async close(isComplete) {
      store?.close(isComplete)
      await workers?.close()
    },
  }
}
