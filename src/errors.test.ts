import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { asLateenError, ERROR_CODES, isLateenError, LateenError } from './errors.ts'

test('docs/errors.md explains every code and no other', () => {
  const documented = [...readFileSync('docs/errors.md', 'utf8').matchAll(/^\| `([a-z-]+)` +\|/gm)].map(
    ([, code]) => code,
  )
  expect(documented).toEqual([...ERROR_CODES])
})

test('an error of ours passes through unchanged, anything else gets the given code and keeps its cause', () => {
  const ours = new LateenError('network', 'No answer.')
  expect(asLateenError(ours, 'internal')).toBe(ours)
  const foreign = new TypeError('x is not a function')
  const wrapped = asLateenError(foreign, 'worker-failed')
  expect(wrapped).toMatchObject({ code: 'worker-failed', message: 'x is not a function', cause: foreign })
  expect(asLateenError('text').code).toBe('internal')
})

test('isLateenError can ask for a code', () => {
  const error = new LateenError('aborted', 'Stopped.')
  expect(isLateenError(error)).toBe(true)
  expect(isLateenError(error, 'aborted')).toBe(true)
  expect(isLateenError(error, 'closed')).toBe(false)
  expect(isLateenError(new Error('aborted'))).toBe(false)
})
