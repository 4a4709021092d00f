/** IEEE 754 half precision, which JavaScript's typed arrays lack in Node 20 and older browsers. */

const word = new DataView(new ArrayBuffer(4))

/** The value of a half given by its 16 bits. */
export function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

/** The 16 bits of the half nearest to a float32, ties to even; beyond ±65,504 infinity. */
export function floatToHalf(value: number): number {
  word.setFloat32(0, value)
  const float = word.getUint32(0)
  const sign = (float >>> 16) & 0x8000
  const exponent = (float >>> 23) & 255
  const fraction = float & 0x7fffff
  if (exponent === 255) return sign | 0x7c00 | (fraction ? 0x200 : 0)
  // Below 2^−14 halves are multiples of 2^−24; the significand is shifted there with its leading one.
  const halfExponent = exponent - 112
  const shift = halfExponent > 0 ? 13 : 14 - halfExponent
  if (shift > 24) return sign
  const significand = halfExponent > 0 ? (halfExponent << 23) | fraction : 0x800000 | fraction
  const kept = significand >>> shift
  const rest = significand & ((1 << shift) - 1)
  const tie = 1 << (shift - 1)
  // A carry out of the fraction raises the exponent, as it should.
  const rounded = kept + (rest > tie || (rest === tie && kept & 1) ? 1 : 0)
  return sign | Math.min(rounded, 0x7c00)
}

/** The half nearest to a float32, as a number. */
export function roundToHalf(value: number): number {
  return halfToFloat(floatToHalf(value))
}
