/**
 * How long does it take to read an index of another library in Node, and to turn its codes into ours? A made-up
 * one of 10,000 passages, in both layouts.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { ResidualBits } from '../src/compress/codec.ts'
import type { PlaidLayout } from '../src/plaid/plaid.ts'
import { seededRandom } from '../src/util/random.ts'
import { describeMachine, type Machine, machine } from './machine.ts'
import { type PlaidParts, writePlaid } from './plaid-files.ts'
import type { Measurement } from './plaid-measure.ts'

const PASSAGES = 10_000
const DIM = 128
/** What PLAID chooses for some 600,000 vectors. */
const CENTROIDS = 8_192

export interface Run extends Measurement {
  readonly layout: PlaidLayout
  readonly bits: ResidualBits
  readonly files: number
  readonly bytes: number
}

export interface Result {
  readonly machine: Machine
  readonly passages: number
  readonly dim: number
  readonly centroids: number
  readonly runs: readonly Run[]
}

export async function run(): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'lateen-plaid-'))
  try {
    const runs: Run[] = []
    for (const bits of [2, 4] as const) {
      for (const layout of ['numpy', 'torch'] as const) {
        const place = join(folder, `${layout}-${bits}`)
        await writePlaid(place, layout, madeUp(bits))
        runs.push(await measure(place, layout, bits))
        await rm(place, { recursive: true })
      }
    }
    const result = { machine: machine(), passages: PASSAGES, dim: DIM, centroids: CENTROIDS, runs }
    print(result)
    return result
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function measure(folder: string, layout: PlaidLayout, bits: ResidualBits): Promise<Run> {
  const files = await readdir(folder)
  const sizes = await Promise.all(files.map(async (name) => (await stat(join(folder, name))).size))
  const bytes = sizes.reduce((a, b) => a + b, 0)
  return { layout, bits, files: files.length, bytes, ...(await inNewProcess(folder)) }
}

/** Memory that was used before, by what made up the index, would hide what reading takes. */
async function inNewProcess(folder: string): Promise<Measurement> {
  const script = `
    const { createServer } = await import('vite')
    const server = { middlewareMode: true, ws: false, watch: null }
    const vite = await createServer({ configFile: false, appType: 'custom', logLevel: 'error', server, optimizeDeps: { noDiscovery: true } })
    const { measure } = await vite.ssrLoadModule('/bench/plaid-measure.ts')
    console.log(JSON.stringify(await measure(process.argv[1])))
    await vite.close()
    process.exit(0)`
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--input-type=module',
    '-e',
    script,
    folder,
  ])
  return JSON.parse(stdout) as Measurement
}

function madeUp(bits: ResidualBits): PlaidParts {
  const random = seededRandom(7)
  const doclens = Array.from({ length: PASSAGES }, () => 30 + Math.floor(random() * 61))
  const numVectors = doclens.reduce((a, b) => a + b, 0)
  const numWeights = 2 ** bits
  const bucket = (i: number) => (i / numWeights - 0.5) * 0.3
  return {
    bits,
    dim: DIM,
    centroids: Float32Array.from({ length: CENTROIDS * DIM }, () => (random() - 0.5) / 3.2),
    cutoffs: Float32Array.from({ length: numWeights - 1 }, (_, i) => bucket(i + 1)),
    weights: Float32Array.from({ length: numWeights }, (_, i) => bucket(i + 0.5)),
    chunks: [
      {
        doclens,
        codes: Uint32Array.from({ length: numVectors }, () => random() * CENTROIDS),
        residuals: Uint8Array.from({ length: (numVectors * DIM * bits) / 8 }, () => random() * 256),
      },
    ],
  }
}

function print({ machine, runs }: Result): void {
  console.log(`${describeMachine(machine)}\n${PASSAGES} passages × ${DIM} dimensions, ${CENTROIDS} centroids`)
  console.table(
    runs.map(({ layout, bits, vectors, bytes, readSeconds, convertSeconds, beforeBytes, peakBytes }) => ({
      layout,
      bits,
      vectors,
      MB: Number((bytes / 1e6).toFixed(1)),
      'read s': Number(readSeconds.toFixed(2)),
      'read and convert s': Number(convertSeconds.toFixed(2)),
      'MB before': Math.round(beforeBytes / 1e6),
      'peak MB': Math.round(peakBytes / 1e6),
    })),
  )
}
