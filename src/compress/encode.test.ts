import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isLateenError } from '../errors.ts'
import type { TokenMatrix } from '../types.ts'
import { bytesPerVector, type ResidualCodec } from './codec.ts'
import { decodeVectors } from './decode.ts'
import { encodeVectors } from './encode.ts'
import { plainCodec } from './plain.ts'
import { RESIDUAL_BITS, trainResidualCodecs } from './residual.ts'
import { packCodes, unpackCodes } from './residual-row.ts'
import { clusteredVectors, dot, lengthOf, matrixOf, rowOf } from './samples.test-suite.ts'

const DIM = 24
const codecs = trainResidualCodecs(clusteredVectors(4_000, DIM, 1), { numCentroids: 50 })

describe('residual codes', () => {
  test('byte j holds the dimensions j, j + S, … from the lowest bits up', () => {
    const packed = new Uint8Array(8)
    packCodes(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), 4, packed, 0)
    packCodes(Uint8Array.of(0, 1, 2, 3, 3, 2, 1, 0), 2, packed, 4)
    packCodes(Uint8Array.of(1, 0, 0, 1, 0, 1, 0, 0), 1, packed, 6)
    expect([...packed]).toEqual([0x51, 0x62, 0x73, 0x84, 0b01_11_10_00, 0b00_10_11_01, 0b0010_1001, 0])
  })

  test.each(RESIDUAL_BITS)('packed codes of %d bits come back', (bits) => {
    const code = fc.integer({ min: 0, max: 2 ** bits - 1 })
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.nat(3),
        fc.infiniteStream(code),
        (eighths, row, stream) => {
          const codes = Uint8Array.from({ length: 8 * eighths }, () => stream.next().value!)
          const packed = new Uint8Array(eighths * bits * (row + 2))
          packCodes(codes, bits, packed, eighths * bits * row)
          const back = new Uint8Array(codes.length)
          unpackCodes(packed, eighths * bits * row, bits, back)
          expect(back).toEqual(codes)
          expect(packed.subarray(eighths * bits * (row + 1)).every((byte) => byte === 0)).toBe(true)
        },
      ),
    )
  })

  test.each(RESIDUAL_BITS)('codes of %d bits are what the definition says', (bits) => {
    const codec = codecs(bits)
    const matrix = clusteredVectors(7, DIM, 9)
    const coded = encodeVectors(codec, matrix)
    expect(coded.codes.length).toBe(7 * bytesPerVector(codec))
    expect([coded.centroidIds.length, coded.scales.length]).toEqual([7, 4])
    const decoded = decodeVectors(codec, coded)
    for (let i = 0; i < 7; i++) {
      const expected = naiveRow(codec, rowOf(matrix, i))
      rowOf(decoded, i).forEach((value, d) => {
        expect(value).toBeCloseTo(expected[d]!, 5)
      })
    }
  })

  test('the direction counts, not the length', () => {
    const matrix = clusteredVectors(9, DIM, 4)
    const short = { ...matrix, data: matrix.data.map((value) => value / 4) }
    expect(encodeVectors(codecs(4), short)).toEqual(encodeVectors(codecs(4), matrix))
  })

  test('a part is decoded as it stands in the whole, from odd and even rows', () => {
    const coded = encodeVectors(codecs(2), clusteredVectors(9, DIM, 5))
    const whole = decodeVectors(codecs(2), coded)
    for (const [from, to] of [
      [0, 9],
      [3, 4],
      [4, 9],
      [9, 9],
    ] as const) {
      const part = decodeVectors(codecs(2), coded, from, to)
      expect(part).toEqual({ data: whole.data.slice(from * DIM, to * DIM), numTokens: to - from, dim: DIM })
    }
  })

  test('encoding passages one by one or together gives the same codes', () => {
    const matrix = clusteredVectors(1_100, DIM, 6)
    const whole = encodeVectors(codecs(1), matrix)
    const half = matrix.data.length / 2
    const parts = [matrix.data.subarray(0, half), matrix.data.subarray(half)].map((data) =>
      encodeVectors(codecs(1), { data, numTokens: 550, dim: DIM }),
    )
    expect(parts.flatMap(({ codes }) => [...codes])).toEqual([...whole.codes])
    expect(parts.flatMap(({ centroidIds }) => [...centroidIds])).toEqual([...whole.centroidIds])
    expect(parts.flatMap(({ scales }) => [...scales])).toEqual([...whole.scales])
  })

  test('beyond 256 centroids ids take two bytes and reach every centroid', () => {
    const sample = clusteredVectors(16 * 300, 8, 7, 300)
    const codec = trainResidualCodecs(sample, { numCentroids: 300, iterations: 2 })(4)
    const coded = encodeVectors(codec, sample)
    expect(coded.centroidIds).toBeInstanceOf(Uint16Array)
    expect(Math.max(...coded.centroidIds)).toBeGreaterThan(255)
    const decoded = decodeVectors(codec, coded)
    for (let i = 0; i < sample.numTokens; i++) {
      expect(dot(rowOf(decoded, i), rowOf(sample, i))).toBeGreaterThan(0.9)
    }
  })

  test('256 centroids need one byte', () => {
    const sample = clusteredVectors(16 * 256, 8, 7, 256)
    const codec = trainResidualCodecs(sample, { numCentroids: 256, iterations: 1 })(1)
    expect(codec.numCentroids).toBe(256)
    expect(encodeVectors(codec, sample).centroidIds).toBeInstanceOf(Uint8Array)
  })
})

describe('plain codes', () => {
  const values = matrixOf([0.5, -1, 1, 0.1], [0, 0.25, -0.75, 1.5])

  test('f32 keeps every bit, little-endian', () => {
    const coded = encodeVectors(plainCodec('f32', 4), values)
    expect(decodeVectors(plainCodec('f32', 4), coded)).toEqual(values)
    expect([...coded.codes.subarray(0, 8)]).toEqual([0, 0, 0, 0x3f, 0, 0, 0x80, 0xbf])
    expect([coded.centroidIds.length, coded.scales.length]).toEqual([0, 0])
  })

  test('f16 rounds to halves, little-endian', () => {
    const coded = encodeVectors(plainCodec('f16', 4), values)
    expect([...coded.codes.subarray(0, 8)]).toEqual([0, 0x38, 0, 0xbc, 0, 0x3c, 0x66, 0x2e])
    const { data } = decodeVectors(plainCodec('f16', 4), coded)
    expect([...data]).toEqual([0.5, -1, 1, Math.fround(0.0999755859375), 0, 0.25, -0.75, 1.5])
  })

  test('int8 stores round(127 · v) and clips beyond ±1', () => {
    const coded = encodeVectors(plainCodec('int8', 4), values)
    expect([...new Int8Array(coded.codes.buffer)]).toEqual([64, -127, 127, 13, 0, 32, -95, 127])
    const { data } = decodeVectors(plainCodec('int8', 4), coded, 1, 2)
    expect(data[1]).toBe(Math.fround(32 / 127))
  })

  test('kinds and dimensions have fingerprints of their own', () => {
    const codecs = [plainCodec('f32', 4), plainCodec('f16', 4), plainCodec('int8', 4), plainCodec('f32', 8)]
    expect(new Set(codecs.map(({ fingerprint }) => fingerprint)).size).toBe(4)
  })

  test.each([0, 1.5, Number.NaN])('the dimension %d is refused', (dim) => {
    expectBadArgument(() => plainCodec('f32', dim))
  })
})

describe.each([
  ['residual', codecs(2)],
  ['plain', plainCodec('int8', DIM)],
])('%s: what cannot be stored is refused', (_, codec) => {
  const matrix = clusteredVectors(3, DIM, 2)

  test('a component that is not a number', () => {
    const data = matrix.data.slice()
    data[DIM + 3] = Number.NaN
    expectBadArgument(() => encodeVectors(codec, { ...matrix, data }), /component 3 of vector 1 is NaN/)
  })

  test('vectors of another dimension', () => {
    expectBadArgument(() => encodeVectors(codec, clusteredVectors(3, 8, 2)), /24 dimensions.* 8/)
  })

  test('a range beyond the vectors', () => {
    const coded = encodeVectors(codec, matrix)
    for (const [from, to] of [
      [0, 4],
      [-1, 2],
      [2, 1],
      [0.5, 2],
    ] as const) {
      expectBadArgument(() => decodeVectors(codec, coded, from, to))
    }
  })

  test('no vectors are no error', () => {
    const none: TokenMatrix = { data: new Float32Array(0), numTokens: 0, dim: DIM }
    expect(decodeVectors(codec, encodeVectors(codec, none))).toEqual(none)
  })
})

function expectBadArgument(run: () => unknown, message = /./): void {
  expect(run).toThrow(
    expect.toSatisfy((error) => isLateenError(error, 'bad-argument') && message.test(error.message)),
  )
}

/** The definition in codec.ts, written down without a thought for speed. */
function naiveRow(codec: ResidualCodec, vector: Float32Array): number[] {
  const { dim, numCentroids, centroids, cutoffs, weights, weightStep, scales } = codec
  const length = lengthOf(vector)
  const unit = Array.from(vector, (value) => value / length)
  const rows = Array.from({ length: numCentroids }, (_, c) => centroids.slice(c * dim, (c + 1) * dim))
  const centroid = rows.reduce((best, row) => (dot(row, unit) > dot(best, unit) ? row : best))
  const restored = unit.map((value, d) => {
    const code = cutoffs.filter((cutoff) => cutoff < value - centroid[d]!).length
    return centroid[d]! + weightStep * weights[code]!
  })
  const wanted = 1 / lengthOf(restored)
  const scale = scales.reduce((best, one) => (Math.abs(one - wanted) < Math.abs(best - wanted) ? one : best))
  return restored.map((value) => value * scale)
}
