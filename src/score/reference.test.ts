import { expect, test } from 'vitest'
import type { ResidualCodec } from '../compress/codec.ts'
import { decodeVectors } from '../compress/decode.ts'
import { readVectors } from '../segment/read-vectors.ts'
import type { VectorSegment } from '../segment/segment.ts'
import { scorerConformance } from './conformance.test-suite.ts'
import { maxSim } from './max-sim.ts'
import { referenceScorer } from './reference.ts'
import { syntheticQuery, syntheticSegment } from './synthetic.ts'

scorerConformance('reference', async () => referenceScorer(), { tolerance: 0 })

const matrix = (dim: number, ...rows: number[][]) => ({
  data: Float32Array.from(rows.flat()),
  numTokens: rows.length,
  dim,
})

test('a residual vector is scale · (centroid + step · weight of its planar code)', async () => {
  // Two vectors of four dimensions, two bits: one byte each, dimension d in bits 2d and 2d + 1.
  const codec: ResidualCodec = {
    kind: 'residual',
    bits: 2,
    dim: 4,
    numCentroids: 2,
    centroids: Float32Array.of(1, 2, 3, 4, 10, 20, 30, 40),
    cutoffs: Float32Array.of(-1, 0, 1),
    weights: Int8Array.of(-63, -20, 20, 63),
    weightStep: 0.5,
    scales: Float32Array.from({ length: 16 }, (_, i) => i + 1),
    fingerprint: 'by hand',
  }
  const sections = {
    codes: Uint8Array.of(0b11_10_01_00, 0b00_01_10_11),
    centroidIds: Uint8Array.of(0, 1),
    scales: Uint8Array.of(0x20),
  }
  const segment: VectorSegment = {
    numPassages: 2,
    numVectors: 2,
    codec,
    poolFactor: 1,
    byteLength: 20,
    readOffsets: async () => Uint32Array.of(0, 1, 2),
    read: async (section, offset, length) => sections[section].slice(offset, offset + length),
    sectionLength: (section) => sections[section].length,
  }
  const scorer = referenceScorer()
  const loaded = await scorer.load(segment)
  const dimension = (d: number) =>
    matrix(
      4,
      [0, 1, 2, 3].map((i) => (i === d ? 1 : 0)),
    )
  const vectors = await Promise.all(
    [0, 1, 2, 3].map((d) => scorer.score(dimension(d), loaded, Uint32Array.of(0, 1))),
  )
  expect(vectors.map((scores) => scores[0])).toEqual([1 - 31.5, 2 - 10, 3 + 10, 4 + 31.5])
  expect(vectors.map((scores) => scores[1])).toEqual([3 * 41.5, 3 * 30, 3 * 20, 3 * 8.5])
})

test.each([
  { kind: 'residual', bits: 4 },
  { kind: 'residual', bits: 2, numCentroids: 700 },
  { kind: 'residual', bits: 1 },
  { kind: 'int8' },
  { kind: 'f16' },
  { kind: 'f32' },
] as const)('the reference scores what the codec decodes: %o', async (options) => {
  const segment = syntheticSegment({ ...options, dim: 40, vectors: [3, 4, 9], seed: 11 })
  const query = syntheticQuery(7, 40, 12)
  const scorer = referenceScorer()
  const scores = await scorer.score(query, await scorer.load(segment), Uint32Array.of(0, 1, 2))
  const ranges = [
    [0, 3],
    [3, 7],
    [7, 16],
  ] as const
  for (const [passage, [start, end]] of ranges.entries()) {
    const vectors = decodeVectors(segment.codec, await readVectors(segment, start, end))
    expect(scores[passage]).toBeCloseTo(maxSim(query, vectors), 5)
  }
})
