/**
 * MaxSim over residual codes, never decompressed to floats:
 * scale · (query · centroid + unit · Σ query8 · weight[code]), the first product from a table made
 * once per query, the second in integers.
 */
import { WEIGHT_OFFSET, WIDTH_SHIFT, align16, dot, lookUp, multiplyAdd, storeWide } from './lanes';
import { best, blocks, packed, packedBlockBytes, starts, units } from './query';

/** Vectors expanded at a time: their rows stay in the first-level cache while every query block meets them. */
const CHUNK: i32 = 32;

let dim: i32 = 0;
let bits: i32 = 0;
let codes: usize = 0;
let centroidIds: usize = 0;
let wideIds: bool = false;
let scaleCodes: usize = 0;
let scales: usize = 0;
let lut: v128 = i32x4.splat(0);

/**
 * @param weights 16 int8 bucket weights, zero beyond 2^bits
 * @param table   16 f32 scales
 */
export function openResidual(
  dimensions: i32, bitsPerDimension: i32, codesAt: usize, idsAt: usize, idBytes: i32, scaleCodesAt: usize,
  weights: usize, table: usize,
): void {
  dim = dimensions;
  bits = bitsPerDimension;
  codes = codesAt;
  centroidIds = idsAt;
  wideIds = idBytes == 2;
  scaleCodes = scaleCodesAt;
  scales = table;
  lut = i8x16.add(v128.load(weights), i8x16.splat(<i8>WEIGHT_OFFSET));
}

// Sixteen bytes of slack: an expanded row ends in a whole vector store.
// @ts-ignore: decorator
@inline
function rowBytes(): usize {
  return align16(dim + 16 << WIDTH_SHIFT);
}

/** Bytes `maxResidualRows` needs in `work`. */
export function residualBytes(): i32 {
  return CHUNK * (<i32>rowBytes() + 8);
}

/**
 * Raises `best` to the similarities of vectors `from` to `end`.
 *
 * @param pairs what `sumsPairs` says, as a constant
 */
// @ts-ignore: decorator
@inline
export function maxResidualRows(pairs: bool, from: i32, end: i32, table: usize, work: usize): void {
  for (; from < end; from += CHUNK) {
    const n = min(CHUNK, end - from);
    if (wideIds) tagWide(from, n, table, work);
    else tagNarrow(from, n, table, work);
    if (bits == 4) expand4(from, n, work);
    else if (bits == 2) expand2(from, n, work);
    else expand1(from, n, work);
    let b = 0;
    for (; b + 1 < blocks; b += 2) tile(pairs, true, work, n, b);
    if (b < blocks) tile(pairs, false, work, n, b);
  }
}

// Functions of their own, as engines find registers for a small loop and spill them in a large function.
function tagWide(from: i32, n: i32, table: usize, work: usize): void {
  tag(true, from, n, table, work);
}
function tagNarrow(from: i32, n: i32, table: usize, work: usize): void {
  tag(false, from, n, table, work);
}
function expand4(from: i32, n: i32, work: usize): void {
  expand(4, from, n, work);
}
function expand2(from: i32, n: i32, work: usize): void {
  expand(2, from, n, work);
}
function expand1(from: i32, n: i32, work: usize): void {
  expand(1, from, n, work);
}

/** For every row of the chunk: where the scores of its centroid are, and its scale. */
// @ts-ignore: decorator
@inline
function tag(wide: bool, from: i32, n: i32, table: usize, work: usize): void {
  const stripBytes: usize = blocks << 4;
  const levels = scales;
  const nibbles = scaleCodes;
  let id = centroidIds + (from << <i32>wide);
  let tags = work + <usize>CHUNK * rowBytes();
  for (let vector = from, end = from + n; vector < end; vector++) {
    const centroid: usize = wide ? <usize>load<u16>(id) : <usize>load<u8>(id);
    const level = (<u32>load<u8>(nibbles + (vector >> 1)) >> ((vector & 1) << 2)) & 15;
    store<u32>(tags, table + centroid * stripBytes);
    store<f32>(tags, load<f32>(levels + (<usize>level << 2)), 4);
    id += wide ? 2 : 1;
    tags += 8;
  }
}

/**
 * Turns the codes of `n` vectors into rows of weights. A store that overruns its plane spoils the
 * first bytes of the next one; going backwards, and upwards through the planes, mends them.
 */
// @ts-ignore: decorator
@inline
function expand(bits: i32, from: i32, n: i32, work: usize): void {
  const bytes = dim * bits >> 3;
  const plane: usize = bytes << WIDTH_SHIFT;
  const stride = rowBytes();
  const weights = lut;
  const mask = i8x16.splat((<i8>1 << <i8>bits) - 1);
  let source = codes + from * bytes;
  for (let row = work, end = work + <usize>n * stride; row < end; row += stride) {
    for (let j = (bytes - 1) & ~15; j >= 0; j -= 16) {
      const packed = v128.load(source + j);
      const at = row + (j << WIDTH_SHIFT);
      storeWide(at, lookUp(weights, v128.and(packed, mask)));
      if (bits == 1) {
        storeWide(at + plane, lookUp(weights, v128.and(i16x8.shr_u(packed, 1), mask)));
        storeWide(at + 2 * plane, lookUp(weights, v128.and(i16x8.shr_u(packed, 2), mask)));
        storeWide(at + 3 * plane, lookUp(weights, v128.and(i16x8.shr_u(packed, 3), mask)));
        storeWide(at + 4 * plane, lookUp(weights, v128.and(i16x8.shr_u(packed, 4), mask)));
        storeWide(at + 5 * plane, lookUp(weights, v128.and(i16x8.shr_u(packed, 5), mask)));
        storeWide(at + 6 * plane, lookUp(weights, v128.and(i16x8.shr_u(packed, 6), mask)));
        storeWide(at + 7 * plane, lookUp(weights, v128.and(i16x8.shr_u(packed, 7), mask)));
      } else if (bits == 2) {
        storeWide(at + plane, lookUp(weights, v128.and(i16x8.shr_u(packed, 2), mask)));
        storeWide(at + 2 * plane, lookUp(weights, v128.and(i16x8.shr_u(packed, 4), mask)));
        storeWide(at + 3 * plane, lookUp(weights, v128.and(i16x8.shr_u(packed, 6), mask)));
      } else storeWide(at + plane, lookUp(weights, v128.and(i16x8.shr_u(packed, 4), mask)));
    }
    source += bytes;
  }
}

/** Four rows by one or two query blocks; rows past the end repeat the last one, which changes no maximum. */
// @ts-ignore: decorator
@inline
function tile(pairs: bool, two: bool, work: usize, count: i32, block: i32): void {
  const x = packed + block * packedBlockBytes;
  const y = x + packedBlockBytes;
  const at: usize = block << 4;
  const stride: usize = rowBytes();
  const last = work + <usize>(count - 1) * stride;
  const groupsEnd: usize = packedBlockBytes >> 2;
  let tags = work + <usize>CHUNK * stride;
  const lastTags = tags + (count - 1 << 3);
  const startX = v128.load(starts + at);
  const startY = two ? v128.load(starts + at, 16) : startX;
  const unitX = v128.load(units + at);
  const unitY = two ? v128.load(units + at, 16) : unitX;
  let bestX = v128.load(best + at);
  let bestY = two ? v128.load(best + at, 16) : bestX;
  for (let r0 = work; r0 <= last; r0 += stride << 2) {
    const r1 = min(r0 + stride, last);
    const r2 = min(r1 + stride, last);
    const r3 = min(r2 + stride, last);
    let x0 = startX, x1 = x0, x2 = x0, x3 = x0;
    let y0 = startY, y1 = y0, y2 = y0, y3 = y0;
    for (let k: usize = 0; k < groupsEnd; k += 4) {
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
    const t1 = min(tags + 8, lastTags), t2 = min(t1 + 8, lastTags), t3 = min(t2 + 8, lastTags);
    bestX = f32x4.pmax(bestX, finish(x0, unitX, tags, at));
    bestX = f32x4.pmax(bestX, finish(x1, unitX, t1, at));
    bestX = f32x4.pmax(bestX, finish(x2, unitX, t2, at));
    bestX = f32x4.pmax(bestX, finish(x3, unitX, t3, at));
    if (two) {
      bestY = f32x4.pmax(bestY, finish(y0, unitY, tags, at + 16));
      bestY = f32x4.pmax(bestY, finish(y1, unitY, t1, at + 16));
      bestY = f32x4.pmax(bestY, finish(y2, unitY, t2, at + 16));
      bestY = f32x4.pmax(bestY, finish(y3, unitY, t3, at + 16));
    }
    tags += 32;
  }
  v128.store(best + at, bestX);
  if (two) v128.store(best + at, bestY, 16);
}

// @ts-ignore: decorator
@inline
function finish(sum: v128, unit: v128, tags: usize, token: usize): v128 {
  const centroid = v128.load(<usize>load<u32>(tags) + token);
  return f32x4.mul(v128.load32_splat(tags, 4), multiplyAdd(f32x4.convert_i32x4_s(sum), unit, centroid));
}
