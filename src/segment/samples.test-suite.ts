/** Small made-up documents, codecs and segments for tests. Everything follows from a seed. */
import type { Codec, CodedVectors, ResidualCodec } from '../compress/codec.ts'
import { bytesPerVector } from '../compress/codec.ts'
import { sha256Hex } from '../util/hash.ts'
import { seededRandom } from '../util/random.ts'
import type { Manifest, SegmentReference } from './manifest.ts'
import type { SegmentDocument, SegmentOptions } from './segment.ts'
import { segmentBuilder, type WrittenSegment } from './write.ts'

const hashOf = (text: string) => sha256Hex(new TextEncoder().encode(text))

export const SAMPLE_MODEL = {
  name: 'sample',
  fingerprint: hashOf('model'),
  tokenizerHash: hashOf('tokenizer'),
  dim: 8,
  documentLength: 32,
}

export function residualCodec(over: Partial<ResidualCodec> = {}): ResidualCodec {
  const { dim, bits, numCentroids } = { dim: 8, bits: 4 as const, numCentroids: 2, ...over }
  return {
    kind: 'residual',
    dim,
    bits,
    numCentroids,
    centroids: new Float32Array(numCentroids * dim),
    cutoffs: new Float32Array(2 ** bits - 1),
    weights: new Int8Array(2 ** bits),
    weightStep: 0.01,
    scales: new Float32Array(16).fill(1),
    fingerprint: hashOf(`residual ${dim} ${bits} ${numCentroids}`),
  }
}

export function sampleOptions(codec: Codec = residualCodec()): SegmentOptions {
  return { model: SAMPLE_MODEL, codec, pooling: { factor: 2, protectedTokens: 1 } }
}

/** Stored vectors without a meaning. */
export function sampleVectors(codec: Codec, numVectors: number, random: () => number): CodedVectors {
  const byte = () => Math.floor(random() * 256)
  const codes = Uint8Array.from({ length: numVectors * bytesPerVector(codec) }, byte)
  if (codec.kind !== 'residual')
    return { numVectors, codes, centroidIds: new Uint8Array(0), scales: new Uint8Array(0) }
  const Ids = codec.numCentroids <= 256 ? Uint8Array : Uint16Array
  const centroidIds = new Ids(numVectors).map(() => Math.floor(random() * codec.numCentroids))
  const scales = Uint8Array.from({ length: Math.ceil(numVectors / 2) }, byte)
  if (numVectors % 2 === 1) scales[scales.length - 1]! &= 15
  return { numVectors, codes, centroidIds, scales }
}

export interface DocumentShape {
  readonly id: string
  /** Number of vectors of each passage. */
  readonly vectors: readonly number[]
  /** UTF-16 code units of text per passage. @default 40 */
  readonly textLength?: number
}

export function sampleDocument(
  { id, vectors, textLength = 40 }: DocumentShape,
  codec: Codec,
  seed: number,
): SegmentDocument {
  const random = seededRandom(seed)
  const words = ['alpha', 'beta', 'gamma', 'delta', 'ε', '日本', '👩‍🚀', 'cancel', 'fetch']
  const word = () => words[Math.floor(random() * words.length)]!
  const metadata = { lang: 'en', rank: seed, draft: seed % 2 === 0, tags: [word(), word()] }
  const passages = vectors.map((numVectors, ordinal) => {
    let text = word()
    while (text.length < textLength) text += ` ${word()}`
    return {
      passage: {
        documentId: id,
        ordinal,
        title: `Title of ${id}`,
        headings: ordinal === 0 ? [] : [`Section ${ordinal}`],
        url: `/${id}#${ordinal}`,
        text,
        metadata,
      },
      numVectors,
      tokenMap: Uint16Array.from({ length: numVectors * 2 }, () => Math.floor(random() * numVectors)),
    }
  })
  const total = vectors.reduce((sum, n) => sum + n, 0)
  return {
    id,
    metadata,
    contentHash: hashOf(`${id} ${seed}`),
    passages,
    vectors: sampleVectors(codec, total, random),
  }
}

export function buildSegment(
  documents: readonly SegmentDocument[],
  options = sampleOptions(),
): WrittenSegment {
  const builder = segmentBuilder(options)
  for (const document of documents) builder.add(document)
  return builder.finish()
}

export function sampleManifest(
  segments: readonly SegmentReference[],
  over: Partial<Manifest> = {},
): Manifest {
  return {
    format: 'lateen-index',
    version: [1, 0],
    revision: 1,
    model: SAMPLE_MODEL,
    codec: { kind: 'residual', bits: 4, fingerprint: residualCodec().fingerprint },
    pooling: { factor: 2, protectedTokens: 1 },
    passages: { policy: 'headings', maxTokens: 32 },
    segments,
    ...over,
  }
}

/** The index of `fixtures/segments`: two documents, three passages, five vectors. */
export function fixtureIndex(): { manifest: Manifest; segment: WrittenSegment } {
  const codec = residualCodec()
  const segment = buildSegment([
    sampleDocument({ id: 'guide', vectors: [2, 2], textLength: 30 }, codec, 5),
    sampleDocument({ id: 'notes', vectors: [1], textLength: 30 }, codec, 7),
  ])
  return { manifest: sampleManifest([segment.reference]), segment }
}
