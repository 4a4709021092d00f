import { expect, test } from 'vitest'
import { seededRandom } from '../util/random.ts'
import { lloydLevels } from './lloyd.ts'

test('two heaps of numbers get their means as levels', () => {
  expect([...lloydLevels(Float32Array.of(0, 1, 2, 10, 11, 12, 13), 2)]).toEqual([1, 11.5])
})

test('equal numbers get equal levels', () => {
  expect([...lloydLevels(new Float32Array(9).fill(2), 4)]).toEqual([2, 2, 2, 2])
})

test('more levels than numbers leave no error', () => {
  const levels = lloydLevels(Float32Array.of(-1, 0, 3), 16)
  expect([...new Set(levels)]).toEqual([-1, 0, 3])
})

test('evenly spread numbers get evenly spread levels', () => {
  const random = seededRandom(5)
  const numbers = Float32Array.from({ length: 50_000 }, random).sort()
  lloydLevels(numbers, 4).forEach((level, k) => {
    expect(level).toBeCloseTo((k + 0.5) / 4, 1)
  })
})

test('the levels of a bell curve are those of the textbook', () => {
  const random = seededRandom(6)
  const numbers = Float32Array.from({ length: 100_000 }, () => {
    let sum = -6
    for (let i = 0; i < 12; i++) sum += random()
    return sum
  }).sort()
  // Max (1960), table I, for unit variance and four levels.
  const expected = [-1.51, -0.4528, 0.4528, 1.51]
  lloydLevels(numbers, 4).forEach((level, k) => {
    expect(Math.abs(level - expected[k]!)).toBeLessThan(0.02)
  })
})
