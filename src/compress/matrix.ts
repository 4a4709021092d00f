/** What every stage of compression does with vectors before it uses them. */
import { LateenError } from '../errors.ts'
import type { TokenMatrix } from '../types.ts'
import { paddedRows } from './products.ts'

/** @throws LateenError `bad-argument` when the shape contradicts the data or a component is not finite */
export function assertTokenMatrix({ data, numTokens, dim }: TokenMatrix): void {
  if (!Number.isInteger(dim) || dim < 1 || data.length !== numTokens * dim) {
    throw new LateenError(
      'bad-argument',
      `A matrix of ${numTokens} vectors × ${dim} must hold ${numTokens * dim} numbers, but it holds ${data.length}.`,
    )
  }
  // x · 0 is 0 for every finite x and NaN for all others, so one sum tests everything without a branch.
  let sum = 0
  for (let i = 0; i < data.length; i++) sum += data[i]! * 0
  if (sum !== 0) {
    const at = data.findIndex((value) => !Number.isFinite(value))
    throw new LateenError(
      'bad-argument',
      `Vectors must be finite, but component ${at % dim} of vector ${Math.floor(at / dim)} is ${data[at]}. The encoder's output is damaged; try another backend.`,
    )
  }
}

/**
 * Rows `from` to `to` stretched to length 1, as doubles with padding for {@link multiplyRows}. A row
 * of zeros stays one.
 */
export function unitRows({ data, dim }: TokenMatrix, from: number, to: number): Float64Array {
  const rows = paddedRows(data.subarray(from * dim, to * dim), to - from, dim)
  for (let start = 0; start < (to - from) * dim; start += dim) stretch(rows, start, dim)
  return rows
}

/** Makes one row as long as 1, unless it is zero. Returns its former length. */
export function stretch(rows: Float64Array, start: number, dim: number): number {
  let square = 0
  for (let d = start; d < start + dim; d++) square += rows[d]! * rows[d]!
  const length = Math.sqrt(square)
  if (length > 0) for (let d = start; d < start + dim; d++) rows[d]! /= length
  return length
}
