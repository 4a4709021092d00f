import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type ErrorCode, isLateenError } from '../errors.ts'
import { sha256Hex } from '../util/hash.ts'
import type { ResidualCodec } from './codec.ts'
import { codecFingerprint } from './codec-bytes.ts'
import { readCodecFile, writeCodecFile, writeExactCodecFile } from './codec-file.ts'
import { decodeVectors } from './decode.ts'
import { encodeVectors } from './encode.ts'
import { RESIDUAL_BITS, trainResidualCodecs } from './residual.ts'
import { clusteredVectors, lengthOf, rowOf } from './samples.test-suite.ts'

const DIM = 16
const CENTROIDS = 20
const TABLES = 64 + 2 * CENTROIDS * DIM
const codecs = trainResidualCodecs(clusteredVectors(1_000, DIM, 1), { numCentroids: CENTROIDS })
const file = writeCodecFile(codecs)

test('what was written is read again, fingerprints included', () => {
  const read = readCodecFile(file)
  for (const bits of RESIDUAL_BITS) expect(read(bits)).toEqual(codecs(bits))
})

test('vectors get the same codes before and after storing the codec', () => {
  const matrix = clusteredVectors(200, DIM, 2)
  for (const bits of RESIDUAL_BITS) {
    expect(encodeVectors(readCodecFile(file)(bits), matrix)).toEqual(encodeVectors(codecs(bits), matrix))
  }
})

test('writing what was read gives the same bytes', () => {
  expect(writeCodecFile(readCodecFile(file))).toEqual(file)
})

test('a file inside a larger buffer is read by its own offset', () => {
  const larger = new Uint8Array(file.length + 7)
  larger.set(file, 5)
  expect(readCodecFile(larger.subarray(5, 5 + file.length))(2)).toEqual(codecs(2))
})

test('the byte map is as documented', () => {
  const view = new DataView(file.buffer)
  expect(String.fromCharCode(...file.subarray(0, 8))).toBe('LATEENC\0')
  expect([view.getUint16(8, true), view.getUint16(10, true), view.getUint32(12, true)]).toEqual([1, 0, 64])
  expect(view.getBigUint64(16, true)).toBe(BigInt(file.length))
  expect([view.getUint32(24, true), view.getUint16(28, true)]).toEqual([CENTROIDS, DIM])
  expect(file.length).toBe(TABLES + 144 + 84 + 76)
  let at = TABLES
  for (const [bits, length] of [
    [4, 144],
    [2, 84],
    [1, 76],
  ] as const) {
    const { weightStep, scales, cutoffs, weights } = codecs(bits)
    const floats = [weightStep, ...scales, ...cutoffs]
    expect(floats.map((_, i) => view.getFloat32(at + 4 * i, true))).toEqual(floats)
    expect(weights.map((_, i) => view.getInt8(at + 4 * floats.length + i))).toEqual(weights)
    at += length
  }
})

test('the fingerprint covers sizes, centroids and one table, as documented', () => {
  const sizes = new Uint8Array(Uint32Array.of(2, DIM, CENTROIDS).buffer)
  const tag = new TextEncoder().encode('lateen-codec residual')
  const table = file.subarray(TABLES + 144, TABLES + 144 + 84)
  const covered = Uint8Array.of(...tag, ...sizes, ...file.subarray(64, TABLES), ...table)
  expect(codecs(2).fingerprint).toBe(sha256Hex(covered))
})

test("lateen-mini's codec takes the model's vectors", () => {
  const shipped = new URL('../../public/models/lateen-mini/codec.bin', import.meta.url)
  const read = readCodecFile(new Uint8Array(readFileSync(shipped)))
  for (const bits of RESIDUAL_BITS) expect(read(bits)).toMatchObject({ bits, dim: 64, numCentroids: 256 })
})

describe('a codec with exact weights', () => {
  const exactOf = (bits: 4 | 2 | 1, over: Partial<ResidualCodec> = {}): ResidualCodec => {
    const trained = codecs(bits)
    const exactWeights = Float32Array.from(trained.weights, (weight) => weight * trained.weightStep + 0.001)
    const parts = { ...trained, exactWeights, ...over }
    return { ...parts, fingerprint: codecFingerprint(parts) }
  }
  const whole = Float32Array.from(codecs(4).centroids, (value) => value + 1e-5)

  test.each([
    ['halves', exactOf(2), 2],
    ['singles, where halves would round', exactOf(4, { centroids: whole }), 4],
    ['a dimension that only its own bits need fill bytes with', exactOf(4, narrowed(6)), 2],
  ])('is read as it was, with centroids in %s', (_, codec, width) => {
    const written = writeExactCodecFile(codec)
    const view = new DataView(written.buffer)
    expect([view.getUint16(8, true), view.getUint16(10, true), ...written.subarray(30, 32)]).toEqual([
      1,
      1,
      codec.bits,
      width,
    ])
    expect(written).toHaveLength(
      64 + width * CENTROIDS * codec.dim + { 4: 144, 2: 84, 1: 76 }[codec.bits] + 4 * 2 ** codec.bits,
    )
    expect(readCodecFile(written)(codec.bits)).toEqual(codec)
  })

  test('has a fingerprint of its own', () => {
    const { exactWeights: _, ...trained } = exactOf(2)
    expect(exactOf(2).fingerprint).not.toBe(codecFingerprint(trained))
    const moved = exactOf(2).exactWeights!.map((weight) => weight * 1.001)
    expect(exactOf(2, { exactWeights: moved }).fingerprint).not.toBe(exactOf(2).fingerprint)
  })

  test('decodes to vectors of length 1, and only it does', () => {
    const coded = encodeVectors(codecs(1), clusteredVectors(50, DIM, 4))
    for (let i = 0; i < 50; i++) {
      expect(lengthOf(rowOf(decodeVectors(exactOf(1), coded), i))).toBeCloseTo(1, 6)
    }
    const lengths = Array.from({ length: 50 }, (_, i) => lengthOf(rowOf(decodeVectors(codecs(1), coded), i)))
    expect(lengths.some((length) => Math.abs(length - 1) > 1e-4)).toBe(true)
  })

  test('knows its own bits alone', () => {
    const read = readCodecFile(writeExactCodecFile(exactOf(2)))
    expect(() => read(4)).toThrow(/4 bits.*2 alone/)
  })

  test('cannot be written of a trained codec', () => {
    expect(() => writeExactCodecFile(codecs(2))).toThrow(expect.objectContaining({ code: 'bad-argument' }))
  })

  test('is refused at every single changed byte', () => {
    const written = writeExactCodecFile(exactOf(1))
    for (let at = 0; at < written.length; at++) {
      const changed = written.slice()
      changed[at]! ^= 1 << (at % 8)
      expectError(changed, at >= 8 && at < 12 ? 'model-unsupported' : 'model-invalid')
    }
  })

  test.each([
    ['other bits', (view: DataView) => view.setUint8(30, 3), /4, 2 or 1 bits/],
    ['another width', (view: DataView) => view.setUint8(31, 3), /2 or 4 bytes/],
    [
      'falling weights',
      (view: DataView) => view.setFloat32(view.byteLength - 4, -9, true),
      /ascending exact weights/,
    ],
    [
      'a weight that is not a number',
      (view: DataView) => view.setFloat32(view.byteLength - 4, Number.NaN, true),
      /ascending exact weights/,
    ],
  ])('is refused with %s', (_, change, message) => {
    const changed = writeExactCodecFile(exactOf(2))
    change(new DataView(changed.buffer))
    expectError(reseal(changed), 'model-invalid', message)
  })

  /** The first components of every centroid. */
  function narrowed(dim: number): Pick<ResidualCodec, 'dim' | 'centroids'> {
    const { centroids } = codecs(4)
    return { dim, centroids: Float32Array.from({ length: CENTROIDS * dim }, (_, i) => centroids[i]!) }
  }
})

describe('a damaged file is refused', () => {
  test('at every single changed byte', () => {
    for (let at = 0; at < file.length; at++) {
      const changed = file.slice()
      changed[at]! ^= 1 << (at % 8)
      expectError(changed, at >= 8 && at < 12 ? 'model-unsupported' : 'model-invalid')
    }
  })

  test.each([0, 63, 64, TABLES, file.length - 1])('when only %d bytes of it are there', (length) => {
    expectError(file.slice(0, length), 'model-invalid', /bytes/)
  })

  test('when something follows it', () => {
    const longer = new Uint8Array(file.length + 1)
    longer.set(file)
    expectError(longer, 'model-invalid', /bytes/)
  })

  test('when it is another file', () => {
    expectError(new TextEncoder().encode('<!doctype html>'.repeat(20)), 'model-invalid', /LATEENC/)
  })
})

describe('a file with a right checksum and wrong content is refused', () => {
  const float = (at: number, value: number) => (view: DataView) => view.setFloat32(at, value, true)
  test.each([
    ['no centroid', (view: DataView) => view.setUint32(24, 0, true), /centroids/],
    ['too many centroids', (view: DataView) => view.setUint32(24, 65_537, true), /centroids/],
    ['another number of centroids', (view: DataView) => view.setUint32(24, CENTROIDS + 1, true), /bytes for/],
    ['a dimension of 0', (view: DataView) => view.setUint16(28, 0, true), /multiple of 8/],
    [
      'a dimension that does not fill bytes',
      (view: DataView) => view.setUint16(28, 12, true),
      /multiple of 8/,
    ],
    ['another header size', (view: DataView) => view.setUint32(12, 60, true), /header/],
    ['a centroid that is not a number', (view: DataView) => view.setUint16(70, 0x7e00, true), /finite/],
    ['an infinite centroid', (view: DataView) => view.setUint16(70, 0x7c00, true), /finite/],
    ['a weight step of 0', float(TABLES, 0), /weight step .* 4 bits/],
    ['a scale that is not a number', float(TABLES + 8, Number.NaN), /scales .* 4 bits/],
    ['a first scale of 0', float(TABLES + 144 + 4, 0), /scales .* 2 bits/],
    ['falling cutoffs', float(TABLES + 68, 9), /cutoffs .* 4 bits/],
    ['falling weights', (view: DataView) => view.setInt8(TABLES + 144 + 80, 63), /weights .* 2 bits/],
    ['a weight below −63', (view: DataView) => view.setInt8(TABLES + 128, -64), /weights .* 4 bits/],
    ['a reserved byte that is set', (view: DataView) => view.setUint8(31, 1), /zeros/],
    ['padding that is set', (view: DataView) => view.setUint8(file.length - 1, 1), /zeros/],
  ] as const)('%s', (_, change, message) => {
    const changed = file.slice()
    change(new DataView(changed.buffer))
    expectError(reseal(changed), 'model-invalid', message)
  })

  test('a version of the future', () => {
    const changed = file.slice()
    changed[8] = 2
    expectError(reseal(changed), 'model-unsupported', /2\.0.*1\.0/)
  })
})

function reseal(bytes: Uint8Array): Uint8Array {
  const rest = [...bytes.subarray(0, 32), ...bytes.subarray(64)]
  bytes.set(Buffer.from(sha256Hex(Uint8Array.from(rest)), 'hex'), 32)
  return bytes
}

function expectError(bytes: Uint8Array, code: ErrorCode, message = /./): void {
  expect(() => readCodecFile(bytes)).toThrow(
    expect.toSatisfy((error) => isLateenError(error, code) && message.test(error.message)),
  )
}
