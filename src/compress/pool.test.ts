import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isLateenError } from '../errors.ts'
import type { TokenMatrix } from '../types.ts'
import { clusterTokens, type PoolOptions, poolTokens } from './pool.ts'
import { clusteredVectors, dot, matrixOf, rowOf } from './samples.test-suite.ts'

interface ScipyCase extends Required<PoolOptions> {
  readonly name: string
  readonly dim: number
  readonly vectors: readonly number[]
  readonly tokenMap: readonly number[]
  readonly pooled: readonly number[]
}

const fixture = new URL('../../fixtures/pooling/cases.json', import.meta.url)
const { cases } = JSON.parse(readFileSync(fixture, 'utf8')) as { cases: readonly ScipyCase[] }

describe('vectors, their order and the tokens of each are those of scipy', () => {
  test.each(cases)('$name', ({ dim, vectors, tokenMap, pooled, factor, protectedTokens }) => {
    const matrix = { data: Float32Array.from(vectors), numTokens: vectors.length / dim, dim }
    expect(rowsOfTokens(matrix, { factor, protectedTokens })).toEqual(tokenMap)
    const result = poolTokens(matrix, { factor, protectedTokens })
    expect(result.numTokens).toBe(pooled.length / dim)
    result.data.forEach((value, i) => {
      expect(Math.abs(value - pooled[i]!)).toBeLessThan(2e-6)
    })
  })
})

const inputs = fc.record({
  numTokens: fc.integer({ min: 0, max: 60 }),
  dim: fc.integer({ min: 2, max: 12 }),
  seed: fc.integer({ min: 0, max: 2 ** 31 }),
  factor: fc.integer({ min: 1, max: 6 }),
  protectedTokens: fc.integer({ min: 0, max: 4 }),
})

test('the partition is that of merging the two closest clusters until few enough are left', () => {
  fc.assert(
    fc.property(inputs, ({ numTokens, dim, seed, factor, protectedTokens }) => {
      const matrix = clusteredVectors(numTokens, dim, seed)
      const rows = rowsOfTokens(matrix, { factor, protectedTokens })
      expect(groupsOf(rows)).toEqual(naiveGroups(matrix, factor, protectedTokens))
    }),
  )
})

test('every kept row is the mean of the tokens it stands for, and protected rows come first', () => {
  fc.assert(
    fc.property(inputs, ({ numTokens, dim, seed, factor, protectedTokens }) => {
      const input = clusteredVectors(numTokens, dim, seed)
      const matrix = poolTokens(input, { factor, protectedTokens })
      const rows = rowsOfTokens(input, { factor, protectedTokens })
      const first = Math.min(protectedTokens, numTokens)
      expect(rows.slice(0, first)).toEqual(Array.from({ length: first }, (_, i) => i))
      for (const tokens of groupsOf(rows)) {
        const row = rows[tokens[0]!]!
        const kept = rowOf(matrix, row)
        for (let d = 0; d < dim; d++) {
          const mean = tokens.reduce((sum, token) => sum + rowOf(input, token)[d]!, 0) / tokens.length
          expect(Math.abs(kept[d]! - mean), `row ${row}`).toBeLessThan(1e-6)
        }
      }
      expect(new Set(rows).size).toBe(matrix.numTokens)
      const poolable = numTokens - first
      expect(matrix.numTokens - first).toBeLessThanOrEqual(Math.max(Math.floor(poolable / factor), 1))
    }),
  )
})

test('a mean of different vectors is shorter than 1 and stays so', () => {
  const matrix = poolTokens(matrixOf([1, 0], [0, 1]), { factor: 2, protectedTokens: 0 })
  expect([...matrix.data]).toEqual([0.5, 0.5])
})

test('one token is protected unless said otherwise', () => {
  const same = matrixOf([1, 0], [1, 0], [1, 0])
  expect(rowsOfTokens(same, { factor: 2 })).toEqual([0, 1, 1])
})

test('duplicates with rounding above 1 are pooled, not lost in a distance that is not a number', () => {
  const row = [0.6, 0.8000001]
  const matrix = poolTokens(matrixOf(row, row, row, row, row, row), { factor: 2, protectedTokens: 0 })
  expect(matrix.numTokens).toBe(1)
  expect(matrix.data[1]).toBeCloseTo(0.8, 6)
})

test('the input is left as it was', () => {
  const matrix = clusteredVectors(40, 8, 3)
  const before = matrix.data.slice()
  poolTokens(matrix, { factor: 3 })
  expect(matrix.data).toEqual(before)
})

test.each([0, 33, 1.5, -2, Number.NaN])('the factor %d is refused', (factor) => {
  expectBadArgument(() => poolTokens(matrixOf([1, 0]), { factor }))
})

test.each([-1, 0.5, Number.NaN])('%d protected tokens are refused', (protectedTokens) => {
  expectBadArgument(() => poolTokens(matrixOf([1, 0]), { factor: 2, protectedTokens }))
})

test.each([Number.NaN, Number.POSITIVE_INFINITY])('a component that is %d is refused', (value) => {
  expectBadArgument(() => poolTokens(matrixOf([1, 0], [0, value], [1, 0]), { factor: 2 }))
})

test('a matrix whose data has another size than it says is refused', () => {
  expectBadArgument(() => poolTokens({ data: new Float32Array(5), numTokens: 3, dim: 2 }, { factor: 2 }))
})

function expectBadArgument(run: () => unknown): void {
  expect(run).toThrow(expect.toSatisfy((error) => isLateenError(error, 'bad-argument')))
}

/** For every token the row of the pooled matrix that it went into. */
function rowsOfTokens(matrix: TokenMatrix, options: PoolOptions): number[] {
  const { numProtected, labels } = clusterTokens(matrix, options)
  const first = Array.from({ length: numProtected }, (_, i) => i)
  return [...first, ...Array.from(labels, (label) => numProtected + label)]
}

/** Tokens by output row, in the order of their first tokens. */
function groupsOf(rows: readonly number[]): number[][] {
  const groups = new Map<number, number[]>()
  rows.forEach((row, token) => {
    groups.set(row, [...(groups.get(row) ?? []), token])
  })
  return [...groups.values()]
}

function naiveGroups(matrix: TokenMatrix, factor: number, protectedTokens: number): number[][] {
  const tokens = Array.from({ length: matrix.numTokens }, (_, i) => i)
  const groups = tokens.slice(protectedTokens).map((token) => [token])
  const distances = groups.map(([a]) =>
    groups.map(([b]) => Math.max(1 - dot(rowOf(matrix, a!), rowOf(matrix, b!)), 0)),
  )
  const wanted = Math.max(Math.floor(groups.length / factor), 1)
  while (groups.length > wanted) {
    let [x, y] = [0, 1]
    for (let i = 0; i < groups.length; i++) {
      for (let j = i + 1; j < groups.length; j++) if (distances[i]![j]! < distances[x]![y]!) [x, y] = [i, j]
    }
    const between = distances[x]![y]!
    const [sizeX, sizeY] = [groups[x]!.length, groups[y]!.length]
    for (let i = 0; i < groups.length; i++) {
      const size = groups[i]!.length
      const squares =
        (size + sizeX) * distances[x]![i]! ** 2 +
        (size + sizeY) * distances[y]![i]! ** 2 -
        size * between ** 2
      distances[x]![i] = distances[i]![x] = Math.sqrt(squares / (size + sizeX + sizeY))
    }
    groups[x]!.push(...groups[y]!)
    groups.splice(y, 1)
    distances.splice(y, 1)
    for (const row of distances) row.splice(y, 1)
  }
  const pooled = groups.map((group) => group.sort((a, b) => a - b)).sort((a, b) => a[0]! - b[0]!)
  return [...tokens.slice(0, protectedTokens).map((token) => [token]), ...pooled]
}
