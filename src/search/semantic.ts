/**
 * The semantic leg: opens the backend once, makes segments resident once, and answers a query with
 * the best passages by MaxSim. A lost GPU is survived: once on a new device, then without it.
 */
import { decodeVectors } from '../compress/decode.ts'
import type { EncodedText, GpuTokenMatrix } from '../encode/encoder.ts'
import { isLateenError, LateenError } from '../errors.ts'
import { maxSim } from '../score/max-sim.ts'
import type { LoadedSegment, Scorer } from '../score/scorer.ts'
import { readVectors } from '../segment/read-vectors.ts'
import type { Fallback, OnProgress, TokenMatrix } from '../types.ts'
import { abortable, throwIfAborted } from '../util/abort.ts'
import { once } from '../util/once.ts'
import type { Backend, OpenBackend } from './backend.ts'
import type { IndexState, OpenSegment } from './state.ts'
import { type Ranked, topK } from './topk.ts'

/** How many queries keep their vectors for a later explanation. */
const REMEMBERED_QUERIES = 8
/** Twice a page of hits: what rounding moved out of the first ten stands just behind them. */
const EXACTLY_SCORED = 20

export interface SemanticAnswer {
  /** Best passages by MaxSim, best first, ties by lower id; ids are global. */
  readonly ranked: readonly Ranked[]
  readonly query: EncodedText
  readonly backend: Backend
  /** Shared by everything that looks at passages of this answer, so that each is decoded once. */
  readonly vectorsOf: VectorsOf
  readonly encodeMs: number
  readonly scoreMs: number
}

/** The stored vectors of a passage by global number, decoded: rows × dim. */
export type VectorsOf = (passage: number) => Promise<TokenMatrix>

export interface SemanticLeg {
  readonly state: 'unloaded' | 'loading' | 'ready' | 'failed'
  readonly backend: Backend | undefined
  readonly error: LateenError | undefined
  readonly fallbacks: readonly Fallback[]
  /** Vector bytes made resident so far. */
  readonly residentBytes: number
  open(signal?: AbortSignal): Promise<Backend>
  /** Does something with the backend that needs no index, and again on another one when the GPU is lost. */
  run<T>(work: (active: Backend) => Promise<T>, signal?: AbortSignal): Promise<T>
  /** Opens the backend and makes every segment of the index resident. */
  prepare(index: IndexState, signal?: AbortSignal): Promise<Backend>
  rank(
    text: string,
    index: IndexState,
    passagesOf: (segment: OpenSegment) => Uint32Array,
    depth: number,
    signal?: AbortSignal,
  ): Promise<SemanticAnswer>
  /** The vectors of a query, remembered or computed. */
  encodeQuery(text: string, signal?: AbortSignal): Promise<EncodedText>
  /** Frees segments that the index no longer has. */
  retain(index: IndexState): void
  dispose(): Promise<void>
}

export function semanticLeg(openBackend: OpenBackend, onProgress?: OnProgress): SemanticLeg {
  const remembered = new Map<string, EncodedText>()
  const resident = new Map<string, Promise<LoadedSegment>>()
  const fallbacks: Fallback[] = []
  let gpuLosses = 0
  let state: SemanticLeg['state'] = 'unloaded'
  let backend: Backend | undefined
  let failure: LateenError | undefined
  let residentBytes = 0
  let disposed = false

  const opened = once(async () => {
    state = 'loading'
    try {
      const fresh = await openBackend(gpuLosses, onProgress)
      if (disposed) {
        await fresh.dispose()
        throw new LateenError('closed', 'The search was closed while its model was loading.')
      }
      fallbacks.push(...fresh.fallbacks)
      backend = fresh
      failure = undefined
      state = 'ready'
      return fresh
    } catch (error) {
      failure =
        error instanceof LateenError ? error : new LateenError('internal', String(error), { cause: error })
      state = 'failed'
      throw failure
    }
  })

  function load(scorer: Scorer, segment: OpenSegment, active: Backend): Promise<LoadedSegment> {
    const key = segment.reference.vectorFile.sha256
    let loading = resident.get(key)
    if (!loading) {
      loading = segment
        .openVectors(active)
        .then((vectors) => scorer.load(vectors.segment))
        .then((loaded) => {
          residentBytes += loaded.bytes
          return loaded
        })
      resident.set(key, loading)
      loading.catch(() => resident.delete(key))
    }
    return loading
  }

  /** Runs `work`, and again on a fresh backend when the GPU is lost in the middle of it. */
  async function surviving<T>(work: (active: Backend) => Promise<T>, signal?: AbortSignal): Promise<T> {
    for (;;) {
      const active = await abortable(opened(), signal)
      try {
        return await work(active)
      } catch (error) {
        if (!isLateenError(error, 'gpu-lost') || gpuLosses >= 2) throw error
        // Several queries can fail on one loss: only the first of them replaces the backend.
        if (backend === active) await replaceBackend(active, error)
      }
    }
  }

  async function replaceBackend(lost: Backend, error: LateenError) {
    gpuLosses++
    fallbacks.push({ from: 'webgpu', code: error.code, message: error.message })
    backend = undefined
    resident.clear()
    residentBytes = 0
    opened.reset()
    // The device is gone; releasing what hung on it may fail and changes nothing any more.
    await lost.dispose().catch(() => undefined)
  }

  function remember(text: string, query: EncodedText): EncodedText {
    remembered.delete(text)
    remembered.set(text, query)
    for (const oldest of remembered.keys()) {
      if (remembered.size <= REMEMBERED_QUERIES) break
      remembered.delete(oldest)
    }
    return query
  }

  return {
    get state() {
      return state
    },
    get backend() {
      return backend
    },
    get error() {
      return failure
    },
    fallbacks,
    get residentBytes() {
      return residentBytes
    },
    open: (signal) => abortable(opened(), signal),
    run: surviving,
    prepare: (index, signal) =>
      surviving(async (active) => {
        for (const segment of index.segments) await abortable(load(active.scorer, segment, active), signal)
        return active
      }, signal),
    rank: (text, index, passagesOf, depth, signal) =>
      surviving(async (active) => {
        const startMs = performance.now()
        const query = await encodeForScorer(active, text, remembered.get(text), signal)
        const encodedMs = performance.now()
        try {
          const ranked: Ranked[] = []
          for (const segment of index.segments) {
            throwIfAborted(signal)
            const passages = passagesOf(segment)
            if (passages.length === 0) continue
            const loaded = await abortable(load(active.scorer, segment, active), signal)
            const scores = await active.scorer.score(query.matrix, loaded, passages)
            ranked.push(...topK(scores, depth, (i) => segment.base + passages[i]!))
          }
          const vectors = await query.read()
          const vectorsOf = vectorReader(index, active)
          const exact = await scoreExactly(mergeRanked(ranked, depth), vectors, vectorsOf)
          const scoredMs = performance.now()
          return {
            ranked: exact,
            query: remember(text, vectors),
            backend: active,
            vectorsOf,
            encodeMs: encodedMs - startMs,
            scoreMs: scoredMs - encodedMs,
          }
        } finally {
          query.dispose()
        }
      }, signal),
    async encodeQuery(text, signal) {
      const known = remembered.get(text)
      if (known) return known
      return surviving(
        async ({ encoder }) => remember(text, await encoder.encodeQuery(text, signal ? { signal } : {})),
        signal,
      )
    },
    retain(index) {
      const wanted = new Set(index.segments.map((segment) => segment.reference.vectorFile.sha256))
      for (const [key, loading] of resident) {
        if (wanted.has(key)) continue
        resident.delete(key)
        void loading.then((loaded) => {
          residentBytes -= loaded.bytes
          loaded.dispose()
        })
      }
    },
    async dispose() {
      disposed = true
      const active = backend
      backend = undefined
      state = 'unloaded'
      resident.clear()
      residentBytes = 0
      await active?.dispose()
    },
  }
}

interface ScorableQuery {
  readonly matrix: EncodedText['matrix'] | GpuTokenMatrix
  read(): Promise<EncodedText>
  dispose(): void
}

/** Query vectors where the scorer wants them: on the GPU when both run there, else in memory. */
async function encodeForScorer(
  { encoder, scorer }: Backend,
  text: string,
  known: EncodedText | undefined,
  signal: AbortSignal | undefined,
): Promise<ScorableQuery> {
  const options = signal ? { signal } : {}
  if (!known && scorer.kind === 'webgpu' && encoder.encodeQueryOnGpu) {
    const matrix = await encoder.encodeQueryOnGpu(text, options)
    return {
      matrix,
      read: async () => ({ matrix: await matrix.read(), tokenized: encoder.tokenize(text, 'query') }),
      dispose: () => matrix.dispose(),
    }
  }
  const query = known ?? (await encoder.encodeQuery(text, options))
  return { matrix: query.matrix, read: async () => query, dispose: () => undefined }
}

/**
 * The first passages again, scored as the reference does it: kernels round the query to eight bits, which
 * can swap neighbours. The others keep their order.
 */
async function scoreExactly(
  ranked: readonly Ranked[],
  { matrix }: EncodedText,
  vectorsOf: VectorsOf,
): Promise<Ranked[]> {
  const first = await Promise.all(
    ranked.slice(0, EXACTLY_SCORED).map(async ({ id }) => {
      return { id, score: maxSim(matrix, await vectorsOf(id)) }
    }),
  )
  return [...mergeRanked(first, first.length), ...ranked.slice(EXACTLY_SCORED)]
}

/** Reads and decodes each passage once. */
export function vectorReader(index: IndexState, backend: Backend): VectorsOf {
  const known = new Map<number, Promise<TokenMatrix>>()
  const read = async (passage: number) => {
    const segment = index.segmentOf(passage)
    const local = passage - segment.base
    const { segment: vectors, offsets } = await segment.openVectors(backend)
    return decodeVectors(vectors.codec, await readVectors(vectors, offsets[local]!, offsets[local + 1]!))
  }
  return (passage) => {
    let reading = known.get(passage)
    if (!reading) known.set(passage, (reading = read(passage)))
    return reading
  }
}

/** Best `depth` of several ranked lists; ties by lower id. */
function mergeRanked(ranked: Ranked[], depth: number): Ranked[] {
  return ranked.sort((a, b) => b.score - a.score || a.id - b.id).slice(0, depth)
}
