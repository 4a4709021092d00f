/**
 * The levels that represent given numbers with the least squared error: Lloyd's iteration (IEEE
 * Trans. Inf. Theory 28, 1982), exact on sorted numbers, from their quantiles as the start.
 *
 * @param sorted ascending, at least one
 * @returns `numLevels` ascending values
 */
export function lloydLevels(sorted: Float32Array, numLevels: number): Float64Array {
  const sums = new Float64Array(sorted.length + 1)
  for (let i = 0; i < sorted.length; i++) sums[i + 1] = sums[i]! + sorted[i]!
  const levels = Float64Array.from(
    { length: numLevels },
    (_, k) => sorted[Math.floor(((k + 0.5) / numLevels) * sorted.length)]!,
  )
  const starts = new Int32Array(numLevels + 1)
  starts[numLevels] = sorted.length
  for (let moved = true, round = 0; moved && round < MAX_ROUNDS; round++) {
    moved = false
    for (let k = 1; k < numLevels; k++) {
      const start = countBelow(sorted, (levels[k - 1]! + levels[k]!) / 2)
      if (start !== starts[k]) moved = true
      starts[k] = start
    }
    for (let k = 0; k < numLevels; k++) {
      const count = starts[k + 1]! - starts[k]!
      if (count > 0) levels[k] = (sums[starts[k + 1]!]! - sums[starts[k]!]!) / count
    }
  }
  return levels
}

/** The iteration ends by itself; this only bounds the time it may take. */
const MAX_ROUNDS = 2_000

function countBelow(sorted: Float32Array, border: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! < border) low = middle + 1
    else high = middle
  }
  return low
}
