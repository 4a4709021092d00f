import { expect, test } from 'vitest'
import type { Codec, CodedVectors } from '../compress/codec.ts'
import { readCodecFile, writeCodecFile } from '../compress/codec-file.ts'
import { encodeVectors } from '../compress/encode.ts'
import { plainCodec } from '../compress/plain.ts'
import { trainResidualCodecs } from '../compress/residual.ts'
import { seededRandom } from '../util/random.ts'
import { cachedCoder } from './cached-coder.ts'
import { readCoded, writeCoded } from './coded-bytes.ts'
import { joinVectors } from './coder.ts'

const DIM = 16
const CODECS: readonly (readonly [string, Codec])[] = [
  ['4 bits', residualCodec(4)],
  ['1 bit', residualCodec(1)],
  ['int8', plainCodec('int8', DIM)],
  ['f16', plainCodec('f16', DIM)],
]

test.each(CODECS)('%s: passages coded alone and joined are passages coded together', (_name, codec) => {
  const parts = [3, 1, 0, 4, 5].map((rows, i) => vectors(rows, i + 1))
  const data = Float32Array.from(parts.flatMap((part) => [...part.data]))
  const together = encodeVectors(codec, { data, numTokens: 13, dim: DIM })
  expect(
    joinVectors(
      codec,
      parts.map((part) => encodeVectors(codec, part)),
    ),
  ).toEqual(together)
})

test.each(CODECS)('%s: a coded passage survives the way to bytes and back', (_name, codec) => {
  const coded = encodeVectors(codec, vectors(5, 1))
  expect(readCoded(codec, writeCoded(coded))).toEqual(coded)
  expect(readCoded(codec, writeCoded(coded).subarray(1))).toBeUndefined()
  expect(readCoded(codec, new Uint8Array(3))).toBeUndefined()
})

test('only texts that are new are coded, each once, and the answers are in order', async () => {
  const asked: string[][] = []
  const store = new Map<string, CodedVectors>([['b', coded('b')]])
  const { code, counts } = cachedCoder(
    async (texts) => {
      asked.push([...texts])
      return texts.map(coded)
    },
    { get: (text) => store.get(text), put: (text, one) => store.set(text, one) },
  )
  expect(await code(['a', 'b', 'a', 'c'])).toEqual(['a', 'b', 'a', 'c'].map(coded))
  expect(await code(['c', 'b'])).toEqual(['c', 'b'].map(coded))
  expect(asked).toEqual([['a', 'c']])
  expect(counts).toEqual({ encoded: 2, reused: 4 })
})

test('calls at the same time share what one of them is coding, and fail with it', async () => {
  const asked: string[] = []
  const waiting: (() => void)[] = []
  const { code, counts } = cachedCoder(
    async (texts) => {
      asked.push(...texts)
      await new Promise<void>((resolve) => waiting.push(resolve))
      if (texts.includes('bad')) throw new Error('bad text')
      return texts.map(coded)
    },
    { get: () => undefined, put: () => {} },
  )
  const [first, second] = [code(['a', 'b']), code(['b', 'c'])]
  for (const resolve of waiting.splice(0).reverse()) resolve()
  expect(await first).toEqual(['a', 'b'].map(coded))
  expect(await second).toEqual(['b', 'c'].map(coded))
  expect(asked).toEqual(['a', 'b', 'c'])
  expect(counts).toEqual({ encoded: 3, reused: 1 })
  const failing = [code(['bad']), code(['bad', 'd'])]
  for (const resolve of waiting.splice(0)) resolve()
  for (const one of failing) await expect(one).rejects.toThrow('bad text')
})

function coded(text: string): CodedVectors {
  const codes = new TextEncoder().encode(text)
  return { numVectors: 1, codes, centroidIds: new Uint8Array(0), scales: new Uint8Array(0) }
}

function vectors(rows: number, seed: number) {
  const random = seededRandom(seed)
  const data = Float32Array.from({ length: rows * DIM }, () => random() - 0.5)
  return { data, numTokens: rows, dim: DIM }
}

function residualCodec(bits: 4 | 1): Codec {
  return readCodecFile(writeCodecFile(trainResidualCodecs(vectors(600, 9))))(bits)
}
