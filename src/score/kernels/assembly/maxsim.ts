/**
 * The kernel module: MaxSim of one query against chosen passages of one segment. Compiled twice,
 * with and without relaxed SIMD. Memory belongs to the caller; nothing is allocated here.
 */
import { floatTable, maxFloatRows } from './float';
import { maxResidualRows } from './residual';
import { resetBest, sumOfBest } from './query';

export { queryBytes, setQuery } from './query';
export { openResidual, residualBytes } from './residual';
export { floatTable } from './float';
export { sumsPairs } from './lanes';

/**
 * @param passages count u32 passage numbers
 * @param offsets  running vector counts of the segment
 * @param table    centroid scores of this query
 * @param out      count f32
 */
export function scoreResidual(
  passages: usize, count: i32, offsets: usize, table: usize, work: usize, out: usize,
): void {
  residual(false, passages, count, offsets, table, work, out);
}

/** The same for machines where `sumsPairs`: a function of its own, as engines compile large functions worse. */
export function scoreResidualByPairs(
  passages: usize, count: i32, offsets: usize, table: usize, work: usize, out: usize,
): void {
  if (ASC_FEATURE_RELAXED_SIMD) residual(true, passages, count, offsets, table, work, out);
}

// @ts-ignore: decorator
@inline
function residual(
  pairs: bool, passages: usize, count: i32, offsets: usize, table: usize, work: usize, out: usize,
): void {
  for (let i = 0; i < count; i++) {
    const range = offsets + (load<u32>(passages + (i << 2)) << 2);
    const from = load<u32>(range), end = load<u32>(range, 4);
    resetBest();
    if (from != end) maxResidualRows(pairs, from, end, table, work);
    store<f32>(out + (i << 2), from == end ? 0 : sumOfBest());
  }
}

/** @param vectors the segment's vectors as f32, row-major */
export function scoreFloat(
  passages: usize, count: i32, offsets: usize, vectors: usize, dim: i32, out: usize,
): void {
  for (let i = 0; i < count; i++) {
    const range = offsets + (load<u32>(passages + (i << 2)) << 2);
    const from = load<u32>(range), end = load<u32>(range, 4);
    resetBest();
    if (from != end) maxFloatRows(vectors + from * (dim << 2), end - from, dim);
    store<f32>(out + (i << 2), from == end ? 0 : sumOfBest());
  }
}
