import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nearestCentroids, trainCentroids } from './centroids.ts'
import { unitRows } from './matrix.ts'
import { clusteredVectors, dot, lengthOf, rowOf } from './samples.test-suite.ts'

test('the nearest centroid is the one with the largest dot product, for any number of rows', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 9 }),
      fc.integer({ min: 1, max: 11 }),
      fc.nat(),
      (numRows, numCentroids, seed) => {
        const dim = 8
        const matrix = clusteredVectors(numRows, dim, seed)
        const centroids = clusteredVectors(numCentroids, dim, seed + 1)
        const rows = unitRows(matrix, 0, numRows)
        const columns = unitRows(centroids, 0, numCentroids)
        const { ids } = nearestCentroids(rows, numRows, columns, numCentroids, dim)
        expect(ids.length).toBe(numRows)
        ids.forEach((id, i) => {
          const row = rowOf(matrix, i)
          const best = Math.max(
            ...Array.from({ length: numCentroids }, (_, c) => dot(row, rowOf(centroids, c))),
          )
          expect(dot(row, rowOf(centroids, id))).toBeCloseTo(best, 6)
        })
      },
    ),
  )
})

test('of equal centroids the first is taken', () => {
  const rows = unitRows({ data: Float32Array.of(1, 0), numTokens: 1, dim: 2 }, 0, 1)
  const same = unitRows({ data: Float32Array.of(0, 1, 1, 0, 1, 0), numTokens: 3, dim: 2 }, 0, 3)
  expect(nearestCentroids(rows, 1, same, 3, 2).ids[0]).toBe(1)
})

test('training finds the groups the vectors were made from', () => {
  const numGroups = 5
  const matrix = clusteredVectors(2_000, 16, 11, numGroups)
  const rows = unitRows(matrix, 0, matrix.numTokens)
  const centroids = trainCentroids(rows, matrix.numTokens, 16, { numCentroids: 20, seed: 1, iterations: 8 })
  const start = trainCentroids(rows, matrix.numTokens, 16, { numCentroids: 20, seed: 1, iterations: 0 })
  expect(meanSimilarity(centroids)).toBeGreaterThan(meanSimilarity(start) + 0.05)

  function meanSimilarity(data: Float32Array): number {
    const padded = unitRows({ data, numTokens: 20, dim: 16 }, 0, 20)
    const { similarities } = nearestCentroids(rows, matrix.numTokens, padded, 20, 16)
    return similarities.reduce((sum, value) => sum + value, 0) / matrix.numTokens
  }
})

test('a centroid without rows moves to the row that is served worst', () => {
  const common = Array.from({ length: 30 }, () => [1, 0])
  const data = Float32Array.from([...common, [0, 1]].flat())
  const rows = unitRows({ data, numTokens: 31, dim: 2 }, 0, 31)
  // Whichever rows the seeds draw, both directions end up with a centroid.
  for (let seed = 0; seed < 5; seed++) {
    const centroids = trainCentroids(rows, 31, 2, { numCentroids: 2, seed, iterations: 3 })
    expect(new Set([centroids[0], centroids[2]])).toEqual(new Set([0, 1]))
  }
})

test('centroids have length 1', () => {
  const matrix = clusteredVectors(300, 8, 4)
  const data = trainCentroids(unitRows(matrix, 0, 300), 300, 8, { numCentroids: 7, seed: 3, iterations: 4 })
  for (let c = 0; c < 7; c++) expect(lengthOf(rowOf({ data, numTokens: 7, dim: 8 }, c))).toBeCloseTo(1, 6)
})
