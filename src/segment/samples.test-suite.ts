/** Small made-up documents, codecs and segments for tests. Everything follows from a seed. */
import type { Codec, CodedVectors, ResidualCodec } from '../compress/codec.ts'
import { bytesPerVector } from '../compress/codec.ts'
import { sha256Hex } from '../util/hash.ts'
import { seededRandom } from '../util/random.ts'
import { type Manifest, type SegmentReference, storedFiles } from './manifest.ts'
import type { SegmentDocument, SegmentOptions, SegmentPassage } from './segment.ts'
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
    }
  })
  const total = vectors.reduce((sum, n) => sum + n, 0)
  return {
    id,
    metadata,
    contentHash: hashOf(`${id} ${seed}`).slice(0, 16),
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

/** The index of `fixtures/segments`: two documents, three passages, five vectors; its text file is in two parts. */
export function fixtureIndex(): {
  manifest: Manifest
  segment: WrittenSegment
  files: ReadonlyMap<string, Uint8Array>
} {
  const codec = residualCodec()
  const guide = sampleDocument({ id: 'guide', vectors: [2, 2], textLength: 30 }, codec, 5)
  const [first, second] = guide.passages as [SegmentPassage, SegmentPassage]
  const details = { image: '/guide.png' }
  const segment = buildSegment([
    {
      ...guide,
      passages: [
        { ...first, passage: { ...first.passage, details } },
        { ...second, passage: { ...second.passage, weight: 0.5 } },
      ],
    },
    sampleDocument({ id: 'notes', vectors: [1], textLength: 30 }, codec, 7),
  ])
  // Shorter than `divide` would bother to divide.
  const { reference, files } = cutText(segment, segment.textCuts.slice(0, 1))
  return { manifest: sampleManifest([reference]), segment, files }
}

/** A segment whose text file is in one part per cut, however short. */
export function cutText(segment: WrittenSegment, cuts: readonly number[] = segment.textCuts) {
  const { textFile } = segment
  const ends = [...new Set([...cuts, textFile.length])]
  const parts = ends.map((end, i) => end - (ends[i - 1] ?? 0))
  const reference = { ...segment.reference, textFile: { ...segment.reference.textFile, parts } }
  const files = new Map([[reference.vectorFile.file, segment.vectorFile]])
  for (const [i, { file }] of storedFiles(reference.textFile).entries()) {
    files.set(file, textFile.slice(ends[i - 1] ?? 0, ends[i]))
  }
  return { ...segment, reference, files }
}
