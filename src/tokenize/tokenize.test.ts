import { readFileSync } from 'node:fs'
import { AutoTokenizer, env } from '@xenova/transformers'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createTokenizer, type Tokenizer } from './tokenize.ts'
import { MARKS_BEFORE, MARKS_LATER } from './unicode.ts'

interface Fixture {
  readonly tokenizer?: object
  readonly changes?: { readonly model?: object }
  readonly cases: readonly { text: string; ids: number[]; spans: [number, number][] }[]
}

const ROOT = new URL('../../', import.meta.url)
const readJson = (path: string): object => JSON.parse(readFileSync(new URL(path, ROOT), 'utf8')) as object
const fixture = (name: string) => readJson(`fixtures/tokenizer/${name}.json`) as Fixture

const SHIPPED = readJson('public/models/lateen-mini/tokenizer.json') as {
  model: object
  added_tokens: readonly object[]
}
const shipped = createTokenizer(SHIPPED)
/** Other tokenizers are made of a vocabulary by changing what stands around it. */
const family = (name: string, base: { model?: object }): [string, Tokenizer, Fixture] => {
  const { changes = {}, ...data } = fixture(name)
  const json = { ...base, ...changes, model: { ...base.model, ...changes.model } }
  return [name, createTokenizer(json), data]
}
const inFixture = (name: string) => fixture(name).tokenizer as { model: object }
const families = [
  ...['wordpiece', 'wordpiece-cased', 'wordpiece-accents'].map((name) => family(name, SHIPPED)),
  ...['byte-level', 'byte-level-modern', 'byte-level-llama'].map((name) =>
    family(name, inFixture('byte-level')),
  ),
  ...['unigram', 'unigram-charsmap', 'unigram-metaspace'].map((name) => family(name, inFixture('unigram'))),
]

const SPACE_PIECE = '\u2581'

/** The reference leaves marks and white space at the edges of some tokens, and we of others. */
const bare = (slice: string | undefined) =>
  slice?.replace(/^[\p{White_Space}\p{M}]+|[\p{White_Space}\p{M}ﾞﾟ]+$/gu, '')

for (const [name, tokenizer, { cases }] of families) {
  test(`${name} ids are those of the reference tokenizer`, () => {
    const wrong = cases.filter(({ text, ids }) => `${tokenizer.tokenize(text).ids}` !== `${ids}`)
    expect(wrong.map((c) => c.text)).toEqual([])
  })

  test(`${name} spans are those of the reference tokenizer`, () => {
    const wrong: unknown[] = []
    for (const { text, spans } of cases) {
      const { tokens, spans: ours } = tokenizer.tokenize(text)
      ours.forEach((span, i) => {
        const slice = span && text.slice(span.start, span.end)
        const [start, end] = spans[i]!
        const reference = end > start ? text.slice(start, end) : undefined
        // A space put in front of a word is nowhere here, and on the word's first letter there.
        if (tokens[i] === SPACE_PIECE || bare(reference) === '') return
        // After a character that its table removes at the start, all its places are one too early.
        if (name.startsWith('unigram-') && text.startsWith('\ufeff')) return
        if (bare(slice) !== bare(reference)) wrong.push([text, i, slice, reference])
      })
    }
    expect(wrong).toEqual([])
  })
}

const { kinds } = readJson('fixtures/tokenizer/kinds.json') as { kinds: Record<string, Fixture> }
test.each(Object.entries(kinds))(
  'ids are those of the reference tokenizer: %s',
  (_, { tokenizer, cases }) => {
    const { tokenize } = createTokenizer(tokenizer!)
    for (const { text, ids } of cases) expect([text, [...tokenize(text).ids]]).toEqual([text, ids])
  },
)

/** What JavaScript has otherwise than the reference: final sigma, ideographs beyond the basic plane, its Unicode. */
const JAVASCRIPT_ONLY = new RegExp(`Σ|[\\u{20000}-\\u{3ffff}${MARKS_LATER}${MARKS_BEFORE}]`, 'u')

test('ids agree with Transformers.js too, but where JavaScript has other characters', async () => {
  env.allowRemoteModels = false
  env.localModelPath = new URL('public/models/', ROOT).pathname
  const oracle = await AutoTokenizer.from_pretrained('lateen-mini')
  const texts = fixture('wordpiece').cases.map(({ text }) => text)
  const others = texts.filter((text) => `${[...shipped.tokenize(text).ids]}` !== `${oracle.encode(text)}`)
  expect(others.filter((text) => !JAVASCRIPT_ONLY.test(text))).toEqual([])
  expect(others.length).toBeLessThan(texts.length / 25)
})

test('a page without white space is tokenised in time, whatever its model', () => {
  // With the square of the length this would take an hour.
  const start = performance.now()
  for (const [, tokenizer] of families.filter(([name]) =>
    ['wordpiece', 'byte-level', 'unigram'].includes(name),
  )) {
    for (const part of ['a', '漢', 'λό'])
      expect(tokenizer.tokenize(part.repeat(300_000)).ids.length).toBeGreaterThan(2)
  }
  expect(performance.now() - start).toBeLessThan(50_000)
})

test('a special token typed by a user is that token, with its place in the text', () => {
  const { tokens, ids, spans } = shipped.tokenize('what is [Q] here')
  expect(tokens).toEqual(['[CLS]', 'what', 'is', '[Q]', 'here', '[SEP]'])
  expect(ids[3]).toBe(shipped.idOf('[Q]'))
  expect(spans[3]).toEqual({ start: 8, end: 11 })
})

test('a text that only looks like a special token is ordinary text', () => {
  expect(shipped.tokenize('[q]').tokens).toEqual(['[CLS]', '[', 'q', ']', '[SEP]'])
})

test('an unknown word is one token that covers the word, also beside known ones', () => {
  const { tokens, spans } = shipped.tokenize('ok 👍🏽 ok')
  expect(tokens.slice(1, -1)).toEqual(['ok', '[UNK]', 'ok'])
  expect(spans[2]).toEqual({ start: 3, end: 7 })
})

test('lowercasing may change the length of the text and spans still fit', () => {
  const tokenizer = createTokenizer(SHIPPED, { lowercase: true })
  const text = 'İİİ [Q] Paris'
  const { tokens, spans } = tokenizer.tokenize(text)
  expect(tokens).not.toContain('[Q]')
  expect(text.slice(spans.at(-2)!.start, spans.at(-2)!.end)).toBe('Paris')
})

test('a prompt is tokenised with the text and has no place in it', () => {
  const { tokens, spans } = shipped.tokenize('capital of France', 'search query: ')
  expect(tokens.slice(1, 5)).toEqual(['search', 'query', ':', 'capital'])
  expect(spans.slice(0, 4)).toEqual([undefined, undefined, undefined, undefined])
  expect(spans[4]).toEqual({ start: 0, end: 7 })
})

test('a vocabulary string that does not exist has no id, not the id of the unknown token', () => {
  expect(shipped.idOf('[UNK]')).toBe(1)
  expect(shipped.idOf('no such piece')).toBeUndefined()
})

test.each([
  ['an unknown model', { model: { type: 'Rune', vocab: {} } }],
  ['no model', {}],
  ['no vocabulary', { ...SHIPPED, model: { type: 'WordPiece', unk_token: '[UNK]' } }],
  ['an unknown normaliser', { ...SHIPPED, normalizer: { type: 'Rune' } }],
  ['an unknown pre-tokeniser', { ...SHIPPED, pre_tokenizer: { type: 'Rune' } }],
  ['an unknown post-processor', { ...SHIPPED, post_processor: { type: 'Rune' } }],
  ['two that add tokens', { ...SHIPPED, post_processor: twice('BertProcessing') }],
  ['a merge of what is no piece', { ...SHIPPED, model: { type: 'BPE', vocab: { a: 0 }, merges: ['a b'] } }],
  ['a table of characters that is cut off', { ...SHIPPED, normalizer: cutCharsmap() }],
])('a tokenizer with %s is refused with a code', (_, json) => {
  expect(() => createTokenizer(json)).toThrow(
    expect.objectContaining({
      code: 'model-invalid',
      message: expect.stringContaining('tokenizer.json') as string,
    }),
  )
})

function twice(type: string) {
  return { type: 'Sequence', processors: Array(2).fill({ type, cls: ['[CLS]', 2], sep: ['[SEP]', 3] }) }
}

/** It states a gigabyte and has four bytes. */
function cutCharsmap() {
  return { type: 'Precompiled', precompiled_charsmap: btoa('\0\0\0\x40\0\0\0\0') }
}

/** Strings of everything that makes alignment hard, lone surrogates included. */
const hardText = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '[Q]',
        '[UNK]',
        '\ud83d',
        '\udc4d',
        'e\u0301',
        'ﬁ',
        '각',
        '\u1100\u1161',
        'İ',
        'ΑΣ',
        'שָׁ',
        'مَ',
      ),
      fc.constantFrom(
        ' ',
        '\t',
        '\u00a0',
        '\u200b',
        '\u0000',
        '\ufeff',
        '中',
        '👨‍👩‍👧',
        'running',
        'ÀÉ',
        '##ing',
        '_',
      ),
    ),
    { maxLength: 25 },
  )
  .map((parts) => parts.join(''))

for (const [name, tokenizer, { cases }] of families) {
  test(`${name} counts as many tokens as there are`, () => {
    const assertCount = (text: string, prompt?: string) => {
      expect(tokenizer.count(text, prompt), text).toBe(tokenizer.tokenize(text, prompt).ids.length)
    }
    for (const { text } of cases) assertCount(text)
    assertCount('capital of France', 'search query:')
    assertCount(` ${'ΑΣ\u00a0Σ '.repeat(30)}${'long'.repeat(30)} \u0301 x\f\u2028y\r\n[MASK][Q] d`)
    fc.assert(
      fc.property(hardText, (text) => assertCount(text)),
      { numRuns: 300 },
    )
  })

  test(`${name} spans rise, stay inside the text and hold the letters of their tokens`, () => {
    fc.assert(
      fc.property(hardText, (text) => {
        const { ids, tokens, spans } = tokenizer.tokenize(text)
        expect(spans.length).toBe(ids.length)
        expect(tokens.length).toBe(ids.length)
        let start = 0
        let end = 0
        spans.forEach((span, i) => {
          if (!span) return
          expect(span.start).toBeGreaterThanOrEqual(start)
          expect(span.end).toBeGreaterThanOrEqual(end)
          expect(span.end).toBeGreaterThan(span.start)
          expect(span.end).toBeLessThanOrEqual(text.length)
          ;({ start, end } = span)
          if (name !== 'wordpiece' || tokens[i] === '[UNK]') return
          const again = tokenizer
            .tokenize(text.slice(start, end))
            .tokens.slice(1, -1)
            .join('')
            .replaceAll('##', '')
          expect(again.includes('[UNK]') || again.includes(tokens[i]!.replace(/^##/, ''))).toBe(true)
        })
      }),
      { numRuns: 300 },
    )
  })
}

test('tokens are counted across an added token that holds a space', () => {
  const { added_tokens, ...rest } = SHIPPED
  const spaced = { ...added_tokens[0], id: 99_999, content: 'as well', special: true }
  const tokenizer = createTokenizer({ ...rest, added_tokens: [...added_tokens, spaced] })
  expect(tokenizer.tokenize('this as well').ids.length).toBe(4)
  expect(tokenizer.count('this as well')).toBe(4)
})

test('every token of a long mixed text that is not a special one has a place', () => {
  const text = fixture('wordpiece')
    .cases.map((c) => c.text)
    .join(' ')
    .slice(0, 10_000)
  const { tokens, spans } = shipped.tokenize(text)
  expect(tokens.length).toBeGreaterThan(2000)
  expect(spans.slice(1, -1).every((span) => span !== undefined)).toBe(true)
})
