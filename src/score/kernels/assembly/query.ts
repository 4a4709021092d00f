/**
 * The query as the kernels want it: blocks of four tokens, token = lane, padded with zeros.
 * One set of these tables lives in a module instance and is rebuilt for every query.
 */
import { GROUP, WEIGHT_OFFSET, WIDTH_SHIFT, align16 } from './lanes';

/** Number of four-token blocks. */
export let blocks: i32 = 0;
/** f32 query: [block][dimension][4 tokens]. */
export let floats: usize = 0;
/** Quantised query: [block][group of dimensions][4 tokens][dimensions of the group]. */
export let packed: usize = 0;
export let packedBlockBytes: i32 = 0;
/** i32 per token: where the accumulator starts. */
export let starts: usize = 0;
/** f32 per token: what one unit of the accumulator is worth. */
export let units: usize = 0;
/** f32 per token: largest similarity so far. */
export let best: usize = 0;
let tokens: i32 = 0;

/** Bytes `setQuery` takes from `work` on. */
export function queryBytes(numTokens: i32, dim: i32): i32 {
  const count = (numTokens + 3) >> 2;
  return count * ((dim << 4) + packedBytes(dim) + 48);
}

function packedBytes(dim: i32): i32 {
  return ((dim + GROUP - 1) / GROUP) << 4;
}

/**
 * @param query      numTokens × dim f32, row-major
 * @param weightStep what one unit of a bucket weight is worth
 * @param work       16-byte aligned, `queryBytes` long
 */
export function setQuery(query: usize, numTokens: i32, dim: i32, weightStep: f32, work: usize): void {
  tokens = numTokens;
  blocks = (numTokens + 3) >> 2;
  packedBlockBytes = packedBytes(dim);
  floats = work;
  packed = floats + blocks * (dim << 4);
  starts = packed + blocks * packedBlockBytes;
  units = starts + (blocks << 4);
  best = units + (blocks << 4);
  memory.fill(work, 0, best + (blocks << 4) - work);
  for (let t = 0; t < numTokens; t++) packToken(query + t * (dim << 2), t, dim, weightStep);
}

function packToken(row: usize, t: i32, dim: i32, weightStep: f32): void {
  const lane: usize = t & 3;
  const floatBlock = floats + (t >> 2) * (dim << 4) + (lane << 2);
  let largest: f32 = 0;
  for (let d = 0; d < dim; d++) {
    const x = load<f32>(row + (d << 2));
    store<f32>(floatBlock + (d << 4), x);
    largest = max(largest, abs(x));
  }
  if (largest == 0) return;
  const packedBlock = packed + (t >> 2) * packedBlockBytes + (lane << 2);
  const step: f32 = largest / 127;
  let sum = 0;
  for (let d = 0; d < dim; d++) {
    const q = <i32>nearest(load<f32>(row + (d << 2)) / step);
    const at = packedBlock + (d / GROUP << 4) + (d % GROUP << WIDTH_SHIFT);
    if (WIDTH_SHIFT) store<i16>(at, q);
    else store<i8>(at, q);
    sum += q;
  }
  store<i32>(starts + (t << 2), -WEIGHT_OFFSET * sum);
  store<f32>(units + (t << 2), step * weightStep);
}

// @ts-ignore: decorator
@inline
export function resetBest(): void {
  for (let b = 0; b < blocks; b++) v128.store(best + (b << 4), f32x4.splat(-Infinity));
}

// @ts-ignore: decorator
@inline
export function sumOfBest(): f32 {
  let sum: f32 = 0;
  for (let t = 0; t < tokens; t++) sum += load<f32>(best + (t << 2));
  return sum;
}
