/**
 * Parity: checkpoints as they lie on the Hub give what their home library gave for them. The records in
 * `fixtures/family` were made by the libraries' own code, see `tools/reference`. One suite, run on every
 * backend; what it measures goes into docs/parity.md by `npm run parity`.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { poolTokens } from '../compress/pool.ts'
import type { WeightsType } from '../model/spec.ts'
import { maxSim } from '../score/max-sim.ts'
import type { EncoderBackend, TokenMatrix } from '../types.ts'
import type { EncodedText, Encoder } from './encoder.ts'

/** Every record there has to be: one that is missing fails, it does not shrink the suite. */
export const RECORDS: readonly (readonly [model: string, ...files: string[]])[] = [
  ['stanford-bert', 'parity.json'],
  ['stanford-bert-beside', 'parity.json'],
  ['stanford-xlmr', 'parity.json', 'parity-8.json'],
  ['pylate-bert', 'parity.json'],
  ['pylate-modernbert', 'parity.json'],
  ['pylate-modernbert-chain', 'parity.json'],
  ['pylate-modernbert-residual', 'parity.json'],
  ['pylate-japanese', 'parity.json'],
  ['pylate-eos', 'parity.json'],
  ['pylate-prompts', 'parity.json'],
  ['st6-bert', 'parity.json'],
  ['st6-modernbert-min', 'parity.json'],
]

/** Largest difference of a component of a vector of length one. */
const VECTOR_TOLERANCE = 1e-4
/** Largest difference of a MaxSim score. */
const SCORE_TOLERANCE = 1e-3
/** Scores that are closer than this are a tie, which the libraries break as they like. */
const TIE = 1e-4
/** What quantised weights may cost: of the cosine of a token to its reference. They are no longer the same model. */
const MIN_QUANTIZED_COSINE = 0.99

/** One text as its library encoded it. */
interface RecordedText {
  readonly text: string
  /** All ids that were fed to the model. */
  readonly ids: readonly number[]
  readonly attention: readonly number[]
  /** Positions whose vectors survive. */
  readonly kept: readonly number[]
  /** Base64 of float32, little-endian, kept.length × dim. */
  readonly vectors: string
}

export interface ParityRecord {
  readonly reference: {
    readonly library: string
    readonly versions: Readonly<Record<string, string>>
    readonly notes?: string
  }
  /** What the model was loaded with: `dim` of a Matryoshka model. */
  readonly load?: { readonly dim?: number }
  readonly queries: readonly RecordedText[]
  readonly documents: readonly RecordedText[]
  /** Queries × documents, of the vectors before any pooling. */
  readonly scores: readonly (readonly number[])[]
  /** Per query the numbers of the documents, best first. */
  readonly ranks: readonly (readonly number[])[]
  readonly pooled?: readonly {
    readonly factor: number
    readonly protected: number
    readonly document: number
    readonly rows: number
    readonly vectors: string
  }[]
}

/** What one backend made of one record. */
export interface ParityMeasure {
  readonly model: string
  readonly record: string
  readonly reference: ParityRecord['reference']
  readonly backend: string
  readonly dtype: WeightsType
  readonly texts: number
  readonly dim: number
  readonly maxVectorDifference: number
  readonly minCosine: number
  readonly maxScoreDifference: number
  readonly ranksEqual: boolean
  readonly pooledDocuments: number
}

/** How near weights come to the vectors that a bundle brings in `reference.json`. */
export interface KnownAnswerMeasure {
  readonly model: string
  readonly backend: string
  readonly dtype: WeightsType
  readonly minCosine: number
}

declare module 'vitest' {
  interface TaskMeta {
    parity?: readonly ParityMeasure[]
    knownAnswers?: readonly KnownAnswerMeasure[]
  }
}

export interface ParityHost {
  /** A name for people, e.g. `WebGPU in Chromium`. */
  readonly name: string
  readonly backend: EncoderBackend
  /** How many queries of each record to run, where every length of a text takes its time. @default all */
  readonly maxQueries?: number
  /** Reads a file of the repository. */
  readJson(path: string): Promise<unknown>
  /** Loads a model from a folder of the repository, with these weights where they are named. */
  load(folder: string, dtype?: WeightsType, dim?: number): Promise<Encoder>
}

export function paritySuite(host: ParityHost): void {
  for (const [model, ...files] of RECORDS) {
    for (const file of files) {
      describe(`${model}/${file}: ${host.name}`, () => recordTests(host, model, file))
    }
  }
  describe(`lateen-mini: ${host.name}`, () => bundledModelTests(host))
}

const FAMILY = 'fixtures/family'
const BUNDLED = 'public/models/lateen-mini'

interface Encoded {
  readonly queries: readonly EncodedText[]
  readonly documents: readonly EncodedText[]
}

function recordTests(host: ParityHost, model: string, file: string): void {
  let record: ParityRecord
  let encoder: Encoder
  let encoded: Encoded

  beforeAll(async () => {
    const whole = (await host.readJson(`${FAMILY}/${model}/${file}`)) as ParityRecord
    expect(whole.queries.length).toBeGreaterThanOrEqual(6)
    expect(whole.documents.length).toBeGreaterThanOrEqual(12)
    record = firstQueries(whole, host.maxQueries)
    encoder = await host.load(`${FAMILY}/${model}`, 'fp32', record.load?.dim)
    encoded = await encodeAll(encoder, record)
  })
  afterAll(() => encoder?.dispose())

  /** Every recorded text with what became of it here. */
  function* pairs(): Generator<{ expected: RecordedText; found: EncodedText; label: string }> {
    for (const kind of ['queries', 'documents'] as const) {
      for (const [i, expected] of record[kind].entries()) {
        yield { expected, found: encoded[kind][i]!, label: `${kind}[${i}] ${JSON.stringify(expected.text)}` }
      }
    }
  }

  test('runs what is to be compared', () => {
    expect(encoder).toMatchObject({ backend: host.backend, weights: { dtype: 'fp32' } })
    expect(encoder.selfTest).toMatchObject({ passed: true, verified: true })
  })

  test('texts become the same token ids', () => {
    for (const { expected, found, label } of pairs()) {
      expect([...found.tokenized.ids], label).toEqual(expected.ids)
    }
  })

  test('the same tokens are attended to', () => {
    for (const { expected, found, label } of pairs()) {
      expect([...found.tokenized.attention], label).toEqual(expected.attention)
    }
  })

  test('the same tokens keep their vectors', () => {
    for (const { expected, found, label } of pairs()) {
      expect([...found.tokenized.kept], label).toEqual(expected.kept)
    }
  })

  test('vectors are the same', () => {
    for (const { expected, found, label } of pairs()) {
      const difference = largestDifference(found.matrix.data, floats(expected.vectors))
      expect(difference, label).toBeLessThanOrEqual(VECTOR_TOLERANCE)
    }
  })

  test('queries that stay on the GPU are the same', async () => {
    const text = record.queries[1]!
    const onGpu = await encoder.encodeQueryOnGpu?.(text.text)
    // Only a graph that ends with normalised vectors leaves them there.
    if (!onGpu) return
    const { data } = await onGpu.read()
    onGpu.dispose()
    expect(largestDifference(data, floats(text.vectors))).toBeLessThanOrEqual(VECTOR_TOLERANCE)
  })

  test('scores and ranks are the same', ({ task }) => {
    const measure = measured(host, model, file, record, encoder, encoded)
    task.meta.parity = [measure]
    expect(measure.maxScoreDifference).toBeLessThanOrEqual(SCORE_TOLERANCE)
    expect(measure.ranksEqual, 'the order of the documents').toBe(true)
  })

  test('pooled vectors are the same, where the library pools', () => {
    for (const { factor, protected: protectedTokens, document, rows, vectors } of record.pooled ?? []) {
      const pooled = poolTokens(encoded.documents[document]!.matrix, { factor, protectedTokens })
      const label = `documents[${document}] by ${factor}, ${protectedTokens} protected`
      expect(pooled.numTokens, label).toBe(rows)
      const difference = largestDifference(pooled.data, floats(vectors))
      expect(difference, label).toBeLessThanOrEqual(VECTOR_TOLERANCE)
    }
  })

  test('other weights of the model are near to it', async ({ task }) => {
    const measures: ParityMeasure[] = []
    for (const { dtype } of encoder.spec.weights.filter((weights) => weights.dtype !== 'fp32')) {
      const other = await host.load(`${FAMILY}/${model}`, dtype, record.load?.dim)
      expect(other).toMatchObject({ backend: host.backend, weights: { dtype }, selfTest: { verified: true } })
      measures.push(measured(host, model, file, record, other, await encodeAll(other, record)))
      await other.dispose()
    }
    task.meta.parity = measures
    for (const { dtype, minCosine } of measures) {
      expect(minCosine, dtype).toBeGreaterThan(MIN_QUANTIZED_COSINE)
    }
  })
}

/** Records begin with an empty query, an ordinary one and one that is too long. */
function firstQueries(record: ParityRecord, count?: number): ParityRecord {
  const { queries, scores, ranks } = record
  return {
    ...record,
    queries: queries.slice(0, count),
    scores: scores.slice(0, count),
    ranks: ranks.slice(0, count),
  }
}

function bundledModelTests(host: ParityHost): void {
  test('all weights of the bundled model give its known vectors', async ({ task }) => {
    const encoder = await host.load(BUNDLED)
    await encoder.dispose()
    const measures: KnownAnswerMeasure[] = []
    for (const { dtype } of encoder.spec.weights) {
      const { backend, weights, selfTest, dispose } = await host.load(BUNDLED, dtype)
      await dispose()
      expect([backend, weights.dtype]).toEqual([host.backend, dtype])
      measures.push({ model: 'lateen-mini', backend: host.name, dtype, minCosine: selfTest.minCosine })
    }
    task.meta.knownAnswers = measures
    expect(measures.length).toBeGreaterThan(1)
    for (const { dtype, minCosine } of measures) expect(minCosine, dtype).toBeGreaterThan(0.999)
  })
}

/** Documents together, so that they fill each other up; their library encoded each alone. */
async function encodeAll(encoder: Encoder, { queries, documents }: ParityRecord): Promise<Encoded> {
  const encoded: EncodedText[] = []
  for (const { text } of queries) encoded.push(await encoder.encodeQuery(text))
  return { queries: encoded, documents: await encoder.encodeDocuments(documents.map(({ text }) => text)) }
}

function measured(
  host: ParityHost,
  model: string,
  file: string,
  record: ParityRecord,
  encoder: Encoder,
  { queries, documents }: Encoded,
): ParityMeasure {
  const scores = queries.map((query) =>
    documents.map((document) => scoreOf(encoder, query.matrix, document.matrix)),
  )
  const compared = [
    ...record.queries.map((expected, i) => ({ expected, found: queries[i]! })),
    ...record.documents.map((expected, i) => ({ expected, found: documents[i]! })),
  ].map(({ expected, found }) => ({ expected: floats(expected.vectors), found: found.matrix }))
  return {
    model,
    record: file,
    reference: record.reference,
    backend: host.name,
    dtype: encoder.weights.dtype,
    texts: compared.length,
    dim: encoder.spec.dim,
    maxVectorDifference: Math.max(
      ...compared.map(({ expected, found }) => largestDifference(found.data, expected)),
    ),
    minCosine: Math.min(...compared.map(({ expected, found }) => lowestCosine(found, expected))),
    maxScoreDifference: largestDifference(scores.flat(), record.scores.flat()),
    ranksEqual: record.ranks.every((order, query) =>
      isSameOrder(order, record.scores[query]!, scores[query]!),
    ),
    pooledDocuments: record.pooled?.length ?? 0,
  }
}

function scoreOf({ spec }: Encoder, query: TokenMatrix, document: TokenMatrix): number {
  const score = maxSim(query, document)
  return spec.similarity === 'meanmaxsim' ? score / query.numTokens : score
}

/** True when ours is the order of the reference, but for documents that tie there. */
function isSameOrder(
  order: readonly number[],
  reference: readonly number[],
  scores: readonly number[],
): boolean {
  const ours = scores.map((_, i) => i).sort((a, b) => scores[b]! - scores[a]! || a - b)
  return order.every((document, place) => Math.abs(reference[document]! - reference[ours[place]!]!) <= TIE)
}

function largestDifference(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) return Number.POSITIVE_INFINITY
  let largest = 0
  for (let i = 0; i < found.length; i++) {
    const difference = Math.abs(found[i]! - expected[i]!)
    // NaN compares as neither larger nor smaller.
    if (!(difference <= largest)) largest = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference
  }
  return largest
}

function lowestCosine({ data, dim }: TokenMatrix, expected: Float32Array): number {
  if (data.length !== expected.length) return Number.NEGATIVE_INFINITY
  let lowest = 1
  for (let row = 0; row < data.length; row += dim) {
    let [dot, a, b] = [0, 0, 0]
    for (let i = row; i < row + dim; i++) {
      dot += data[i]! * expected[i]!
      a += data[i]! ** 2
      b += expected[i]! ** 2
    }
    lowest = Math.min(lowest, dot / Math.sqrt(a * b))
  }
  return lowest
}

function floats(base64: string): Float32Array {
  return new Float32Array(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)).buffer)
}
