/** The codec of a new index: the model's own, or one trained on the documents at hand. */
import type { Codec, ResidualBits, ResidualCodec } from '../compress/codec.ts'
import { readCodecFile, writeCodecFile } from '../compress/codec-file.ts'
import { plainCodec } from '../compress/plain.ts'
import { poolTokens } from '../compress/pool.ts'
import { trainResidualCodecs } from '../compress/residual.ts'
import type { Encoder } from '../encode/encoder.ts'
import type { ModelSpec } from '../model/spec.ts'
import type { Manifest } from '../segment/manifest.ts'
import { encodedText } from '../text/passages.ts'
import { seededRandom } from '../util/random.ts'
import type { PreparedDocument } from './prepare.ts'

/** What a stored component takes: 4, 2 or 1 bits by the residual codec; 8, 16 and 32 without centroids, of any dimension. */
export type Bits = ResidualBits | 8 | 16 | 32

export const BITS: readonly Bits[] = [4, 2, 1, 8, 16, 32]

/** Passages that are enough to place 256 centroids: about 100,000 vectors. */
const SAMPLE_PASSAGES = 2_000
const SAMPLE_SEED = 20_240_914

export interface IndexCodec {
  readonly codec: Codec
  /** The file to store with the index, when the codec was trained for it. */
  readonly file?: Uint8Array
}

/**
 * @param modelCodec the fixed codec of the model; without one a residual codec is trained on a seeded
 *                   sample of the documents
 */
export async function codecForIndex(
  bits: Bits,
  encoder: Pick<Encoder, 'spec' | 'encodeDocuments'>,
  modelCodec: ((bits: ResidualBits) => ResidualCodec) | undefined,
  documents: readonly PreparedDocument[],
  pooling: Manifest['pooling'],
): Promise<IndexCodec> {
  if (bits === 8) return { codec: plainCodec('int8', encoder.spec.dim) }
  if (bits === 16) return { codec: plainCodec('f16', encoder.spec.dim) }
  if (bits === 32) return { codec: plainCodec('f32', encoder.spec.dim) }
  if (modelCodec) return { codec: modelCodec(bits) }
  const sample = samplePassages(documents)
  const encoded = await encoder.encodeDocuments(sample)
  const pooled = encoded.map(({ matrix }) => poolTokens(matrix, pooling))
  const numTokens = pooled.reduce((sum, matrix) => sum + matrix.numTokens, 0)
  const { dim } = encoder.spec
  const data = new Float32Array(numTokens * dim)
  let row = 0
  for (const matrix of pooled) {
    data.set(matrix.data, row * dim)
    row += matrix.numTokens
  }
  const file = writeCodecFile(trainResidualCodecs({ data, numTokens, dim }))
  return { codec: readCodecFile(file)(bits), file }
}

/**
 * The codec of an index that begins with these documents and takes in others later. One that is trained says
 * as much about those as its sample does: with fewer than 2,000 passages to begin with, or a dimension that
 * does not fill bytes, vectors are stored as they are.
 *
 * Takes what {@link codecForIndex} does.
 */
export function codecForGrowingIndex(
  ...[bits, encoder, modelCodec, documents, pooling]: Parameters<typeof codecForIndex>
): Promise<IndexCodec> {
  const passages = documents.reduce((sum, document) => sum + document.passages.length, 0)
  const canTrain = passages >= SAMPLE_PASSAGES && encoder.spec.dim % 8 === 0
  return codecForIndex(modelCodec || canTrain ? bits : 32, encoder, modelCodec, documents, pooling)
}

/** How documents are pooled in a new index: as the caller wants, else as the model itself does it. */
export function indexPooling(spec: Pick<ModelSpec, 'pooling'>, poolFactor: number): Manifest['pooling'] {
  if (poolFactor === 1 && spec.pooling) return spec.pooling
  return { factor: poolFactor, protectedTokens: 1 }
}

function samplePassages(documents: readonly PreparedDocument[]): string[] {
  const texts = documents.flatMap(({ passages }) => passages.map((passage) => encodedText(passage).text))
  const random = seededRandom(SAMPLE_SEED)
  // A partial Fisher–Yates shuffle: the first texts are a uniform sample.
  const size = Math.min(SAMPLE_PASSAGES, texts.length)
  for (let i = 0; i < size; i++) {
    const j = i + Math.floor(random() * (texts.length - i))
    ;[texts[i], texts[j]] = [texts[j]!, texts[i]!]
  }
  return texts.slice(0, size)
}
