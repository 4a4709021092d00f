/** Row-major vectors, as the head and the known answers need them. */

/** The first `dim` of every `width` components; nothing is copied where these are all. */
export function cutRows(rows: Float32Array, width: number, dim: number): Float32Array {
  if (width === dim) return rows
  const numRows = rows.length / width
  const cut = new Float32Array(numRows * dim)
  for (let row = 0; row < numRows; row++) {
    cut.set(rows.subarray(row * width, row * width + dim), row * dim)
  }
  return cut
}

/** Scales every row to unit length, in place; a row of zeros stays. */
export function normalizeRows(rows: Float32Array, dim: number): Float32Array {
  for (let offset = 0; offset < rows.length; offset += dim) {
    let sum = 0
    for (let i = 0; i < dim; i++) sum += rows[offset + i]! ** 2
    const scale = sum > 0 ? 1 / Math.sqrt(sum) : 0
    for (let i = 0; i < dim; i++) rows[offset + i]! *= scale
  }
  return rows
}
