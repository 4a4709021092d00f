/** Converted codes, scored: the best ten of exact PLAID scoring, by the reference and behind a kernel. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ResidualBits } from '../compress/codec.ts'
import { readCodecFile, writeExactCodecFile } from '../compress/codec-file.ts'
import { decodeVectors } from '../compress/decode.ts'
import { maxSim } from '../score/max-sim.ts'
import { referenceScorer } from '../score/reference.ts'
import { SCORE_TOLERANCE, type Scorer } from '../score/scorer.ts'
import { wasmScorer } from '../score/wasm.ts'
import { openVectorSegment, readVectors } from '../segment/read-vectors.ts'
import { buildSegment, SAMPLE_MODEL, sampleManifest, sampleOptions } from '../segment/samples.test-suite.ts'
import type { SegmentDocument, VectorSegment } from '../segment/segment.ts'
import { bytesSource } from '../store/source.ts'
import type { TokenMatrix } from '../types.ts'
import { seededRandom } from '../util/random.ts'
import { exactCodec, type PlaidTables, vectorConverter } from './codec.ts'
import { FIXTURES, readExpected } from './fixtures.node.ts'
import type { PlaidChunk, PlaidIndex } from './plaid.ts'
import { readPlaid } from './read.node.ts'

let reference: Scorer
let wasm: Scorer
beforeAll(async () => {
  reference = referenceScorer()
  wasm = await wasmScorer()
})
afterAll(() => {
  reference.dispose()
  wasm.dispose()
})

describe.each(FIXTURES)('$name', ({ name }) => {
  const { queries, doclens } = readExpected(name)

  test('the reference gives the scores of the library and its order', async () => {
    const segment = await converted(await readPlaid(`fixtures/plaid/${name}`))
    for (const { query, top, scores } of queries) {
      const ours = await scoreAll(reference, segment, query)
      for (const [i, score] of ours.entries()) expect(Math.abs(score - scores[i]!)).toBeLessThan(1e-5)
      expect(best(ours).slice(0, 10)).toEqual(top)
    }
  })

  test('a kernel proposes twenty passages that hold the library’s ten', async () => {
    const segment = await converted(await readPlaid(`fixtures/plaid/${name}`))
    const offsets = await segment.readOffsets()
    for (const { query, top, scores } of queries) {
      const proposed = best(await scoreAll(wasm, segment, query)).slice(0, 20)
      const exact = await Promise.all(
        proposed.map(async (passage) => {
          const coded = await readVectors(segment, offsets[passage]!, offsets[passage + 1]!)
          return { passage, score: maxSim(query, decodeVectors(segment.codec, coded)) }
        }),
      )
      exact.sort((a, b) => b.score - a.score || a.passage - b.passage)
      expect(exact.slice(0, 10).map(({ passage }) => passage)).toEqual(top)
      for (const { passage, score } of exact) expect(Math.abs(score - scores[passage]!)).toBeLessThan(1e-5)
    }
    expect(doclens.length).toBeGreaterThan(20)
  })
})

test.each<[dim: number, bits: ResidualBits]>([
  [12, 4],
  [20, 2],
  [10, 4],
])('%d dimensions of %d bits, which are no multiple of eight, are scored alike', async (dim, bits) => {
  const index = madeUp(dim, bits)
  const segment = await converted(index)
  const query = randomRows(6, dim, 5)
  const exact = await scoreAll(reference, segment, query)
  const fast = await scoreAll(wasm, segment, query)
  const { numTokens } = query
  for (const [i, score] of exact.entries()) {
    expect(Math.abs(score - fast[i]!)).toBeLessThan(SCORE_TOLERANCE * numTokens)
  }
  expect(new Set(exact).size).toBeGreaterThan(5)
})

test('more centroids than two bytes can name are refused', () => {
  const tables: PlaidTables = {
    ...madeUp(8, 4),
    numCentroids: 65_537,
    centroids: new Float32Array(65_537 * 8),
  }
  const nothing = { codes: new Uint32Array(0), residuals: new Uint8Array(0) }
  expect(() => exactCodec(tables, nothing)).toThrow(
    expect.objectContaining({ code: 'index-version', message: expect.stringMatching(/65536.*65537/) }),
  )
})

type Vectors = PlaidTables & Pick<PlaidIndex, 'doclens' | 'chunks'>

/** A segment with one document a passage. */
async function converted(index: Vectors): Promise<VectorSegment> {
  const documents: SegmentDocument[] = []
  let codec: ReturnType<typeof exactCodec> | undefined
  for await (const chunk of index.chunks()) {
    codec ??= readCodecFile(writeExactCodecFile(exactCodec(index, chunk)))(index.bits)
    const convert = vectorConverter(index, codec)
    let from = 0
    for (const numVectors of chunk.doclens) {
      const id = `${documents.length}`
      const passage = { documentId: id, ordinal: 0, title: '', headings: [], url: '', text: id, metadata: {} }
      const vectors = convert(chunk, from, from + numVectors)
      documents.push({ id, metadata: {}, contentHash: '00', passages: [{ passage, numVectors }], vectors })
      from += numVectors
    }
  }
  const options = { ...sampleOptions(codec!), pooling: { factor: 1, protectedTokens: 0 } }
  const { vectorFile, reference } = buildSegment(documents, options)
  const { kind, bits, fingerprint } = codec!
  const manifest = sampleManifest([reference], {
    model: { ...SAMPLE_MODEL, dim: index.dim },
    codec: { kind, bits, fingerprint },
  })
  return openVectorSegment(bytesSource(vectorFile), codec!, manifest, reference)
}

async function scoreAll(scorer: Scorer, segment: VectorSegment, query: TokenMatrix): Promise<number[]> {
  const loaded = await scorer.load(segment)
  const scores = await scorer.score(
    query,
    loaded,
    Uint32Array.from({ length: segment.numPassages }, (_, i) => i),
  )
  loaded.dispose()
  return [...scores]
}

function best(scores: readonly number[]): number[] {
  return scores.map((_, i) => i).sort((a, b) => scores[b]! - scores[a]! || a - b)
}

function madeUp(dim: number, bits: ResidualBits): Vectors {
  const random = seededRandom(dim)
  const doclens = Uint32Array.of(3, 1, 0, 5, 4, 7, 2, 6)
  const numVectors = doclens.reduce((a, b) => a + b, 0)
  const chunk: PlaidChunk = {
    firstPassage: 0,
    doclens,
    codes: Uint32Array.from({ length: numVectors }, () => random() * 5),
    residuals: Uint8Array.from({ length: (numVectors * dim * bits) / 8 }, () => random() * 256),
  }
  const numWeights = 2 ** bits
  return {
    dim,
    bits,
    numCentroids: 5,
    centroids: randomRows(5, dim, 1).data,
    cutoffs: Float32Array.from({ length: numWeights - 1 }, (_, i) => (i + 1) / numWeights / 4 - 0.125),
    weights: Float32Array.from({ length: numWeights }, (_, i) => (i + 0.5) / numWeights / 4 - 0.125),
    doclens,
    async *chunks() {
      yield chunk
    },
  }
}

function randomRows(numTokens: number, dim: number, seed: number): TokenMatrix {
  const random = seededRandom(seed)
  const rows = Array.from({ length: numTokens }, () => {
    const row = Array.from({ length: dim }, () => random() - 0.5)
    const length = Math.hypot(...row)
    return row.map((value) => value / length)
  })
  return { data: Float32Array.from(rows.flat()), numTokens, dim }
}
