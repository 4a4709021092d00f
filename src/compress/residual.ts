/** Training of the residual codec. */
import { LateenError } from '../errors.ts'
import type { TokenMatrix } from '../types.ts'
import { roundToHalf } from '../util/half.ts'
import { nearestCentroids, trainCentroids } from './centroids.ts'
import { type ResidualBits, type ResidualCodec, SCALE_LEVELS } from './codec.ts'
import { codecFingerprint } from './codec-bytes.ts'
import { lloydLevels } from './lloyd.ts'
import { assertTokenMatrix, unitRows } from './matrix.ts'
import { paddedRows } from './products.ts'
import { quantizeResidual, type ResidualTable } from './residual-row.ts'

export const RESIDUAL_BITS: readonly ResidualBits[] = [4, 2, 1]

/** The codecs of one set of centroids, by bits per dimension. */
export type ResidualCodecs = (bits: ResidualBits) => ResidualCodec

export interface ResidualTraining {
  /** At most this many centroids, 1 to 65,536; beyond 256 their ids take two bytes. @default 256 */
  readonly numCentroids?: number
  /** Whole number that decides which vectors the search for centroids starts from. @default 1 */
  readonly seed?: number
  /** Rounds of k-means. @default 12 */
  readonly iterations?: number
}

/** With fewer vectors each, centroids would fit the sample and leave no residual to learn from. */
const VECTORS_PER_CENTROID = 16
/** About this many vectors are looked at for buckets and scales. */
const TABLE_SAMPLE = 16_384

/**
 * Trains codecs of 4, 2 and 1 bits on directions of vectors like those to be stored (pooled ones).
 * Same sample and options, same codecs, on every machine.
 *
 * Buckets and scales are placed for the least squared error (Lloyd–Max) instead of at quantiles as in
 * ColBERTv2, which leaves a third of the error at 4 bits and two thirds at 2. Centroids are rounded to half
 * precision and bucket values to multiples of `weightStep` before anything is derived from them, so
 * that codecs are the same after storing.
 *
 * @param sample at least one vector; with fewer than 16 per centroid there are fewer centroids
 * @throws LateenError `bad-argument` on an empty sample, a dimension that is not a multiple of 8, a
 *         component that is not finite, or an option out of range
 */
export function trainResidualCodecs(sample: TokenMatrix, options: ResidualTraining = {}): ResidualCodecs {
  const { numCentroids: wanted = 256, seed = 1, iterations = 12 } = options
  assertTrainable(sample, wanted, seed, iterations)
  const { numTokens, dim } = sample
  const numCentroids = Math.min(wanted, Math.max(Math.floor(numTokens / VECTORS_PER_CENTROID), 1))
  const centroids = trainCentroids(unitRows(sample, 0, numTokens), numTokens, dim, {
    numCentroids,
    seed,
    iterations,
  }).map(roundToHalf)

  const probe = probeOf(sample, paddedRows(centroids, numCentroids, dim), numCentroids)
  const residuals = sortedResiduals(probe)
  const codecs = new Map(
    RESIDUAL_BITS.map((bits) => {
      const table = bucketTable(residuals, bits)
      const parts = { bits, dim, numCentroids, centroids, ...table, scales: scaleTable(probe, table) }
      return [bits, { kind: 'residual' as const, ...parts, fingerprint: codecFingerprint(parts) }]
    }),
  )
  return (bits) => codecs.get(bits)!
}

/** The vectors that decide buckets and scales, with their centroids. */
interface Probe {
  readonly numRows: number
  readonly dim: number
  readonly rows: Float64Array
  readonly centroids: Float64Array
  readonly ids: Uint16Array
}

function probeOf(
  { data, numTokens, dim }: TokenMatrix,
  centroids: Float64Array,
  numCentroids: number,
): Probe {
  const step = Math.ceil(numTokens / TABLE_SAMPLE)
  const numRows = Math.ceil(numTokens / step)
  const picked = new Float32Array(numRows * dim)
  for (let i = 0; i < numRows; i++) {
    picked.set(data.subarray(i * step * dim, (i * step + 1) * dim), i * dim)
  }
  const rows = unitRows({ data: picked, numTokens: numRows, dim }, 0, numRows)
  const { ids } = nearestCentroids(rows, numRows, centroids, numCentroids, dim)
  return { numRows, dim, rows, centroids, ids }
}

function sortedResiduals({ numRows, dim, rows, centroids, ids }: Probe): Float32Array {
  const residuals = new Float32Array(numRows * dim)
  for (let i = 0; i < residuals.length; i++) {
    residuals[i] = rows[i]! - centroids[ids[Math.floor(i / dim)]! * dim + (i % dim)]!
  }
  return residuals.sort()
}

function bucketTable(residuals: Float32Array, bits: ResidualBits): ResidualTable {
  const levels = lloydLevels(residuals, 2 ** bits)
  const largest = Math.max(...levels.map(Math.abs))
  const weightStep = largest > 0 ? Math.fround(largest / MAX_WEIGHT) : 1
  const weights = Int8Array.from(levels, (level) => Math.round(level / weightStep))
  const cutoffs = Float32Array.from(
    { length: weights.length - 1 },
    (_, k) => ((weights[k]! + weights[k + 1]!) / 2) * weightStep,
  )
  return { cutoffs, weights, weightStep }
}

/** Largest bucket value in units of the step: seven bits with sign, which integer kernels multiply safely. */
const MAX_WEIGHT = 63

function scaleTable({ numRows, dim, rows, centroids, ids }: Probe, table: ResidualTable): Float32Array {
  const codes = new Uint8Array(dim)
  const scales = Float32Array.from({ length: numRows }, (_, i) => {
    const length = quantizeResidual(table, rows, i * dim, centroids, ids[i]! * dim, codes)
    return length > 0 ? 1 / length : 1
  })
  return new Float32Array(lloydLevels(scales.sort(), SCALE_LEVELS))
}

function assertTrainable(sample: TokenMatrix, numCentroids: number, seed: number, iterations: number): void {
  assertTokenMatrix(sample)
  if (sample.numTokens === 0) {
    throw new LateenError('bad-argument', 'A codec is trained on at least one vector, but there is none.')
  }
  if (sample.dim % 8 !== 0) {
    throw new LateenError(
      'bad-argument',
      `A residual codec needs a dimension that is a multiple of 8, so that one bit per dimension fills bytes, but it is ${sample.dim}. Store 8, 16 or 32 bits per dimension, which any model allows.`,
    )
  }
  const options = {
    numCentroids: [numCentroids, 1, 65_536],
    seed: [seed, 0, 2 ** 32 - 1],
    iterations: [iterations, 0, 1_000],
  }
  for (const [name, [value, low, high]] of Object.entries(options) as [string, [number, number, number]][]) {
    if (!Number.isInteger(value) || value < low || value > high) {
      throw new LateenError(
        'bad-argument',
        `${name} must be a whole number from ${low} to ${high}, but it is ${value}.`,
      )
    }
  }
}
