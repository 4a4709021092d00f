import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fold, termsOf, wordsOf } from './terms.ts'

const words = (text: string) => Array.from(wordsOf(text), (word) => word.text)
const terms = (text: string) =>
  Array.from(wordsOf(text), (word) => termsOf(word).map(({ term }) => term)).flat()

test('English words are folded and stemmed', () => {
  expect(terms('Cancelling the Queries')).toEqual(['cancel', 'the', 'queri'])
})

test.each([
  ['AbortController.abort()', ['abortcontroller.abort', 'abortcontrol', 'abort', 'control']],
  ['fs.readFile', ['fs.readfile', 'fs', 'readfil', 'read', 'file']],
  ['--no-verify', ['no-verify', 'no', 'verifi']],
  ['snake_case', ['snake_case', 'snake', 'case']],
  ['E0308', ['e0308']],
  ['HTMLElement', ['htmlelement', 'html', 'element']],
  ['std::vec::Vec', ['std::vec::vec', 'std', 'vec']],
  ['@scope/pkg', ['scope/pkg', 'scope', 'pkg']],
  ['C++ and C#', ['c++', 'c', 'and', 'c#', 'c']],
  ['1.2.3-rc.1', ['1.2.3-rc.1', '1', '2', '3-rc', '3', 'rc']],
])('identifiers are kept whole and cut into parts: %s', (text, expected) => {
  expect(terms(text)).toEqual(expected)
})

test('an identifier is found under its parts however it is written', () => {
  for (const spelling of ['readFile', 'read_file', 'read-file', 'ReadFile', 'read.file']) {
    expect(terms(spelling)).toEqual(expect.arrayContaining(['read', 'file']))
  }
})

test('names every object has are ordinary words', () => {
  expect(terms('constructor')).toEqual(['constructor'])
  expect(terms('toString')).toEqual(['tostr', 'to', 'string'])
  expect(terms('__proto__')).toEqual(['__proto__', 'proto'])
  expect(terms('hasOwnProperty')).toContain('properti')
})

test('Latin accents, full width and case are folded, other marks are kept', () => {
  expect(fold('Café')).toBe('cafe')
  expect(fold('ＡＢＣ')).toBe('abc')
  expect(fold('İstanbul')).toBe('istanbul')
  expect(fold('ΣΊΣΥΦΟΣ')).toBe(fold('σίσυφος'))
  expect(fold('がぎ')).toBe('がぎ')
  expect(fold('हिन्दी')).toBe('हिन्दी')
})

test('scripts without spaces become pairs and the last character', () => {
  expect(words('東京都の天気')).toEqual(['東京', '京都', '都の', 'の天', '天気', '気'])
  expect(words('用API开发')).toEqual(['用', 'API', '开发', '发'])
  expect(words('水')).toEqual(['水'])
  expect(words('검색 엔진')).toEqual(['검색', '색', '엔진', '진'])
})

test('characters beyond the basic plane are not torn', () => {
  expect(words('𠮷野家')).toEqual(['𠮷野', '野家', '家'])
})

test('right-to-left scripts are words like any other', () => {
  expect(words('שלום עולם, مرحبا')).toEqual(['שלום', 'עולם', 'مرحبا'])
})

test('emoji, punctuation and nothing give no words', () => {
  expect(words('🙂 — … !? ()')).toEqual([])
  expect(words('')).toEqual([])
})

test('encoded data and long paths are not kept whole', () => {
  const path = `https://example.org/${'segment/'.repeat(20)}end`
  const found = terms(path)
  expect(found).toContain('segment')
  expect(Math.max(...found.map((term) => term.length))).toBeLessThanOrEqual(48)
  expect(terms('A'.repeat(10_000))).toEqual([])
})

test('every word and term lies where its span says', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      for (const word of wordsOf(text)) {
        expect(text.slice(word.start, word.end)).toBe(word.text)
        for (const { term, surface, start, end } of termsOf(word)) {
          expect(fold(text.slice(start, end))).toBe(surface)
          expect(term).not.toBe('')
        }
      }
    }),
  )
})

test('a long text without a space takes time in proportion', () => {
  const startMs = performance.now()
  for (const text of ['a', '漢', 'a.', 'a_', '- ', 'aB', '\u0301'].map((unit) =>
    unit.repeat(2 ** 18 / unit.length),
  )) {
    for (const word of wordsOf(text)) termsOf(word)
  }
  expect(performance.now() - startMs).toBeLessThan(20_000)
})
