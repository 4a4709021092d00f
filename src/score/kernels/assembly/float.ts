/** MaxSim over float32 vectors, and the table of centroid scores, which is the same product. */
import { multiplyAdd } from './lanes';
import { best, blocks, floats } from './query';

/** Rows visited for one pair of query blocks before the next pair: they stay in the first-level cache. */
const CHUNK: i32 = 32;

/** Raises `best` to the similarities of `count` rows of `dim` floats. */
export function maxFloatRows(rows: usize, count: i32, dim: i32): void {
  for (let from = 0; from < count; from += CHUNK) {
    const part = rows + from * (dim << 2);
    const n = min(CHUNK, count - from);
    let b = 0;
    for (; b + 1 < blocks; b += 2) tile(true, false, part, n, dim, b, 0);
    if (b < blocks) tile(false, false, part, n, dim, b, 0);
  }
}

/** Writes count × (4 · blocks) similarities, row-major: one contiguous strip of tokens per row. */
export function floatTable(rows: usize, count: i32, dim: i32, table: usize): void {
  let b = 0;
  for (; b + 1 < blocks; b += 2) tile(true, true, rows, count, dim, b, table);
  if (b < blocks) tile(false, true, rows, count, dim, b, table);
}

/** Four rows by one or two query blocks; rows past the end repeat the last one, which changes no maximum. */
// @ts-ignore: decorator
@inline
function tile(two: bool, toTable: bool, rows: usize, count: i32, dim: i32, block: i32, table: usize): void {
  const blockBytes: usize = dim << 4;
  const x = floats + <usize>block * blockBytes;
  const y = x + blockBytes;
  const at = best + (block << 4);
  const stride: usize = dim << 2;
  const last = rows + <usize>(count - 1) * stride;
  const stripBytes: usize = blocks << 4;
  let strip = table + (block << 4);
  const lastStrip = strip + <usize>(count - 1) * stripBytes;
  let bestX = v128.load(at);
  let bestY = two ? v128.load(at, 16) : bestX;
  for (let r0 = rows; r0 <= last; r0 += stride << 2) {
    const r1 = min(r0 + stride, last);
    const r2 = min(r1 + stride, last);
    const r3 = min(r2 + stride, last);
    let x0 = f32x4.splat(0), x1 = x0, x2 = x0, x3 = x0;
    let y0 = x0, y1 = x0, y2 = x0, y3 = x0;
    for (let k: usize = 0; k < stride; k += 4) {
      const v0 = v128.load32_splat(r0 + k), v1 = v128.load32_splat(r1 + k);
      const v2 = v128.load32_splat(r2 + k), v3 = v128.load32_splat(r3 + k);
      const qx = v128.load(x + (k << 2));
      x0 = multiplyAdd(qx, v0, x0);
      x1 = multiplyAdd(qx, v1, x1);
      x2 = multiplyAdd(qx, v2, x2);
      x3 = multiplyAdd(qx, v3, x3);
      if (two) {
        const qy = v128.load(y + (k << 2));
        y0 = multiplyAdd(qy, v0, y0);
        y1 = multiplyAdd(qy, v1, y1);
        y2 = multiplyAdd(qy, v2, y2);
        y3 = multiplyAdd(qy, v3, y3);
      }
    }
    if (toTable) {
      const s1 = min(strip + stripBytes, lastStrip);
      const s2 = min(s1 + stripBytes, lastStrip);
      const s3 = min(s2 + stripBytes, lastStrip);
      v128.store(strip, x0);
      v128.store(s1, x1);
      v128.store(s2, x2);
      v128.store(s3, x3);
      if (two) {
        v128.store(strip, y0, 16);
        v128.store(s1, y1, 16);
        v128.store(s2, y2, 16);
        v128.store(s3, y3, 16);
      }
      strip += stripBytes << 2;
    } else {
      bestX = f32x4.pmax(bestX, f32x4.pmax(f32x4.pmax(x0, x1), f32x4.pmax(x2, x3)));
      if (two) bestY = f32x4.pmax(bestY, f32x4.pmax(f32x4.pmax(y0, y1), f32x4.pmax(y2, y3)));
    }
  }
  if (!toTable) {
    v128.store(at, bestX);
    if (two) v128.store(at, bestY, 16);
  }
}
