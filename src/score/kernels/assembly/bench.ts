/**
 * What bench/maxsim.ts compares the kernels with: a plain int8 MaxSim built on the same dot product,
 * and the most this machine can do at all. Not shipped.
 */
import { WIDTH_SHIFT, dot, storeWide } from './lanes';
import { best, blocks, packed, packedBlockBytes, starts, units } from './query';

export { sumsPairs } from './lanes';
export { queryBytes, setQuery } from './query';

const CHUNK: i32 = 32;

/**
 * Plain int8 MaxSim: no centroids, no scales, no lookup.
 *
 * @param rows numVectors × dim int8; with relaxed SIMD value + 64 in 0 … 127. dim is a multiple of 16
 * @param work 32 × dim × 2 bytes
 */
export function scoreInt8(
  passages: usize, count: i32, offsets: usize, rows: usize, dim: i32, work: usize, out: usize,
): void {
  int8(false, passages, count, offsets, rows, dim, work, out);
}

export function scoreInt8ByPairs(
  passages: usize, count: i32, offsets: usize, rows: usize, dim: i32, work: usize, out: usize,
): void {
  if (ASC_FEATURE_RELAXED_SIMD) int8(true, passages, count, offsets, rows, dim, work, out);
}

// @ts-ignore: decorator
@inline
function int8(
  pairs: bool, passages: usize, count: i32, offsets: usize, rows: usize, dim: i32, work: usize, out: usize,
): void {
  for (let i = 0; i < count; i++) {
    const range = offsets + (load<u32>(passages + (i << 2)) << 2);
    const end = load<u32>(range, 4);
    for (let b = 0; b < blocks; b++) v128.store(best + (b << 4), i32x4.splat(i32.MIN_VALUE));
    for (let from = load<u32>(range); from < end; from += CHUNK) {
      const n = min<i32>(CHUNK, end - from);
      let part = rows + from * dim;
      if (WIDTH_SHIFT) {
        for (let k = 0; k < n * dim; k += 16) storeWide(work + (k << 1), v128.load(part + k));
        part = work;
      }
      let b = 0;
      for (; b + 1 < blocks; b += 2) tile(pairs, true, part, n, dim << WIDTH_SHIFT, b);
      if (b < blocks) tile(pairs, false, part, n, dim << WIDTH_SHIFT, b);
    }
    let sum = f32x4.splat(0);
    for (let b = 0; b < blocks << 4; b += 16) {
      sum = f32x4.add(sum, f32x4.mul(f32x4.convert_i32x4_s(v128.load(best + b)), v128.load(units + b)));
    }
    store<f32>(
      out + (i << 2),
      f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1) + f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3),
    );
  }
}

// @ts-ignore: decorator
@inline
function tile(pairs: bool, two: bool, rows: usize, count: i32, stride: usize, block: i32): void {
  const x = packed + block * packedBlockBytes;
  const y = x + packedBlockBytes;
  const at: usize = block << 4;
  const last = rows + <usize>(count - 1) * stride;
  const startX = v128.load(starts + at);
  const startY = two ? v128.load(starts + at, 16) : startX;
  let bestX = v128.load(best + at);
  let bestY = two ? v128.load(best + at, 16) : bestX;
  for (let r0 = rows; r0 <= last; r0 += stride << 2) {
    const r1 = min(r0 + stride, last);
    const r2 = min(r1 + stride, last);
    const r3 = min(r2 + stride, last);
    let x0 = startX, x1 = x0, x2 = x0, x3 = x0;
    let y0 = startY, y1 = y0, y2 = y0, y3 = y0;
    for (let k: usize = 0; k < stride; k += 4) {
      const w0 = v128.load32_splat(r0 + k), w1 = v128.load32_splat(r1 + k);
      const w2 = v128.load32_splat(r2 + k), w3 = v128.load32_splat(r3 + k);
      const qx = v128.load(x + (k << 2));
      x0 = dot(pairs, qx, w0, x0);
      x1 = dot(pairs, qx, w1, x1);
      x2 = dot(pairs, qx, w2, x2);
      x3 = dot(pairs, qx, w3, x3);
      if (two) {
        const qy = v128.load(y + (k << 2));
        y0 = dot(pairs, qy, w0, y0);
        y1 = dot(pairs, qy, w1, y1);
        y2 = dot(pairs, qy, w2, y2);
        y3 = dot(pairs, qy, w3, y3);
      }
    }
    bestX = i32x4.max_s(bestX, i32x4.max_s(i32x4.max_s(x0, x1), i32x4.max_s(x2, x3)));
    if (two) bestY = i32x4.max_s(bestY, i32x4.max_s(i32x4.max_s(y0, y1), i32x4.max_s(y2, y3)));
  }
  v128.store(best + at, bestX);
  if (two) v128.store(best + at, bestY, 16);
}

/** Multiply-adds of one `dotPeak` round. */
export function dotPeakMacs(): i32 {
  return ASC_FEATURE_RELAXED_SIMD ? 128 : 64;
}

/** Nothing but the dot product: eight independent sums, operands in registers or 4 KiB at `data`. */
export function dotPeak(data: usize, rounds: i32): i32 {
  return peak(false, data, rounds);
}

export function dotPeakByPairs(data: usize, rounds: i32): i32 {
  return ASC_FEATURE_RELAXED_SIMD ? peak(true, data, rounds) : 0;
}

// @ts-ignore: decorator
@inline
function peak(pairs: bool, data: usize, rounds: i32): i32 {
  const x = v128.load(data), y = v128.load(data, 16);
  let x0 = i32x4.splat(0), x1 = x0, x2 = x0, x3 = x0;
  let y0 = x0, y1 = x0, y2 = x0, y3 = x0;
  for (let i = 0; i < rounds; i++) {
    const at = data + ((i & 63) << 6);
    const w0 = v128.load(at), w1 = v128.load(at, 16), w2 = v128.load(at, 32), w3 = v128.load(at, 48);
    x0 = dot(pairs, x, w0, x0);
    x1 = dot(pairs, x, w1, x1);
    x2 = dot(pairs, x, w2, x2);
    x3 = dot(pairs, x, w3, x3);
    y0 = dot(pairs, y, w0, y0);
    y1 = dot(pairs, y, w1, y1);
    y2 = dot(pairs, y, w2, y2);
    y3 = dot(pairs, y, w3, y3);
  }
  const x4 = i32x4.add(i32x4.add(x0, x1), i32x4.add(x2, x3));
  const y4 = i32x4.add(i32x4.add(y0, y1), i32x4.add(y2, y3));
  return i32x4.extract_lane(i32x4.add(x4, y4), 0);
}

/** Reads every byte once; `bytes` is a multiple of 64. */
export function readAll(data: usize, bytes: i32): i32 {
  let a = i32x4.splat(0), b = a, c = a, d = a;
  for (let at = data, end = data + bytes; at < end; at += 64) {
    a = v128.xor(a, v128.load(at));
    b = v128.xor(b, v128.load(at, 16));
    c = v128.xor(c, v128.load(at, 32));
    d = v128.xor(d, v128.load(at, 48));
  }
  return i32x4.extract_lane(v128.xor(v128.xor(a, b), v128.xor(c, d)), 0);
}
