/** Dot products of many rows with many rows, the inner loop of pooling and of centroid search. */

/** Rows of {@link ROWS} × {@link COLUMNS} products are taken together, so that each load serves several of them. */
export const ROWS = 2
export const COLUMNS = 4

/**
 * Copies rows into doubles, with zero rows after them, so that blocks may reach past the end.
 * Doubles, because JavaScript multiplies them without converting.
 */
export function paddedRows(data: Float32Array, numRows: number, dim: number): Float64Array {
  const rows = new Float64Array((numRows + COLUMNS - 1) * dim)
  rows.set(data.subarray(0, numRows * dim))
  return rows
}

/**
 * Writes the products of 2 rows of `a` from row `i` with 4 rows of `b` from row `j`.
 *
 * @param out 2 × 4, row-major
 */
export function multiplyRows(
  a: Float64Array,
  i: number,
  b: Float64Array,
  j: number,
  dim: number,
  out: Float64Array,
): void {
  const a0 = i * dim
  const a1 = a0 + dim
  const b0 = j * dim
  const b1 = b0 + dim
  const b2 = b1 + dim
  const b3 = b2 + dim
  let s00 = 0
  let s01 = 0
  let s02 = 0
  let s03 = 0
  let s10 = 0
  let s11 = 0
  let s12 = 0
  let s13 = 0
  for (let d = 0; d < dim; d++) {
    const u = a[a0 + d]!
    const v = a[a1 + d]!
    const w = b[b0 + d]!
    const x = b[b1 + d]!
    const y = b[b2 + d]!
    const z = b[b3 + d]!
    s00 += u * w
    s01 += u * x
    s02 += u * y
    s03 += u * z
    s10 += v * w
    s11 += v * x
    s12 += v * y
    s13 += v * z
  }
  out[0] = s00
  out[1] = s01
  out[2] = s02
  out[3] = s03
  out[4] = s10
  out[5] = s11
  out[6] = s12
  out[7] = s13
}
