import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type BlockEntry, decodeBlock, encodeBlock } from './block.ts'
import { decodeHead, encodeHead, type LexicalHead } from './head.ts'
import { byteReader, bytesOf, putText, putVarint, putWords } from './varint.ts'

class Refused extends Error {}
const refuse = (expected: string, found: string): never => {
  throw new Refused(`${expected}, ${found}`)
}

const sorted =
  <T>(key: (item: T) => string) =>
  (items: T[]) =>
    [...new Map(items.map((item) => [key(item), item])).values()].sort((a, b) => (key(a) < key(b) ? -1 : 1))

const word = fc.oneof(
  fc.string({ unit: fc.constantFrom(...'abc'), minLength: 1, maxLength: 6 }),
  fc.string({
    unit: fc.constantFrom('東', '京', '𠮷', '𠮸', '\ud842\udfb8', 'é', '_'),
    minLength: 1,
    maxLength: 4,
  }),
  fc.constantFrom('constructor', '__proto__', 'toString'),
)

const NUM_ROWS = 300
const postings = fc
  .uniqueArray(fc.nat(NUM_ROWS - 1), { minLength: 1, maxLength: 40 })
  .map((rows) => Uint32Array.from(rows).sort())
  .chain((rows) => {
    const counts = (min: number) =>
      fc
        .array(fc.integer({ min, max: 1_000_000 }), { minLength: rows.length, maxLength: rows.length })
        .map((list) => Uint32Array.from(list))
    return fc
      .tuple(fc.option(counts(0), { nil: undefined }), fc.option(counts(0), { nil: undefined }), counts(1))
      .map((of) => ({ rows, counts: of }))
  })

const block = fc
  .array(fc.record<BlockEntry, 'word'>({ word, postings }, { requiredKeys: ['word'] }), { maxLength: 30 })
  .map(sorted(({ word }) => word))

const head: fc.Arbitrary<LexicalHead> = fc.nat(20).chain((passages) => {
  const lengths = fc
    .array(fc.nat(5_000), { minLength: passages, maxLength: passages })
    .map((list) => Uint32Array.from(list))
  return fc.record({
    lengths: fc.tuple(lengths, lengths, lengths),
    weights: fc
      .array(fc.tuple(fc.nat(Math.max(passages - 1, 0)), fc.double({ min: 0, max: 10, noNaN: true })), {
        maxLength: passages,
      })
      .map((list) => new Map(list.sort(([a], [b]) => a - b))),
    common: fc
      .array(fc.record({ word, occurrences: fc.nat() }), { maxLength: 20 })
      .map(sorted(({ word }) => word)),
    blocks: fc
      .array(
        fc.record({
          firstWord: word,
          packedBytes: fc.nat(),
          rawBytes: fc.nat(),
          checksum: fc.constantFrom('00000000', 'ffffffff', '0123abcd'),
        }),
        { maxLength: 10 },
      )
      .map(sorted(({ firstWord }) => firstWord)),
  })
})

test('what a block is written from can be read from it', () => {
  fc.assert(
    fc.property(block, (entries) => {
      expect(decodeBlock(encodeBlock(entries), NUM_ROWS, refuse)).toEqual(entries)
    }),
  )
})

test('what a head is written from can be read from it', () => {
  fc.assert(
    fc.property(head, (one) => {
      expect(decodeHead(encodeHead(one), 'test', refuse)).toEqual(one)
    }),
  )
})

test('bytes that make no sense are refused, whatever they are', () => {
  const quietly = (run: () => unknown) => {
    try {
      run()
    } catch (error) {
      if (!(error instanceof Refused) && !/made in another way/.test(String(error))) throw error
    }
  }
  const damage = (bytes: Uint8Array, at: number, to: number) => {
    const changed = bytes.slice(0, bytes.length - (to % 3))
    if (changed.length > 0) changed[at % changed.length] = to
    return changed
  }
  fc.assert(
    fc.property(block, head, fc.nat(), fc.nat(255), (entries, one, at, to) => {
      quietly(() => decodeBlock(damage(encodeBlock(entries), at, to), NUM_ROWS, refuse))
      quietly(() => decodeHead(damage(encodeHead(one), at, to), 'test', refuse))
    }),
    { numRuns: 500 },
  )
})

test('a head of another analyzer is refused with index-invalid', () => {
  const bytes = bytesOf((list) => {
    putText(list, 'lateen-terms-0')
    putText(list, 'title heading everything')
  })
  expect(() => decodeHead(bytes, 'test.lexical', refuse)).toThrow(
    expect.objectContaining({
      code: 'index-invalid',
      message: expect.stringMatching(/test\.lexical.*lateen-terms-0/),
    }),
  )
})

test('numbers of up to 32 bits are kept, and longer ones refused', () => {
  for (const value of [0, 127, 128, 16_383, 16_384, 2 ** 31, 2 ** 32 - 1]) {
    expect(
      byteReader(
        bytesOf((list) => putVarint(list, value)),
        refuse,
      ).varint(),
    ).toBe(value)
  }
  expect(() =>
    byteReader(
      bytesOf((list) => putVarint(list, 2 ** 32)),
      refuse,
    ).varint(),
  ).toThrow(Refused)
  expect(() => byteReader(Uint8Array.of(0x80, 0x80), refuse).varint()).toThrow(Refused)
})

test('a number of things that the bytes cannot hold is refused before anything is made for them', () => {
  const bytes = bytesOf((list) => putVarint(list, 2 ** 32 - 1))
  expect(() => byteReader(bytes, refuse).words()).toThrow(Refused)
})

test('words with pairs of characters in common are not torn', () => {
  const words = ['𠮷野', '𠮸野']
  expect(
    byteReader(
      bytesOf((list) => putWords(list, words)),
      refuse,
    ).words(),
  ).toEqual(words)
})
