/** Made-up vectors for the tests of compression. */
import type { TokenMatrix } from '../types.ts'
import { seededRandom } from '../util/random.ts'

/** Unit vectors around a few directions, as the tokens of passages are. */
export function clusteredVectors(numTokens: number, dim: number, seed: number, numGroups = 8): TokenMatrix {
  const random = seededRandom(seed)
  const noise = () => random() + random() + random() - 1.5
  const groups = Float64Array.from({ length: numGroups * dim }, noise)
  const data = new Float32Array(numTokens * dim)
  for (let i = 0; i < numTokens; i++) {
    const group = Math.floor(random() * numGroups) * dim
    const row = Array.from({ length: dim }, (_, d) => groups[group + d]! + 0.6 * noise())
    const length = Math.hypot(...row)
    data.set(
      row.map((value) => value / length),
      i * dim,
    )
  }
  return { data, numTokens, dim }
}

export function matrixOf(...rows: readonly (readonly number[])[]): TokenMatrix {
  return { data: Float32Array.from(rows.flat()), numTokens: rows.length, dim: rows[0]?.length ?? 1 }
}

export function rowOf({ data, dim }: TokenMatrix, i: number): Float32Array {
  return data.subarray(i * dim, (i + 1) * dim)
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0
  for (let d = 0; d < a.length; d++) sum += a[d]! * b[d]!
  return sum
}

export function lengthOf(row: ArrayLike<number>): number {
  return Math.sqrt(dot(row, row))
}
