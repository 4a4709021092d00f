import fc from 'fast-check'
import { expect, test } from 'vitest'
import { excerpt } from './excerpt.ts'

const marked = (text: string, options: Parameters<typeof excerpt>[1]) =>
  excerpt(text, options)
    .map((part) => (part.marked ? `[${part.text}]` : part.text))
    .join('')

test('terms are marked as whole words, whatever their case', () => {
  expect(marked('The Fetch API. Prefetching is not fetch.', { terms: ['fetch'] })).toBe(
    'The [Fetch] API. Prefetching is not [fetch].',
  )
})

test('words are marked in any inflection, identifiers by the part that matched', () => {
  expect(marked('Cancelled: cancellation of queries.', { terms: ['cancel', 'queri'] })).toBe(
    '[Cancelled]: [cancellation] of [queries].',
  )
  expect(marked('Call AbortController.abort() now', { terms: ['abortcontrol'] })).toBe(
    'Call [AbortController].abort() now',
  )
  expect(marked('Call AbortController.abort() now', { terms: ['abortcontroller.abort'] })).toBe(
    'Call [AbortController.abort]() now',
  )
  expect(marked('東京都の天気', { terms: ['京都', '天気'] })).toBe('東[京都]の[天気]')
  expect(marked('A café for עברית', { terms: ['cafe', 'עברית'] })).toBe('A [café] for [עברית]')
})

test('markup in the text stays text', () => {
  const text = '<img src=x onerror=alert(1)> & <b>bold</b>'
  expect(marked(text, { terms: ['bold'] })).toBe('<img src=x onerror=alert(1)> & <b>[bold]</b>')
})

test('spans are marked as they are, and overlaps become one mark', () => {
  expect(
    marked('abcdef', {
      terms: [],
      spans: [
        { start: 1, end: 3 },
        { start: 2, end: 5 },
      ],
    }),
  ).toBe('a[bcde]f')
})

test('a long text is cut to where most is marked', () => {
  const filler = 'lorem ipsum dolor '.repeat(40)
  const text = `${filler}once note ${filler}here note and note and note ${filler}`
  const parts = excerpt(text, { terms: ['note'], maxChars: 80 })
  expect(parts.filter((part) => part.marked)).toHaveLength(3)
  expect(parts[0]?.text).toBe('…')
  expect(parts.at(-1)?.text).toBe('…')
  expect(parts.map((part) => part.text).join('').length).toBeLessThanOrEqual(82)
})

test('without marks the beginning is shown, cut at a word', () => {
  const parts = excerpt('word '.repeat(100).trim(), { terms: [], maxChars: 12 })
  expect(parts.map((part) => part.text)).toEqual(['word word', '…'])
})

test('white space is folded and characters beyond the basic plane are not torn', () => {
  expect(marked('a\n\n  b', { terms: [] })).toBe('a b')
  for (let maxChars = 1; maxChars < 12; maxChars++) {
    expect(marked('🙂'.repeat(20), { terms: [], maxChars })).not.toMatch(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])/)
  }
})

test('any terms and spans give runs of the text, without failing', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', maxLength: 300 }),
      fc.array(fc.constantFrom('a', '(', '.*', 'constructor', '__proto__', '\\', ''), { maxLength: 4 }),
      fc.array(fc.tuple(fc.nat(320), fc.nat(320)), { maxLength: 6 }),
      fc.integer({ min: 1, max: 120 }),
      (text, terms, pairs, maxChars) => {
        const spans = pairs.map(([start, end]) => ({ start, end }))
        const shown = excerpt(text, { terms, spans, maxChars })
          .map((part) => part.text)
          .join('')
        const folded = text.replace(/\s+/g, ' ')
        const squeeze = (value: string) => value.replace(/\s+/g, '')
        expect(squeeze(folded)).toContain(squeeze(shown.replace(/^…|…$/g, '')))
      },
    ),
  )
})

test('a megabyte takes time in proportion to its length', () => {
  const startMs = performance.now()
  for (const filler of ['filler ', 'x', 'a.', '漢']) {
    const text = `${filler.repeat(1000 / filler.length)} needle `.repeat(1000)
    expect(excerpt(text, { terms: ['needl'] }).some((part) => part.marked)).toBe(true)
  }
  expect(performance.now() - startMs).toBeLessThan(20_000)
})
