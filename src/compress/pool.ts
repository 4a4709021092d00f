/**
 * Token pooling (arXiv 2409.14683): passage tokens that mean nearly the same are replaced by their
 * mean. The rule is PyLate's, so that pooled vectors and scores agree with it.
 */
import { LateenError } from '../errors.ts'
import type { TokenMatrix } from '../types.ts'
import { assertTokenMatrix } from './matrix.ts'
import { COLUMNS, multiplyRows, paddedRows, ROWS } from './products.ts'
import { cutTree, type TriangularDistances, wardTree } from './ward.ts'

export interface PoolOptions {
  /** Tokens per kept vector on average, a whole number from 1 (no pooling) to 32. */
  readonly factor: number
  /** How many leading tokens are kept as they are. @default 1 */
  readonly protectedTokens?: number
}

export interface TokenClusters {
  /** Leading tokens that are kept as they are. */
  readonly numProtected: number
  /** For every token behind them its cluster, from 0. */
  readonly labels: Int32Array
  /** As many as `labels` when nothing is pooled. */
  readonly numClusters: number
}

export const MAX_POOL_FACTOR = 32
const MAX_TOKENS = 65_535

/**
 * Pools unit-length token vectors: protected rows first, then one mean per cluster. Means are shorter than
 * 1 and stay so. Without anything to pool, `matrix` itself is returned.
 *
 * @param matrix at most 65,535 rows of about unit length
 * @throws LateenError `bad-argument` on a factor or count out of range or a component that is not finite
 */
export function poolTokens(matrix: TokenMatrix, options: PoolOptions): TokenMatrix {
  return meansOf(matrix, clusterTokens(matrix, options))
}

/** What {@link poolTokens} gives when the clusters are known. */
export function meansOf(
  matrix: TokenMatrix,
  { numProtected, labels, numClusters }: TokenClusters,
): TokenMatrix {
  if (numClusters === labels.length) return matrix
  const { data, dim } = matrix
  const protectedLength = numProtected * dim
  const pooled = new Float32Array(protectedLength + numClusters * dim)
  pooled.set(data.subarray(0, protectedLength))
  pooled.set(clusterMeans(data.subarray(protectedLength), dim, labels, numClusters), protectedLength)
  return { data: pooled, numTokens: numProtected + numClusters, dim }
}

/**
 * The clusters of which {@link poolTokens} keeps the means: Ward clustering on the distances 1 − cos of the
 * n − p unprotected rows, cut into at most max(⌊(n − p) / factor⌋, 1) clusters. They come in the order of
 * scipy's `fcluster` labels. Nothing is pooled when that would not make it smaller.
 *
 * Rounding below zero is clipped before clustering, where PyLate passes it on: with it, duplicates
 * could have no defined distance. Cosines are taken in double precision, so a partition can differ
 * from PyLate's where two distances agree to about 1e-7.
 *
 * Takes and throws what {@link poolTokens} does.
 */
export function clusterTokens(matrix: TokenMatrix, options: PoolOptions): TokenClusters {
  const { factor, protectedTokens = 1 } = options
  assertPoolable(matrix, factor, protectedTokens)
  const { data, numTokens, dim } = matrix
  const numProtected = Math.min(protectedTokens, numTokens)
  const numPoints = numTokens - numProtected
  const maxClusters = Math.max(Math.floor(numPoints / factor), 1)
  if (maxClusters >= numPoints) {
    return {
      numProtected,
      labels: Int32Array.from({ length: numPoints }, (_, i) => i),
      numClusters: numPoints,
    }
  }
  const points = data.subarray(numProtected * dim, numTokens * dim)
  const tree = wardTree(cosineDistances(points, numPoints, dim), numPoints)
  return { numProtected, ...cutTree(tree, maxClusters) }
}

function assertPoolable(
  { data, numTokens, dim }: TokenMatrix,
  factor: number,
  protectedTokens: number,
): void {
  if (!Number.isInteger(factor) || factor < 1 || factor > MAX_POOL_FACTOR) {
    throw new LateenError(
      'bad-argument',
      `The pool factor must be a whole number from 1 to ${MAX_POOL_FACTOR}, but it is ${factor}. Use 2 for half the vectors, 1 for all.`,
    )
  }
  if (!Number.isInteger(protectedTokens) || protectedTokens < 0) {
    throw new LateenError(
      'bad-argument',
      `The number of protected tokens must be a whole number from 0, but it is ${protectedTokens}. Leave it out for 1.`,
    )
  }
  if (numTokens > MAX_TOKENS) {
    throw new LateenError(
      'bad-argument',
      `A passage can have at most ${MAX_TOKENS} tokens, but it has ${numTokens}. Split it.`,
    )
  }
  assertTokenMatrix({ data, numTokens, dim })
}

/** 1 − cos of all pairs of rows, clipped at 0. */
function cosineDistances(points: Float32Array, numPoints: number, dim: number): TriangularDistances {
  const rows = paddedRows(points, numPoints, dim)
  const distances = new Float64Array((numPoints * (numPoints - 1)) / 2)
  const block = new Float64Array(ROWS * COLUMNS)
  for (let i = 0; i < numPoints; i += ROWS) {
    for (let j = 0; j <= i; j += COLUMNS) {
      multiplyRows(rows, i, rows, j, dim, block)
      for (let r = 0; r < ROWS && i + r < numPoints; r++) {
        const row = ((i + r) * (i + r - 1)) / 2
        const numColumns = Math.min(i + r - j, COLUMNS)
        for (let c = 0; c < numColumns; c++) {
          distances[row + j + c] = Math.max(1 - block[r * COLUMNS + c]!, 0)
        }
      }
    }
  }
  return distances
}

function clusterMeans(
  points: Float32Array,
  dim: number,
  labels: Int32Array,
  numClusters: number,
): Float32Array {
  const means = new Float64Array(numClusters * dim)
  const counts = new Uint32Array(numClusters)
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!
    counts[label]!++
    for (let d = 0; d < dim; d++) means[label * dim + d]! += points[i * dim + d]!
  }
  for (let label = 0; label < numClusters; label++) {
    for (let d = 0; d < dim; d++) means[label * dim + d]! /= counts[label]!
  }
  return new Float32Array(means)
}
