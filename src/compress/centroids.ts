/** Centroids: finding the nearest one, and placing them by spherical k-means. */
import { seededRandom } from '../util/random.ts'
import { stretch } from './matrix.ts'
import { COLUMNS, multiplyRows, paddedRows, ROWS } from './products.ts'

/** The centroid with the largest dot product for every row. */
export interface NearestCentroids {
  readonly ids: Uint16Array
  readonly similarities: Float64Array
}

/**
 * @param rows      numRows × dim, padded
 * @param centroids numCentroids × dim, padded
 * @returns of equal products the lower id
 */
export function nearestCentroids(
  rows: Float64Array,
  numRows: number,
  centroids: Float64Array,
  numCentroids: number,
  dim: number,
): NearestCentroids {
  const ids = new Uint16Array(numRows)
  const similarities = new Float64Array(numRows)
  const block = new Float64Array(ROWS * COLUMNS)
  for (let i = 0; i < numRows; i += ROWS) {
    let id0 = 0
    let id1 = 0
    let best0 = Number.NEGATIVE_INFINITY
    let best1 = Number.NEGATIVE_INFINITY
    for (let j = 0; j < numCentroids; j += COLUMNS) {
      multiplyRows(rows, i, centroids, j, dim, block)
      const numColumns = Math.min(COLUMNS, numCentroids - j)
      for (let c = 0; c < numColumns; c++) {
        if (block[c]! > best0) {
          best0 = block[c]!
          id0 = j + c
        }
        if (block[COLUMNS + c]! > best1) {
          best1 = block[COLUMNS + c]!
          id1 = j + c
        }
      }
    }
    ids[i] = id0
    similarities[i] = best0
    // Writing past the end of a typed array does nothing, so an odd last row needs no care.
    ids[i + 1] = id1
    similarities[i + 1] = best1
  }
  return { ids, similarities }
}

export interface CentroidTraining {
  readonly numCentroids: number
  readonly seed: number
  readonly iterations: number
}

/**
 * Spherical k-means (Dhillon and Modha, Machine Learning 42, 2001): centroids are unit vectors along
 * the sums of their rows. Starts from rows drawn by the seed; a centroid that lost all its rows takes
 * the row worst served by the others.
 *
 * @param rows unit length, numRows × dim, padded; numRows ≥ numCentroids
 * @returns numCentroids × dim
 */
export function trainCentroids(
  rows: Float64Array,
  numRows: number,
  dim: number,
  { numCentroids, seed, iterations }: CentroidTraining,
): Float32Array {
  const centroids = paddedRows(new Float32Array(0), numCentroids, dim)
  drawRows(numRows, numCentroids, seed).forEach((row, c) => {
    centroids.set(rows.subarray(row * dim, (row + 1) * dim), c * dim)
  })
  for (let iteration = 0; iteration < iterations; iteration++) {
    const nearest = nearestCentroids(rows, numRows, centroids, numCentroids, dim)
    moveCentroids(rows, dim, nearest, centroids, numCentroids)
  }
  return new Float32Array(centroids.subarray(0, numCentroids * dim))
}

/** Distinct row numbers: the head of a Fisher–Yates shuffle. */
function drawRows(numRows: number, count: number, seed: number): Uint32Array {
  const random = seededRandom(seed)
  const order = Uint32Array.from({ length: numRows }, (_, i) => i)
  for (let i = 0; i < count; i++) {
    const j = i + Math.floor(random() * (numRows - i))
    const drawn = order[j]!
    order[j] = order[i]!
    order[i] = drawn
  }
  return order.subarray(0, count)
}

function moveCentroids(
  rows: Float64Array,
  dim: number,
  { ids, similarities }: NearestCentroids,
  centroids: Float64Array,
  numCentroids: number,
): void {
  const sums = new Float64Array(numCentroids * dim)
  const counts = new Uint32Array(numCentroids)
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i]!
    counts[id]!++
    for (let d = 0; d < dim; d++) sums[id * dim + d]! += rows[i * dim + d]!
  }
  for (let c = 0; c < numCentroids; c++) {
    if (counts[c] === 0) {
      const worst = indexOfLeast(similarities)
      similarities[worst] = Number.POSITIVE_INFINITY
      centroids.set(rows.subarray(worst * dim, (worst + 1) * dim), c * dim)
    } else if (stretch(sums, c * dim, dim) > 0) {
      centroids.set(sums.subarray(c * dim, (c + 1) * dim), c * dim)
    }
  }
}

function indexOfLeast(values: Float64Array): number {
  let least = 0
  for (let i = 1; i < values.length; i++) if (values[i]! < values[least]!) least = i
  return least
}
