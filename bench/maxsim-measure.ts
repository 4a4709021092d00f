/**
 * The measuring half of bench/maxsim.ts: runs in Node and in a page alike. A round scores every
 * passage in batches of a few milliseconds, and a batch counts with its fastest round: that is what
 * the kernel needs, whatever else the machine was doing. Rounds of all kernels are interleaved.
 */
import type { ResidualBits } from '../src/compress/codec.ts'
import { referenceScorer } from '../src/score/reference.ts'
import type { Scorer } from '../src/score/scorer.ts'
import { type SyntheticOptions, syntheticQuery, syntheticSegment } from '../src/score/synthetic.ts'
import { wasmScorer } from '../src/score/wasm.ts'
import { seededRandom } from '../src/util/random.ts'

export interface MeasureOptions {
  readonly passages: number
  readonly vectorsPerPassage: number
  readonly dim: number
  readonly rounds: number
  /** `assembly/bench.ts` compiled with and without relaxed SIMD, base64. */
  readonly benchKernels: { readonly relaxed: string; readonly baseline: string }
}

export interface Timing {
  /** What ran, e.g. `4-bit codes, relaxed`. */
  readonly kernel: string
  readonly queryTokens: number
  /** Passages scored per round: slow kernels score fewer. */
  readonly passages: number
  /** Sum of the fastest times of all batches. */
  readonly minMs: number
  /** Of whole rounds. */
  readonly medianMs: number
  readonly maxMs: number
  /** 10⁹ multiply-adds per second at `minMs`. */
  readonly gmacs: number
}

export interface Measurement {
  readonly simd: 'relaxed' | 'baseline'
  /** The instruction behind the relaxed kernel here; see `sumsPairs` in the kernels. */
  readonly pairs: boolean
  readonly timings: readonly Timing[]
  readonly peakGmacs: { readonly relaxed?: number; readonly baseline: number }
  /** Reading 128 MiB, far beyond the caches. */
  readonly readGBs: number
  readonly gpuAdapter?: string
  /** Sum of all scores: keeps every kernel honest and the run comparable. */
  readonly checksum: number
}

const QUERY_TOKENS = [12, 32]
/** Centroids of the trained codec, and enough for a table of scores that leaves the first cache. */
const CENTROIDS = 256
const MANY_CENTROIDS = 4096
/** Every batch pays for the tables of its query, as a query of a segment of that size would. */
const BATCHES = 10

interface Contender {
  readonly kernel: string
  readonly queryTokens: number
  readonly passages: number
  /** Scores passages `from` to `end`; the sum of the scores. */
  score(from: number, end: number): Promise<number> | number
}

export async function run(options: MeasureOptions): Promise<Measurement> {
  const best = await wasmScorer()
  const baseline = await wasmScorer({ relaxed: false })
  const scorers = best.simd === 'relaxed' ? [best, baseline] : [baseline]
  const gpu = await gpuScorer()
  const contenders: Contender[] = []

  const enter = async (scorer: Scorer, name: string, codec: Codec, passages: number) => {
    const { dim, vectorsPerPassage } = options
    const vectors = Array<number>(passages).fill(vectorsPerPassage)
    const loaded = await scorer.load(syntheticSegment({ ...codec, dim, vectors, seed: 1 }))
    const ids = Uint32Array.from(vectors, (_, i) => i)
    for (const queryTokens of QUERY_TOKENS) {
      const query = syntheticQuery(queryTokens, dim, 2)
      const score = async (from: number, end: number) =>
        (await scorer.score(query, loaded, ids.subarray(from, end))).reduce((sum, one) => sum + one, 0)
      contenders.push({ kernel: name, queryTokens, passages, score })
    }
  }

  for (const bits of [4, 2] as const) {
    for (const scorer of scorers)
      await enter(scorer, `${bits}-bit codes, ${scorer.simd}`, residual(bits), options.passages)
    await enter(
      referenceScorer(),
      `${bits}-bit codes, scalar reference`,
      residual(bits),
      Math.ceil(options.passages / 100),
    )
    if (gpu)
      await enter(gpu.scorer, `${bits}-bit codes, WGSL`, residual(bits), Math.ceil(options.passages / 100))
  }
  await enter(
    scorers[0]!,
    `4-bit codes of ${MANY_CENTROIDS} centroids, ${scorers[0]!.simd}`,
    residual(4, MANY_CENTROIDS),
    options.passages,
  )
  for (const scorer of scorers) {
    await enter(scorer, `float32, ${scorer.simd}`, { kind: 'f32' }, options.passages)
    contenders.push(...(await int8Contenders(options, scorer.simd)))
  }

  const { timings, checksum } = await time(contenders, options)
  const probes = await Promise.all(scorers.map(({ simd }) => benchKernel(options.benchKernels[simd])))
  const peaks = Object.fromEntries(scorers.map(({ simd }, i) => [simd, dotPeak(probes[i]!)]))
  return {
    simd: best.simd,
    pairs: probes[0]!.kernel.sumsPairs() !== 0,
    timings,
    peakGmacs: { ...peaks, baseline: peaks['baseline']! },
    readGBs: readBandwidth(probes[0]!),
    ...(gpu ? { gpuAdapter: gpu.adapter } : {}),
    checksum,
  }
}

type Codec = Pick<SyntheticOptions, 'kind' | 'bits' | 'numCentroids'>

const residual = (bits: ResidualBits, numCentroids = CENTROIDS): Codec => ({
  kind: 'residual',
  bits,
  numCentroids,
})

async function time(contenders: readonly Contender[], options: MeasureOptions) {
  const fastest = contenders.map(() => Array<number>(BATCHES).fill(Number.POSITIVE_INFINITY))
  const rounds = contenders.map((): number[] => [])
  let checksum = 0
  // Engines optimise while they run: the first rounds are not counted.
  for (let round = -3; round < options.rounds; round++) {
    for (const [i, { passages, score }] of contenders.entries()) {
      let total = 0
      for (let batch = 0; batch < BATCHES; batch++) {
        const [from, end] = [batch, batch + 1].map((edge) => Math.floor((edge * passages) / BATCHES))
        const start = performance.now()
        checksum += await score(from!, end!)
        const elapsed = performance.now() - start
        total += elapsed
        if (round >= 0) fastest[i]![batch] = Math.min(fastest[i]![batch]!, elapsed)
      }
      if (round >= 0) rounds[i]!.push(total)
    }
  }
  const timings = contenders.map(({ kernel, queryTokens, passages }, i): Timing => {
    const sorted = rounds[i]!.sort((a, b) => a - b)
    const minMs = fastest[i]!.reduce((sum, elapsed) => sum + elapsed, 0)
    const macs = passages * options.vectorsPerPassage * options.dim * queryTokens
    return {
      kernel,
      queryTokens,
      passages,
      minMs,
      medianMs: sorted[sorted.length >> 1]!,
      maxMs: sorted.at(-1)!,
      gmacs: macs / minMs / 1e6,
    }
  })
  return { timings, checksum }
}

interface BenchKernel {
  queryBytes(numTokens: number, dim: number): number
  setQuery(query: number, numTokens: number, dim: number, weightStep: number, work: number): void
  sumsPairs(): number
  scoreInt8(...args: number[]): void
  scoreInt8ByPairs(...args: number[]): void
  dotPeak(data: number, rounds: number): number
  dotPeakByPairs(data: number, rounds: number): number
  dotPeakMacs(): number
  readAll(data: number, bytes: number): number
}

interface Probe {
  readonly kernel: BenchKernel
  readonly memory: WasmMemory
}

interface WasmMemory {
  readonly buffer: ArrayBuffer
  grow(pages: number): number
}

/** Node's types leave WebAssembly to the DOM's, which Node programs do without. */
declare const WebAssembly: {
  readonly Memory: new (descriptor: { initial: number }) => WasmMemory
  compile(bytes: Uint8Array): Promise<object>
  instantiate(module: object, imports: object): Promise<{ readonly exports: object }>
}

async function benchKernel(base64: string): Promise<Probe> {
  const memory = new WebAssembly.Memory({ initial: 1 })
  const module = await WebAssembly.compile(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)))
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } })
  return { kernel: exports as unknown as BenchKernel, memory }
}

async function int8Contenders(options: MeasureOptions, simd: 'relaxed' | 'baseline'): Promise<Contender[]> {
  const { passages, vectorsPerPassage, dim } = options
  const vectors = passages * vectorsPerPassage
  const { kernel, memory } = await benchKernel(options.benchKernels[simd])
  let end = 0
  const place = (bytes: number) => {
    const at = end
    end += Math.ceil(bytes / 16) * 16
    return at
  }
  const [offsets, ids, out] = [place(4 * (passages + 1)), place(4 * passages), place(4 * passages)]
  const [input, work, scratch] = [place(4 * 40 * dim), place(kernel.queryBytes(40, dim)), place(64 * dim)]
  const rows = place(vectors * dim)
  memory.grow(Math.ceil(end / 65_536))
  new Uint32Array(memory.buffer, offsets, passages + 1).set(
    Uint32Array.from({ length: passages + 1 }, (_, i) => i * vectorsPerPassage),
  )
  new Uint32Array(memory.buffer, ids, passages).set(Uint32Array.from({ length: passages }, (_, i) => i))
  const random = seededRandom(3)
  const bytes = new Uint8Array(memory.buffer, rows, vectors * dim)
  for (let i = 0; i < bytes.length; i++) bytes[i] = simd === 'relaxed' ? 1 + random() * 127 : random() * 256
  const run = kernel.sumsPairs() ? kernel.scoreInt8ByPairs : kernel.scoreInt8
  return QUERY_TOKENS.map((queryTokens) => ({
    kernel: `plain int8, ${simd}`,
    queryTokens,
    passages,
    score(from, end) {
      new Float32Array(memory.buffer, input, queryTokens * dim).set(syntheticQuery(queryTokens, dim, 2).data)
      kernel.setQuery(input, queryTokens, dim, 1 / 127, work)
      run(ids + 4 * from, end - from, offsets, rows, dim, scratch, out)
      return new Float32Array(memory.buffer, out, end - from).reduce((sum, value) => sum + value, 0)
    },
  }))
}

function dotPeak({ kernel, memory }: Probe): number {
  new Uint8Array(memory.buffer).fill(1)
  const rounds = 1_000_000
  const peak = kernel.sumsPairs() ? kernel.dotPeakByPairs : kernel.dotPeak
  return (rounds * kernel.dotPeakMacs()) / fastest(() => peak(0, rounds)) / 1e6
}

function readBandwidth({ kernel, memory }: Probe): number {
  const bytes = 128 << 20
  memory.grow(bytes / 65_536)
  new Uint8Array(memory.buffer, 0, bytes).fill(1)
  return bytes / fastest(() => kernel.readAll(0, bytes)) / 1e6
}

/** Milliseconds of the fastest of many runs. */
function fastest(work: () => unknown): number {
  let best = Number.POSITIVE_INFINITY
  for (let i = 0; i < 30; i++) {
    const start = performance.now()
    work()
    best = Math.min(best, performance.now() - start)
  }
  return best
}

/** The GPU scorer where there is WebGPU; its module is for browsers only and so is not imported statically. */
async function gpuScorer(): Promise<{ scorer: Scorer; adapter: string } | undefined> {
  const { navigator } = globalThis as { navigator?: { gpu?: unknown } }
  if (!navigator?.gpu) return undefined
  const path = '/src/score/webgpu.web.ts'
  const { requestGpuDevice, webgpuScorer } = (await import(/* @vite-ignore */ path)) as {
    requestGpuDevice(gpu: unknown): Promise<{ device: unknown; adapter: string }>
    webgpuScorer(device: unknown): Promise<Scorer>
  }
  try {
    const { device, adapter } = await requestGpuDevice(navigator.gpu)
    return { scorer: await webgpuScorer(device), adapter }
  } catch {
    return undefined
  }
}
