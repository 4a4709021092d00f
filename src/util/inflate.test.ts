import { constants, deflateRawSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { inflate } from './inflate.ts'
import { seededRandom } from './random.ts'

const random = seededRandom(3)
const bytes = (length: number, values: number) =>
  Uint8Array.from({ length }, () => Math.floor(random() * values))
const TEXT = new TextEncoder().encode('The moon pulls at the sea, and the sea at the moon. '.repeat(900))

const SAMPLES: readonly (readonly [string, Uint8Array])[] = [
  ['nothing', new Uint8Array(0)],
  ['one byte', bytes(1, 256)],
  ['text', TEXT],
  ['zeros', new Uint8Array(100_000)],
  ['noise', bytes(150_000, 256)],
  ['few values', bytes(80_000, 3)],
  ['many values', bytes(80_000, 70)],
]

for (const [name, raw] of SAMPLES) {
  test(`${name}, packed at every level and with every strategy, comes out as it went in`, () => {
    const { Z_DEFAULT_STRATEGY, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED } = constants
    for (const level of [0, 1, 6, 9]) {
      for (const strategy of [Z_DEFAULT_STRATEGY, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED]) {
        const packed = deflateRawSync(raw, { level, strategy })
        expect(Buffer.compare(inflate(packed, raw.length), raw)).toBe(0)
      }
    }
  })
}

test('another length than stated is refused, and no more than stated is written', () => {
  const packed = deflateRawSync(TEXT)
  expect(() => inflate(packed, TEXT.length - 1)).toThrow('holds more than')
  expect(() => inflate(packed, TEXT.length + 1)).toThrow(`holds ${TEXT.length} bytes`)
})

test('what is cut short is refused', () => {
  const packed = deflateRawSync(TEXT)
  for (const length of [0, 1, 20, packed.length - 1]) {
    expect(() => inflate(packed.subarray(0, length), TEXT.length)).toThrow(RangeError)
  }
})

test('damaged input ends, with an error or with as many bytes as stated', () => {
  const packed = deflateRawSync(TEXT.subarray(0, 4_000))
  for (let round = 0; round < 3_000; round++) {
    const damaged = Uint8Array.from(packed)
    damaged[Math.floor(random() * damaged.length)]! ^= 1 << Math.floor(random() * 8)
    try {
      expect(inflate(damaged, 4_000)).toHaveLength(4_000)
    } catch (error) {
      expect(error).toBeInstanceOf(RangeError)
    }
  }
})
