import { expect, test } from 'vitest'
import { floatToHalf, halfToFloat, roundToHalf } from './half.ts'

test('every half survives the way to float and back', () => {
  for (let bits = 0; bits < 0x10000; bits++) {
    const value = halfToFloat(bits)
    if (Number.isNaN(value)) expect(halfToFloat(floatToHalf(value))).toBeNaN()
    else if (floatToHalf(value) !== bits) expect.unreachable(`bits ${bits.toString(16)}`)
  }
})

test('a float between two halves goes to the nearer one, and half way to the even one', () => {
  for (let bits = 0; bits < 0x7bff; bits++) {
    const low = halfToFloat(bits)
    const high = halfToFloat(bits + 1)
    const middle = (low + high) / 2
    const even = bits & 1 ? bits + 1 : bits
    const quarter = (high - low) / 4
    if (
      floatToHalf(middle) !== even ||
      floatToHalf(middle - quarter) !== bits ||
      floatToHalf(middle + quarter) !== bits + 1 ||
      floatToHalf(-middle) !== (even | 0x8000)
    ) {
      expect.unreachable(`between ${low} and ${high}`)
    }
  }
})

test('what is too large becomes infinity and what is too small becomes zero', () => {
  expect(roundToHalf(65_519)).toBe(65_504)
  expect(roundToHalf(65_520)).toBe(Number.POSITIVE_INFINITY)
  expect(roundToHalf(-1e30)).toBe(Number.NEGATIVE_INFINITY)
  expect(roundToHalf(2 ** -25)).toBe(0)
  expect(roundToHalf(2 ** -25 * 1.01)).toBe(2 ** -24)
  expect(floatToHalf(-1e-30)).toBe(0x8000)
})
