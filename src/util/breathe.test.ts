import { expect, test } from 'vitest'
import { breathe } from './breathe.ts'

test('timers and messages get their turn during a long job', async () => {
  let seen = 0
  const timer = setInterval(() => seen++, 1)
  const endMs = performance.now() + 200
  while (performance.now() < endMs) await breathe()
  clearInterval(timer)
  expect(seen).toBeGreaterThan(2)
})
