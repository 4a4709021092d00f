import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ParsedDocument } from '../types.ts'
import { packText } from './pack.ts'
import { encodedText, splitDocument } from './passages.ts'

/** A token per word, and three special ones. */
const words = (text: string) => text.split(/\s+/).filter((word) => word !== '').length
const countTokens = (text: string) => words(text) + 3

const document = (sections: ParsedDocument['sections'], title = ''): ParsedDocument => ({
  id: 'd',
  title,
  url: '/d',
  metadata: { kind: 'x' },
  sections,
})

test('a section that fits is one passage, with the anchor in its URL', () => {
  const passages = splitDocument(
    document(
      [
        { headings: [], anchor: '', text: 'Intro.' },
        { headings: ['A'], anchor: 'a', text: 'Text of a.' },
      ],
      'T',
    ),
    { countTokens, maxTokens: 20 },
  )
  expect(passages).toEqual([
    {
      documentId: 'd',
      ordinal: 0,
      title: 'T',
      headings: [],
      url: '/d',
      text: 'Intro.',
      metadata: { kind: 'x' },
    },
    {
      documentId: 'd',
      ordinal: 1,
      title: 'T',
      headings: ['A'],
      url: '/d#a',
      text: 'Text of a.',
      metadata: { kind: 'x' },
    },
  ])
})

test('a long section is cut at paragraphs first, and every piece fits with its title', () => {
  const paragraph = (name: string) => Array.from({ length: 6 }, (_, i) => `${name}${i}`).join(' ')
  const text = ['a', 'b', 'c', 'd'].map(paragraph).join('\n\n')
  const passages = splitDocument(document([{ headings: ['H'], anchor: '', text }], 'T'), {
    countTokens,
    maxTokens: 18,
  })
  expect(passages.map((passage) => passage.text)).toEqual([
    `${paragraph('a')}\n\n${paragraph('b')}`,
    `${paragraph('c')}\n\n${paragraph('d')}`,
  ])
  for (const passage of passages) expect(countTokens(encodedText(passage).text)).toBeLessThanOrEqual(18)
})

test('the pieces of a long section are about equally long', () => {
  const text = Array.from({ length: 22 }, (_, i) => `w${i}`).join(' ')
  const lengths = packText(text, 20, words).map(({ start, end }) => words(text.slice(start, end)))
  expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(22)
  expect(Math.max(...lengths) / Math.min(...lengths)).toBeLessThan(1.5)
})

test('cuts are made at lines and at the ends of sentences before words are parted', () => {
  const runs = (text: string, budget: number) =>
    packText(text, budget, words).map(({ start, end }) => text.slice(start, end).trim())
  expect(runs('- a b c\n- d e f\n- g h i', 4)).toEqual(['- a b c', '- d e f', '- g h i'])
  expect(runs('One two three. Four “five six.” Seven eight?', 3)).toEqual([
    'One two three.',
    'Four “five six.”',
    'Seven eight?',
  ])
  const characters = (text: string) => [...text.replace(/\s/g, '')].length
  expect(packText('一二三。四五六！七八', 4, characters)).toEqual([
    { start: 0, end: 4 },
    { start: 4, end: 8 },
    { start: 8, end: 10 },
  ])
})

test('passages cover the text of a section in order, nothing lost, nothing twice, and each fits', () => {
  const part = fc.constantFrom('word', 'a.', 'B!', '\n\n', '\n', '漢字。', 'ééé', '🙂', ' ', '…….', 'a\u0301')
  fc.assert(
    fc.property(fc.array(part, { maxLength: 80 }), fc.integer({ min: 1, max: 12 }), (parts, budget) => {
      const source = parts.join(' ')
      const passages = splitDocument(document([{ headings: ['h'], anchor: '', text: source }]), {
        countTokens,
        maxTokens: budget + 4,
      })
      const squeeze = (value: string) => value.replace(/\s+/g, '')
      expect(squeeze(passages.map((passage) => passage.text).join(''))).toBe(squeeze(source))
      for (const passage of passages) {
        expect(countTokens(encodedText(passage).text)).toBeLessThanOrEqual(budget + 4)
        expect(source).toContain(passage.text)
      }
    }),
  )
})

test('title and headings that leave no room are shortened, the longest first', () => {
  const long = Array.from({ length: 100 }, (_, i) => `title${i}`).join(' ')
  const [passage] = splitDocument(document([{ headings: ['Short'], anchor: '', text: 'a b c d' }], long), {
    countTokens,
    maxTokens: 23,
  })
  expect(passage?.headings).toEqual(['Short'])
  expect(passage?.title).toMatch(/^title0 title1 .*\d…$/)
  expect(countTokens(encodedText(passage!).text)).toBeLessThanOrEqual(23)
})

test('encoded data counts by its length, however few tokens it has', () => {
  const passages = splitDocument(document([{ headings: [], anchor: '', text: 'A'.repeat(10_000) }]), {
    countTokens,
    maxTokens: 23,
  })
  expect(Math.max(...passages.map(({ text }) => text.length))).toBeLessThanOrEqual(20 * 16)
})

test.each([
  ['words', 'word '],
  ['sentences', 'A few words here. '],
  ['lines', 'line\n'],
  ['nothing to cut at', 'x'],
  ['white space', ' \n'],
  ['dots', '.'],
])('five megabytes of %s are cut in time, never counted as a whole', (_, unit) => {
  let longest = 0
  const startMs = performance.now()
  const counting = (text: string) => {
    longest = Math.max(longest, text.length)
    return countTokens(text)
  }
  const text = `a${unit.repeat(5_000_000 / unit.length)}`
  splitDocument(document([{ headings: [], anchor: '', text }]), { countTokens: counting, maxTokens: 220 })
  expect(longest).toBeLessThan(4_000)
  expect(performance.now() - startMs).toBeLessThan(30_000)
})

test('a word that is longer than the budget is cut between characters', () => {
  const letters = (text: string) => text.replace(/\s/g, '').length
  const runs = packText('abcdefghij klm', 4, letters).map(({ start, end }) =>
    'abcdefghij klm'.slice(start, end),
  )
  expect(runs.join('')).toBe('abcdefghij klm')
  for (const run of runs) expect(letters(run)).toBeLessThanOrEqual(4)
})

test('split: false gives one passage with the headings in its text', () => {
  const passages = splitDocument(
    document(
      [
        { headings: [], anchor: '', text: 'One.' },
        { headings: ['H'], anchor: 'h', text: 'Two.' },
      ],
      'T',
    ),
    { countTokens, maxTokens: 5, split: false },
  )
  expect(passages.map(({ text, url, headings }) => ({ text, url, headings }))).toEqual([
    { text: 'One.\n\nH\n\nTwo.', url: '/d', headings: [] },
  ])
})

test('a document without text has no passages, one whose text is its title has one', () => {
  for (const split of [true, false]) {
    const options = { countTokens, maxTokens: 10, split }
    expect(splitDocument(document([], 'Only given'), options)).toEqual([])
    const opening = { headings: [], anchor: '', text: '' }
    expect(splitDocument(document([opening], 'Title'), options)).toMatchObject([{ title: 'Title', text: '' }])
  }
})

test('a length that is no whole number above 0 is refused', () => {
  for (const maxTokens of [0, -1, 1.5, Number.NaN]) {
    expect(() => splitDocument(document([]), { countTokens, maxTokens })).toThrow(
      expect.objectContaining({ code: 'bad-argument' }),
    )
  }
})

test('title and text are joined as the published figures have it', () => {
  expect(encodedText({ title: 'Title', headings: [], text: 'Text.' }).text).toBe('Title. Text.')
  expect(encodedText({ title: 'Title', headings: ['A', 'B'], text: 'Text.' }).text).toBe(
    'Title. A › B. Text.',
  )
  expect(encodedText({ title: '', headings: [], text: 'Text.' }).text).toBe('Text.')
})

test('spans of the encoded text lead back to the fields', () => {
  const encoded = encodedText({ title: 'Ti', headings: ['A', 'B'], text: 'Text' })
  const locate = (part: string) => {
    const start = encoded.text.indexOf(part)
    return encoded.locate({ start, end: start + part.length })
  }
  expect(locate('Ti')).toEqual({ field: 'title', span: { start: 0, end: 2 } })
  expect(locate('B')).toEqual({ field: 'heading', span: { start: 4, end: 5 } })
  expect(locate('ext')).toEqual({ field: 'text', span: { start: 1, end: 4 } })
  expect(locate('. A')).toBeUndefined()
})
