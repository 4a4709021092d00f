import { expect, test } from 'vitest'
import { exhaustive } from './exhaustive.ts'

test('every passage is a candidate', () => {
  expect(exhaustive().select(4)).toEqual(Uint32Array.of(0, 1, 2, 3))
  expect(exhaustive().select(0)).toEqual(new Uint32Array(0))
})

test('passages that are not allowed are left out', () => {
  expect(exhaustive().select(5, (passage) => passage % 2 === 1)).toEqual(Uint32Array.of(1, 3))
  expect(exhaustive().select(5, () => false)).toEqual(new Uint32Array(0))
})
