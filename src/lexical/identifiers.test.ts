import { expect, test } from 'vitest'
import { identifiersOf } from './identifiers.ts'

const found = (query: string) => [...identifiersOf(query).terms]

test.each([
  ['AbortController.abort()', ['abortcontroller.abort', 'abortcontrol']],
  ['abort()', ['abort']],
  ['--no-verify', ['no-verify']],
  ['-v', ['v']],
  ['snake_case', ['snake_case']],
  ['E0308', ['e0308']],
  ['404', ['404']],
  ['C++', ['c++']],
  ['node:fs', ['node:fs']],
  ['@scope/pkg', ['scope/pkg']],
  ['.gitignore', ['gitignor']],
  ['$HOME', ['home']],
  ['std::vec::Vec', ['std::vec::vec']],
  ['src/content/config.ts', ['src/content/config.ts']],
  ['__proto__', ['__proto__']],
])('%s is an identifier, and the query is nothing else', (query, terms) => {
  expect(identifiersOf(query)).toEqual({ terms: new Set(terms), only: true })
})

test.each([
  'cancel a running fetch',
  'boundary-layer flow',
  'and/or, e.g. in the U.S.',
  'real-time APIs over HTTP',
  'file(s) — or folders',
  'does it end here. Then',
  '東京 天気',
  '',
])('%s is language', (query) => {
  expect(identifiersOf(query)).toEqual({ terms: new Set(), only: false })
})

test('function words around an identifier do not make it a question, other words do', () => {
  expect(identifiersOf('what is E0308?').only).toBe(true)
  expect(identifiersOf('fix error E0308').only).toBe(false)
  expect(found('fix error E0308')).toEqual(['e0308'])
})
