/**
 * How fast is MaxSim on codes? One thread, in Chromium and in Node: the shipped kernels against the
 * scalar reference, float32 SIMD on decompressed vectors, a plain int8 kernel, and the machine's own limits.
 */
import { compileKernel } from '../scripts/build-kernels.mjs'
import { inChromium } from './browser.ts'
import { describeMachine, type Machine, machine } from './machine.ts'
import { type Measurement, type MeasureOptions, run as measure, type Timing } from './maxsim-measure.ts'

const SIZE = { passages: 10_000, vectorsPerPassage: 60, dim: 64, rounds: 25 }

export interface Run extends Measurement {
  readonly engine: string
  readonly ratios: readonly Ratio[]
}

interface Ratio {
  readonly kernel: string
  readonly queryTokens: number
  readonly overScalar: number
  /** Over float32 with baseline SIMD, which every browser has, and with the same instructions. */
  readonly overFloat32: number
  readonly overFloat32Same: number
  readonly overInt8: number
  /** Share of the lower of two roofs: dot products with data in the first cache, and memory reads. */
  readonly ofRoofline: number
}

export interface Result {
  readonly machine: Machine
  readonly runs: readonly Run[]
}

export async function run(): Promise<Result> {
  const base64 = async (relaxed: boolean) =>
    Buffer.from(await compileKernel('bench.ts', { relaxed })).toString('base64')
  const options: MeasureOptions = {
    ...SIZE,
    benchKernels: { relaxed: await base64(true), baseline: await base64(false) },
  }
  const chromium = await inChromium<Measurement>('bench/maxsim-measure.ts', options)
  const result = {
    machine: machine(),
    runs: [
      withRatios(chromium.browser, chromium.result),
      withRatios(`Node ${process.version}`, await measure(options)),
    ],
  }
  print(result)
  return result
}

function withRatios(engine: string, measurement: Measurement): Run {
  const { timings, peakGmacs, readGBs, simd } = measurement
  const gmacs = (kernel: string, queryTokens: number) =>
    timings.find((timing) => timing.kernel === kernel && timing.queryTokens === queryTokens)!.gmacs
  const ratios = timings
    .filter(({ kernel }) => /^[42]-bit codes.*(relaxed|baseline)$/.test(kernel))
    .map((timing): Ratio => {
      const { kernel, queryTokens } = timing
      const bits = Number(kernel[0])
      const own = kernel.endsWith('relaxed') ? 'relaxed' : 'baseline'
      const bytesPerVector = (SIZE.dim * bits) / 8 + 1.5
      const memoryRoof = (readGBs * queryTokens * SIZE.dim) / bytesPerVector
      return {
        kernel,
        queryTokens,
        overScalar: timing.gmacs / gmacs(`${bits}-bit codes, scalar reference`, queryTokens),
        overFloat32: timing.gmacs / gmacs('float32, baseline', queryTokens),
        overFloat32Same: timing.gmacs / gmacs(`float32, ${own}`, queryTokens),
        overInt8: timing.gmacs / gmacs(`plain int8, ${own}`, queryTokens),
        ofRoofline: timing.gmacs / Math.min(peakGmacs[own] ?? Number.NaN, memoryRoof),
      }
    })
  return { engine, ...measurement, simd, ratios }
}

function print({ machine, runs }: { machine: Machine; runs: readonly Run[] }): void {
  const { passages, vectorsPerPassage, dim } = SIZE
  console.log(
    `${describeMachine(machine)}\n${passages} passages × ${vectorsPerPassage} vectors × ${dim} dimensions`,
  )
  for (const { engine, timings, ratios, peakGmacs, readGBs, gpuAdapter, pairs, simd } of runs) {
    const dot =
      simd === 'baseline' ? 'of int16' : pairs ? 'of int8 by 16-bit pairs' : 'of int8 in one instruction'
    console.log(`\n${engine}: ${simd} SIMD, dot products ${dot}`)
    console.log(
      `int8 dot peak (GMAC/s): ${Object.entries(peakGmacs)
        .map(([name, value]) => `${name} ${value.toFixed(1)}`)
        .join(
          ', ',
        )}; memory read ${readGBs.toFixed(1)} GB/s${gpuAdapter ? `; GPU adapter ${gpuAdapter}` : ''}`,
    )
    console.table(
      timings.map(({ kernel, queryTokens, passages, minMs, medianMs, maxMs, gmacs }: Timing) => ({
        kernel,
        'query tokens': queryTokens,
        passages,
        'min ms': rounded(minMs),
        'median ms': rounded(medianMs),
        'max ms': rounded(maxMs),
        'GMAC/s': rounded(gmacs),
      })),
    )
    console.table(
      ratios.map((ratio) => ({
        kernel: ratio.kernel,
        'query tokens': ratio.queryTokens,
        '÷ scalar': rounded(ratio.overScalar),
        '÷ float32 SIMD128': rounded(ratio.overFloat32),
        '÷ float32, same SIMD': rounded(ratio.overFloat32Same),
        '÷ int8': rounded(ratio.overInt8),
        'of roofline': rounded(ratio.ofRoofline),
      })),
    )
  }
}

const rounded = (value: number) => Number(value.toPrecision(3))
