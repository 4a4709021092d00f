/** What every scorer must do, whatever it runs on: one suite, run against each of them. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ResidualCodec } from '../compress/codec.ts'
import type { VectorSegment } from '../segment/segment.ts'
import type { TokenMatrix } from '../types.ts'
import { referenceScorer } from './reference.ts'
import type { LoadedSegment, Scorer } from './scorer.ts'
import { type SyntheticOptions, syntheticQuery, syntheticSegment } from './synthetic.ts'

export interface ConformanceOptions {
  /** Largest allowed difference from the reference per query token. */
  readonly tolerance: number
}

const CODECS: readonly Pick<SyntheticOptions, 'kind' | 'bits'>[] = [
  { kind: 'residual', bits: 4 },
  { kind: 'residual', bits: 2 },
  { kind: 'residual', bits: 1 },
  { kind: 'int8' },
  { kind: 'f16' },
  { kind: 'f32' },
]
/** Multiples of 8, as one bit per dimension needs; not all multiples of a SIMD register. */
const DIMS = [8, 24, 40, 48, 64, 96, 128]

const nameOf = ({ kind, bits }: Pick<SyntheticOptions, 'kind' | 'bits'>) =>
  kind === 'residual' ? `${bits}-bit residual codes` : `${kind} vectors`

const everyPassage = (segment: { numPassages: number }) =>
  Uint32Array.from({ length: segment.numPassages }, (_, i) => i)

/**
 * @param name       of the implementation
 * @param makeScorer a fresh one; undefined where the environment cannot run it: a skipped test says so
 */
export function scorerConformance(
  name: string,
  makeScorer: (() => Promise<Scorer>) | undefined,
  { tolerance }: ConformanceOptions,
): void {
  if (!makeScorer) {
    test.skip(`${name} scorer: cannot run here`, () => {})
    return
  }
  describe(`${name} scorer`, () => {
    let scorer: Scorer
    const reference = referenceScorer()
    beforeAll(async () => {
      scorer = await makeScorer()
    })
    afterAll(() => scorer.dispose())

    async function scoreWith(one: Scorer, segment: VectorSegment, query: TokenMatrix, passages: Uint32Array) {
      const loaded = await one.load(segment)
      try {
        return await one.score(query, loaded, passages)
      } finally {
        loaded.dispose()
      }
    }

    async function expectAgreement(
      segment: VectorSegment,
      query: TokenMatrix,
      passages = everyPassage(segment),
    ) {
      const expected = await scoreWith(reference, segment, query, passages)
      const found = await scoreWith(scorer, segment, query, passages)
      expect(found).toBeInstanceOf(Float32Array)
      expect(found.length).toBe(passages.length)
      const worst = expected.reduce((worst, score, i) => {
        const difference = Math.abs(score - found[i]!)
        return Math.max(difference, worst)
      }, 0)
      expect(worst).toBeLessThanOrEqual(tolerance * Math.max(1, query.numTokens))
      return found
    }

    const residual = (over: Partial<SyntheticOptions> = {}) =>
      syntheticSegment({ kind: 'residual', dim: 64, vectors: [3, 5, 1, 8], seed: 7, ...over })

    describe.each(CODECS)('on $kind $bits', (codec) => {
      test.each(DIMS)(`${nameOf(codec)} of %i dimensions score as in the reference`, async (dim) => {
        const segment = syntheticSegment({ ...codec, dim, vectors: [1, 7, 0, 33, 4], seed: dim })
        await expectAgreement(segment, syntheticQuery(9, dim, dim))
      })

      test(`every number of query tokens from 0 to 40 works on ${nameOf(codec)}`, async () => {
        const segment = syntheticSegment({ ...codec, dim: 48, vectors: [5, 0, 2], seed: 3 })
        for (let numTokens = 0; numTokens <= 40; numTokens++) {
          await expectAgreement(segment, syntheticQuery(numTokens, 48, numTokens))
        }
      })
    })

    test('a segment without passages has no scores', async () => {
      const segment = residual({ vectors: [] })
      expect(await scoreWith(scorer, segment, syntheticQuery(4, 64, 1), new Uint32Array(0))).toEqual(
        new Float32Array(0),
      )
    })

    test('passages without vectors score 0, also when nothing else is there', async () => {
      const query = syntheticQuery(4, 64, 1)
      expect([...(await expectAgreement(residual({ vectors: [0, 0] }), query))]).toEqual([0, 0])
      expect(
        [...(await expectAgreement(residual({ vectors: [0, 2, 0] }), query))].map(Math.sign),
      ).not.toEqual([0, 0, 0])
    })

    test('a passage whose similarities are all negative keeps the largest of them', async () => {
      const segment = syntheticSegment({ kind: 'f32', dim: 64, vectors: [1], seed: 5 })
      const data = (await segment.read('codes', 0, 256)).buffer as ArrayBuffer
      const query = { data: new Float32Array(data).map((value) => -value), numTokens: 1, dim: 64 }
      expect((await expectAgreement(segment, query))[0]).toBeCloseTo(-1, 2)
    })

    test('one-vector passages and a very long one stand side by side', async () => {
      await expectAgreement(residual({ vectors: [1, 5000, 1, 1] }), syntheticQuery(32, 64, 2))
    })

    test.each([1, 2, 255, 256, 257, 65_536])(
      'centroid ids of a codec with %i centroids are read right',
      async (numCentroids) => {
        await expectAgreement(
          residual({ numCentroids, dim: 8, vectors: [9, 40, 3] }),
          syntheticQuery(5, 8, 2),
        )
      },
    )

    test('scores come in the order the passages were asked for', async () => {
      const segment = residual({ vectors: [3, 0, 5, 1, 8, 2, 64] })
      const query = syntheticQuery(6, 64, 4)
      const all = await scoreWith(scorer, segment, query, everyPassage(segment))
      const asked = Uint32Array.of(6, 2, 1, 5)
      expect([...(await scoreWith(scorer, segment, query, asked))]).toEqual([...asked].map((i) => all[i]))
    })

    test('passages with equal vectors have equal scores', async () => {
      const segment = residual({ vectors: Array<number>(37).fill(6) })
      const twins: VectorSegment = {
        ...segment,
        async read(section, offset, length) {
          const rowBytes = { codes: 32, centroidIds: 1, scales: 0.5 }[section]
          const first = await segment.read(section, 0, 6 * rowBytes)
          return Uint8Array.from({ length }, (_, i) => first[(offset + i) % first.length]!)
        },
      }
      const scores = await expectAgreement(twins, syntheticQuery(11, 64, 4))
      expect(new Set(scores).size).toBe(1)
    })

    test('several segments are held at once and do not disturb each other', async () => {
      const segments = [residual({ seed: 1 }), residual({ seed: 2, bits: 2 }), residual({ seed: 3, dim: 96 })]
      const loaded = await Promise.all(segments.map((segment) => scorer.load(segment)))
      const queries = segments.map(({ codec }, i) => syntheticQuery(3 + 9 * i, codec.dim, i))
      const both = await Promise.all(
        segments.map((segment, i) => scorer.score(queries[i]!, loaded[i]!, everyPassage(segment))),
      )
      for (const one of loaded) one.dispose()
      for (const [i, segment] of segments.entries()) {
        const alone = await scoreWith(scorer, segment, queries[i]!, everyPassage(segment))
        expect([...both[i]!]).toEqual([...alone])
      }
    })

    test('a loaded segment says what it holds', async () => {
      const segment = residual({ vectors: Array<number>(500).fill(60) })
      const loaded = await scorer.load(segment)
      expect(loaded).toMatchObject({ numPassages: 500, numVectors: 30_000 })
      expect(loaded.bytes).toBeGreaterThanOrEqual(segment.sectionLength('codes'))
      expect(loaded.bytes).toBeLessThanOrEqual(1.3 * segment.byteLength)
      loaded.dispose()
    })

    test('sections are read in parts of at most 1 MiB', async () => {
      const segment = residual({ vectors: Array<number>(700).fill(60) })
      const lengths: number[] = []
      const watched: VectorSegment = {
        ...segment,
        read: (section, offset, length) => {
          lengths.push(length)
          return segment.read(section, offset, length)
        },
      }
      const loaded = await scorer.load(watched)
      loaded.dispose()
      expect(Math.max(...lengths)).toBeLessThanOrEqual(1 << 20)
      expect(lengths.reduce((sum, length) => sum + length)).toBeLessThan(segment.byteLength)
    })

    test('a segment that does not fit is refused before it is read', async () => {
      const numVectors = 2 ** 31
      const lengths = { codes: numVectors * 32, centroidIds: numVectors, scales: numVectors / 2 }
      const huge: VectorSegment = {
        numPassages: 1,
        numVectors,
        codec: residual().codec,
        poolFactor: 1,
        byteLength: numVectors * 33.5,
        readOffsets: async () => Uint32Array.of(0, numVectors),
        read: async () => expect.fail('nothing should be read'),
        sectionLength: (section) => lengths[section],
      }
      await expect(scorer.load(huge)).rejects.toMatchObject({ code: 'segment-too-large' })
    })

    const codecOf = (segment: VectorSegment) => segment.codec as ResidualCodec
    const withNaN = (values: Float32Array) => values.map((value, i) => (i === 3 ? Number.NaN : value))
    test.each<[what: string, broken: () => VectorSegment]>([
      [
        'a NaN among the centroids',
        () => {
          const segment = residual()
          return {
            ...segment,
            codec: { ...codecOf(segment), centroids: withNaN(codecOf(segment).centroids) },
          }
        },
      ],
      [
        'a NaN among the scales',
        () => {
          const segment = residual()
          return { ...segment, codec: { ...codecOf(segment), scales: withNaN(codecOf(segment).scales) } }
        },
      ],
      [
        'an infinite weight step',
        () => {
          const segment = residual()
          return { ...segment, codec: { ...codecOf(segment), weightStep: Number.POSITIVE_INFINITY } }
        },
      ],
      [
        'a centroid id beyond the last centroid',
        () => {
          const segment = residual({ numCentroids: 300 })
          return {
            ...segment,
            codec: { ...codecOf(segment), numCentroids: 257, centroids: new Float32Array(257 * 64) },
          }
        },
      ],
      [
        'a NaN among float32 vectors',
        () => broken32('f32', (bytes) => new Float32Array(bytes.buffer).fill(Number.NaN, 70, 71)),
      ],
      [
        'an infinity among float16 vectors',
        () => broken32('f16', (bytes) => new Uint16Array(bytes.buffer).fill(0x7c00, 70, 71)),
      ],
      [
        'vector counts that fall',
        () => ({ ...residual(), readOffsets: async () => Uint32Array.of(0, 8, 3, 9, 17) }),
      ],
      [
        'vector counts that do not add up',
        () => ({ ...residual(), readOffsets: async () => Uint32Array.of(0, 3, 8, 9, 16) }),
      ],
      ['a section that is too short', () => ({ ...residual(), sectionLength: () => 16 })],
      ['a read that comes back short', () => ({ ...residual(), read: async () => new Uint8Array(1) })],
    ])('%s is refused at load', async (_what, broken) => {
      await expect(scorer.load(broken())).rejects.toMatchObject({ code: 'segment-corrupt' })
    })

    test('what a segment throws while it is read comes through, and the scorer stays usable', async () => {
      const failing: VectorSegment = { ...residual(), read: () => Promise.reject(new TypeError('offline')) }
      await expect(scorer.load(failing)).rejects.toThrow('offline')
      await expectAgreement(residual(), syntheticQuery(4, 64, 1))
    })

    describe('given a loaded segment', () => {
      let loaded: LoadedSegment
      beforeAll(async () => {
        loaded = await scorer.load(residual())
      })
      const refuses = (query: TokenMatrix, passages = Uint32Array.of(0)) =>
        expect(scorer.score(query, loaded, passages)).rejects.toMatchObject({ code: 'bad-argument' })

      test('a query of another dimension is refused', () => refuses(syntheticQuery(4, 96, 1)))

      test('a query with fewer components than it says is refused', () =>
        refuses({ ...syntheticQuery(4, 64, 1), numTokens: 5 }))

      test.each([Number.NaN, Number.POSITIVE_INFINITY])('a query with %d in it is refused', async (value) => {
        const query = syntheticQuery(4, 64, 1)
        query.data[130] = value
        await refuses(query)
      })

      test('a passage number beyond the last passage is refused', () =>
        refuses(syntheticQuery(4, 64, 1), Uint32Array.of(3, 4)))

      test('a segment of another scorer is refused', async () => {
        const foreign = await referenceScorer().load(residual())
        await expect(
          scorer.score(syntheticQuery(4, 64, 1), foreign, Uint32Array.of(0)),
        ).rejects.toMatchObject({ code: 'bad-argument' })
      })
    })

    test('a disposed segment and a disposed scorer are closed', async () => {
      const own = await makeScorer()
      const query = syntheticQuery(4, 64, 1)
      const [first, second] = [await own.load(residual()), await own.load(residual())]
      first.dispose()
      first.dispose()
      await expect(own.score(query, first, Uint32Array.of(0))).rejects.toMatchObject({ code: 'closed' })
      expect(await own.score(query, second, Uint32Array.of(0))).toHaveLength(1)
      own.dispose()
      own.dispose()
      await expect(own.score(query, second, Uint32Array.of(0))).rejects.toMatchObject({ code: 'closed' })
      await expect(own.load(residual())).rejects.toMatchObject({ code: 'closed' })
    })

    test('a scorer disposed in the middle of a load is closed', async () => {
      const own = await makeScorer()
      const segment = residual()
      const closing: VectorSegment = {
        ...segment,
        read: (...args) => {
          own.dispose()
          return segment.read(...args)
        },
      }
      await expect(own.load(closing)).rejects.toMatchObject({ code: 'closed' })
    })

    test('random segments score as in the reference', async () => {
      const shapes = fc.record({
        codec: fc.constantFrom(...CODECS),
        dim: fc.integer({ min: 1, max: 17 }).map((eighths) => 8 * eighths),
        numCentroids: fc.constantFrom(1, 3, 256, 257, 1000),
        vectors: fc.array(fc.integer({ min: 0, max: 70 }), { maxLength: 12 }),
        numTokens: fc.integer({ min: 1, max: 40 }),
        seed: fc.nat(),
      })
      await fc.assert(
        fc.asyncProperty(shapes, async ({ codec, dim, numCentroids, vectors, numTokens, seed }) => {
          const segment = syntheticSegment({ ...codec, dim, numCentroids, vectors, seed })
          await expectAgreement(segment, syntheticQuery(numTokens, dim, seed + 1))
        }),
        { numRuns: 60, seed: 20 },
      )
    })
  })
}

/** A plain segment whose stored bytes were damaged. */
function broken32(kind: 'f32' | 'f16', damage: (bytes: Uint8Array<ArrayBuffer>) => void): VectorSegment {
  const segment = syntheticSegment({ kind, dim: 64, vectors: [4], seed: 9 })
  return {
    ...segment,
    async read(...args) {
      const bytes = (await segment.read(...args)).slice()
      damage(bytes)
      return bytes
    },
  }
}
