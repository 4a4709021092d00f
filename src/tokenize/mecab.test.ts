import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mecabSegmenter } from './mecab.ts'
import { MECAB_FILES, type MecabFiles } from './mecab-dictionary.ts'

const FOLDER = new URL('../../fixtures/japanese/', import.meta.url)
const FILES = Object.fromEntries(
  MECAB_FILES.map((name) => [
    name,
    new Uint8Array(gunzipSync(readFileSync(new URL(`mecab/${name}.gz`, FOLDER)))),
  ]),
) as MecabFiles
const segment = mecabSegmenter(FILES)

const { cases } = JSON.parse(readFileSync(new URL('sentences.json', FOLDER), 'utf8')) as {
  cases: [text: string, words: string[]][]
}

test('words are those MeCab finds, unknown ones included', () => {
  const wrong = cases.filter(([text, words]) => `${segment(text.normalize('NFKC'))}` !== `${words}`)
  expect(cases.length).toBeGreaterThan(300)
  expect(wrong.map(([text]) => text)).toEqual([])
})

test('words are parts of the text in its order, and all of it but white space', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.constantFrom('', '東京都に住む', ' ｱA1'), (a, b) => {
      const text = `${a}${b}${a}`
      expect(segment(text).join('').replace(/\s/g, '')).toBe(text.replace(/\s/g, ''))
    }),
    { numRuns: 300 },
  )
})

test('the descriptions of words are not needed', () => {
  const sys = FILES['sys.dic']
  const header = new DataView(sys.buffer, sys.byteOffset)
  const end = 72 + header.getUint32(24, true) + header.getUint32(28, true)
  expect(end).toBeLessThan(sys.length)
  const bare = mecabSegmenter({ ...FILES, 'sys.dic': sys.slice(0, end) })
  for (const [text] of cases.slice(0, 50)) expect(bare(text)).toEqual(segment(text))
})

test.each([3, 4])('files may lie %i bytes into a larger buffer', (offset) => {
  const moved = Object.fromEntries(
    MECAB_FILES.map((name) => {
      const { length } = FILES[name]
      const buffer = new Uint8Array(length + offset + 3).fill(255)
      buffer.set(FILES[name], offset)
      return [name, buffer.subarray(offset, offset + length)]
    }),
  ) as MecabFiles
  expect(mecabSegmenter(moved)('東京都に住む\uffff')).toEqual(['東京都', 'に', '住む', '\uffff'])
})

test('a long text without spaces takes time in proportion', () => {
  // With the square of the length this would take minutes.
  const start = performance.now()
  for (const text of ['a', 'ア', '漢', '東京'])
    expect(segment(text.repeat(100_000)).length).toBeGreaterThan(1)
  expect(performance.now() - start).toBeLessThan(30_000)
})

const damaged: [string, Partial<MecabFiles>, RegExp][] = [
  ['a dictionary that is cut off', { 'sys.dic': FILES['sys.dic'].slice(0, 500) }, /sys\.dic .* length/],
  ['one in another encoding', { 'sys.dic': recoded(FILES['sys.dic'], 'EUC-JP') }, /UTF-8 and is in euc/],
  ['costs of another dictionary', { 'matrix.bin': FILES['matrix.bin'].slice(2) }, /matrix\.bin/],
  ['an empty table of costs', { 'matrix.bin': new Uint8Array() }, /matrix\.bin .* length/],
  ['a dictionary for other costs', { 'sys.dic': withKinds(FILES['sys.dic'], 14) }, /sys\.dic .* another/],
  ['an empty table of characters', { 'char.bin': new Uint8Array() }, /char\.bin .* length/],
  ['no table of characters', { 'char.bin': new Uint8Array(4) }, /char\.bin/],
  ['an empty file', { 'unk.dic': new Uint8Array() }, /unk\.dic/],
]
for (const [what, change, message] of damaged) {
  test(`${what} is refused with the name of the file`, () => {
    expect(() => mecabSegmenter({ ...FILES, ...change })).toThrow(
      expect.objectContaining({ code: 'model-invalid', message: expect.stringMatching(message) as string }),
    )
  })
}

function withKinds(file: Uint8Array, kinds: number): Uint8Array {
  const copy = file.slice()
  new DataView(copy.buffer).setUint32(16, kinds, true)
  return copy
}

function recoded(file: Uint8Array, charset: string): Uint8Array {
  const copy = file.slice()
  copy.fill(0, 40, 72)
  copy.set(new TextEncoder().encode(charset), 40)
  return copy
}
