import { expect, test } from 'vitest'
import type { Tokenizer } from '../tokenize/tokenize.ts'
import { countDocumentTokens, type InputSpec, modelInput } from './input.ts'

const CLS = 2
const SEP = 3
const MASK = 4
const Q = 5
const D = 6
const COMMA = 7

/** One id per letter from 10 on, a comma is 7, spaces separate; special tokens around. */
const letters: Tokenizer = {
  numLeading: 1,
  numTrailing: 1,
  idOf: () => undefined,
  tokenOf: (id) => `<${id}>`,
  tokenize(text, prompt = '') {
    const places = [...(prompt + text).matchAll(/\S/g)]
    const ids = places.map(([c]) => (c === ',' ? COMMA : c.charCodeAt(0) - 87))
    return {
      ids: Int32Array.from([CLS, ...ids, SEP]),
      tokens: ['<2>', ...places.map(([c]) => c), '<3>'],
      spans: [
        undefined,
        ...places.map(({ index }) => ({ start: index - prompt.length, end: index - prompt.length + 1 })),
        undefined,
      ],
    }
  },
  count: (text, prompt) => letters.tokenize(text, prompt).ids.length,
}

const SPEC: InputSpec = {
  queryLength: 8,
  documentLength: 6,
  queryMarkerId: Q,
  documentMarkerId: D,
  kept: { query: { skip: new Set() }, document: { skip: new Set([COMMA]) } },
  queryPrompt: '',
  documentPrompt: '',
}
const { queryMarkerId: _q, documentMarkerId: _d, ...UNMARKED } = SPEC
const input = (text: string, kind: 'query' | 'document', spec: Partial<InputSpec> = {}) =>
  modelInput({ ...SPEC, ...spec }, letters, text, kind)

test('the marker stands at position 1, with attention and without a place in the text', () => {
  const { ids, attention, tokens, spans } = input('a b', 'query')
  expect([...ids]).toEqual([CLS, Q, 10, 11, SEP])
  expect([...attention]).toEqual([1, 1, 1, 1, 1])
  expect(tokens).toEqual(['<2>', '<5>', 'a', 'b', '<3>'])
  expect(spans).toEqual([undefined, undefined, { start: 0, end: 1 }, { start: 2, end: 3 }, undefined])
})

test('queries and documents have their own marker and their own length', () => {
  expect([...input('abcdefgh', 'query').ids]).toEqual([CLS, Q, 10, 11, 12, 13, 14, SEP])
  expect([...input('abcdefgh', 'document').ids]).toEqual([CLS, D, 10, 11, 12, SEP])
})

test('the length counts special tokens and marker, and cutting keeps the closing token', () => {
  const exact = input('abc', 'document')
  expect([...exact.ids]).toEqual([CLS, D, 10, 11, 12, SEP])
  const cut = input('abcd', 'document')
  expect([...cut.ids]).toEqual([CLS, D, 10, 11, 12, SEP])
  expect(cut.spans.at(-1)).toBeUndefined()
  expect(cut.spans.at(-2)).toEqual({ start: 2, end: 3 })
})

test('without a marker nothing is inserted and the full length is usable', () => {
  const { ids } = modelInput(UNMARKED, letters, 'abcdefgh', 'document')
  expect([...ids]).toEqual([CLS, 10, 11, 12, 13, SEP])
})

test('a marker of id 0 is a marker', () => {
  expect([...input('a', 'query', { queryMarkerId: 0 }).ids]).toEqual([CLS, 0, 10, SEP])
})

test('the skiplist drops rows of documents, marker and special tokens stay', () => {
  expect([...input('a,b', 'document').kept]).toEqual([0, 1, 2, 4, 5])
  expect([...input('a,b', 'document').ids]).toContain(COMMA)
})

test('the skiplist leaves queries alone', () => {
  expect([...input('a,b', 'query').kept]).toEqual([0, 1, 2, 3, 4, 5])
})

test('a document of skiplist words only keeps its special tokens', () => {
  expect([...input(',,', 'document').kept]).toEqual([0, 1, 4])
  expect([...input('', 'document').ids]).toEqual([CLS, D, SEP])
})

const expansion = { tokenId: MASK, attend: false, length: 8, strategy: 'fixed' } as const

test('fixed expansion fills a query to exactly its length; every row is kept, none attended', () => {
  const { ids, attention, kept, spans, tokens } = input('ab', 'query', { expansion })
  expect([...ids]).toEqual([CLS, Q, 10, 11, SEP, MASK, MASK, MASK])
  expect([...attention]).toEqual([1, 1, 1, 1, 1, 0, 0, 0])
  expect(kept.length).toBe(8)
  expect(spans.slice(5)).toEqual([undefined, undefined, undefined])
  expect(tokens.slice(5)).toEqual(['<4>', '<4>', '<4>'])
})

test('attended expansion has attention everywhere', () => {
  const { attention } = input('ab', 'query', { expansion: { ...expansion, attend: true } })
  expect([...attention]).toEqual([1, 1, 1, 1, 1, 1, 1, 1])
})

test('fixed expansion cuts longer queries too', () => {
  expect([...input('abcdefgh', 'query', { expansion: { ...expansion, length: 5 } }).ids]).toEqual([
    CLS,
    Q,
    10,
    11,
    SEP,
  ])
})

test('expansion to a minimum leaves longer queries up to the query length', () => {
  const min = { ...expansion, length: 6, strategy: 'min' } as const
  expect([...input('a', 'query', { expansion: min }).ids]).toEqual([CLS, Q, 10, SEP, MASK, MASK])
  expect([...input('abcd', 'query', { expansion: min }).ids]).toEqual([CLS, Q, 10, 11, 12, 13, SEP])
  expect(input('abcdefghij', 'query', { expansion: min }).ids.length).toBe(8)
})

test('expansion without a marker uses the full length', () => {
  const { ids } = modelInput({ ...UNMARKED, expansion }, letters, 'ab', 'query')
  expect([...ids]).toEqual([CLS, 10, 11, SEP, MASK, MASK, MASK, MASK])
})

test('a tokenizer that pads on the left expands there, and the marker stands at position 1 all the same', () => {
  const expansion = { tokenId: MASK, attend: false, length: 7, strategy: 'fixed', side: 'left' } as const
  const { ids, attention, spans } = input('ab', 'query', { expansion })
  expect([...ids]).toEqual([MASK, Q, MASK, CLS, 10, 11, SEP])
  expect([...attention]).toEqual([0, 1, 0, 1, 1, 1, 1])
  expect(spans[4]).toEqual({ start: 0, end: 1 })
})

test('a minimum that is reached adds nothing, and one that is not is filled up', () => {
  const expansion = { tokenId: MASK, attend: true, length: 5, strategy: 'min' } as const
  expect([...input('ab', 'query', { expansion }).ids]).toEqual([CLS, Q, 10, 11, SEP])
  const { ids, attention } = input('', 'query', { expansion })
  expect([...ids]).toEqual([CLS, Q, SEP, MASK, MASK])
  expect([...attention]).toEqual([1, 1, 1, 1, 1])
})

test('an id that the expansion takes over is replaced with its attention and place', () => {
  const expansion = { tokenId: MASK, attend: false, length: 5, strategy: 'fixed', replaces: 11 } as const
  const { ids, attention, spans } = input('ab', 'query', { expansion })
  expect([...ids]).toEqual([CLS, Q, 10, MASK, SEP])
  expect([...attention]).toEqual([1, 1, 1, 1, 1])
  expect(spans[3]).toEqual({ start: 1, end: 2 })
  expect([...input('ab', 'document', { expansion }).ids]).toEqual([CLS, D, 10, 11, SEP])
})

test('queries may have a skiplist of their own, which expansion tokens can be on', () => {
  const expansion = { tokenId: MASK, attend: false, length: 6, strategy: 'fixed' } as const
  const kept = { query: { skip: new Set([COMMA, MASK]) }, document: { skip: new Set<number>() } }
  expect([...input('a,', 'query', { expansion, kept }).kept]).toEqual([0, 1, 2, 4])
  expect(input('a,', 'document', { kept }).kept.length).toBe(5)
})

test('a list of the only ids comes on top of the skiplist, and may leave nothing', () => {
  const document = { skip: new Set([10]), only: new Set([10, 11]) }
  const kept = { query: { skip: new Set<number>() }, document }
  expect([...input('ab', 'document', { kept }).kept]).toEqual([3])
  const none = input('c', 'document', { kept })
  expect([none.ids.length, none.kept.length]).toEqual([4, 0])
})

test('documents are never expanded', () => {
  expect([...input('a', 'document', { expansion }).ids]).toEqual([CLS, D, 10, SEP])
})

test('a prompt comes before the text, after the marker', () => {
  const { ids, spans } = input('b', 'query', { queryPrompt: 'a ' })
  expect([...ids]).toEqual([CLS, Q, 10, 11, SEP])
  expect(spans[3]).toEqual({ start: 0, end: 1 })
})

test('tokens are counted before the cut, with special tokens, prompt and marker', () => {
  expect(countDocumentTokens(SPEC, letters, 'abcdefgh')).toBe(11)
  expect(countDocumentTokens({ ...SPEC, documentPrompt: 'a ' }, letters, 'b')).toBe(5)
  expect(countDocumentTokens(UNMARKED, letters, '')).toBe(2)
})
