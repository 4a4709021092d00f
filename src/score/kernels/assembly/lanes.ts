/**
 * The integer dot product both modules are built on. A lane is a query token: 32 bits of a query
 * block hold a few consecutive dimensions of one token, and 32 bits of a row, repeated in every
 * lane, hold the same dimensions of one vector. No lane ever has to be summed with another.
 */

/** Dimensions per 32-bit lane: four int8 with relaxed SIMD, two int16 without. */
export const GROUP: i32 = ASC_FEATURE_RELAXED_SIMD ? 4 : 2;
/** log2 of the bytes one dimension takes in an expanded row or a packed query. */
export const WIDTH_SHIFT: i32 = ASC_FEATURE_RELAXED_SIMD ? 0 : 1;
/**
 * Added to every bucket weight: the second operand of the relaxed dot product must be 0 … 127 to
 * mean the same on every machine. The accumulator starts at −WEIGHT_OFFSET · Σ query to undo it.
 */
export const WEIGHT_OFFSET: i32 = ASC_FEATURE_RELAXED_SIMD ? 64 : 0;

/**
 * True where the four-way dot product is made of 16-bit pairs (x86 before AVX-VNNI), which shows in
 * how it treats operands beyond 7 bits: pairs saturate. Summing the pairs in a second instruction
 * is faster there; elsewhere (AVX-VNNI, ARM) the four-way product is one instruction.
 */
export function sumsPairs(): bool {
  if (!ASC_FEATURE_RELAXED_SIMD) return false;
  const sum = i32x4.relaxed_dot_i8x16_i7x16_add_s(i8x16.splat(127), i8x16.splat(<i8>255), i32x4.splat(0));
  return i32x4.extract_lane(sum, 0) == 2 * 32767;
}

/** @param pairs what `sumsPairs` said, as a constant */
// @ts-ignore: decorator
@inline
export function dot(pairs: bool, query: v128, row: v128, sum: v128): v128 {
  if (!ASC_FEATURE_RELAXED_SIMD) return i32x4.add(sum, i32x4.dot_i16x8_s(query, row));
  if (!pairs) return i32x4.relaxed_dot_i8x16_i7x16_add_s(query, row, sum);
  const products = i16x8.relaxed_dot_i8x16_i7x16_s(query, row);
  return i32x4.add(sum, i32x4.dot_i16x8_s(products, i16x8.splat(1)));
}

// @ts-ignore: decorator
@inline
export function multiplyAdd(a: v128, b: v128, sum: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, sum);
  return f32x4.add(sum, f32x4.mul(a, b));
}

/** Looks up sixteen bytes; every index is 0 … 15. */
// @ts-ignore: decorator
@inline
export function lookUp(table: v128, indices: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i8x16.relaxed_swizzle(table, indices);
  return i8x16.swizzle(table, indices);
}

/** Stores sixteen int8 at the width of an expanded row. */
// @ts-ignore: decorator
@inline
export function storeWide(at: usize, bytes: v128): void {
  if (WIDTH_SHIFT) {
    v128.store(at, i16x8.extend_low_i8x16_s(bytes));
    v128.store(at, i16x8.extend_high_i8x16_s(bytes), 16);
  } else v128.store(at, bytes);
}

// @ts-ignore: decorator
@inline
export function align16(bytes: i32): i32 {
  return (bytes + 15) & ~15;
}
