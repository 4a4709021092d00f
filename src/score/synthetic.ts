/** Random segments and queries, for known-answer checks, tests and benches. Everything follows from a seed. */
import { bytesPerVector, type Codec, type ResidualBits, SCALE_LEVELS } from '../compress/codec.ts'
import { encodePlain, plainCodec } from '../compress/plain.ts'
import type { VectorSectionName, VectorSegment } from '../segment/segment.ts'
import type { TokenMatrix } from '../types.ts'
import { seededRandom } from '../util/random.ts'

export interface SyntheticOptions {
  readonly kind: Codec['kind']
  readonly dim: number
  /** Number of vectors of each passage. */
  readonly vectors: readonly number[]
  readonly seed: number
  /** Residual codec only. @default 4 */
  readonly bits?: ResidualBits
  /** Residual codec only. @default 16 */
  readonly numCentroids?: number
}

/** A segment in memory whose vectors have about unit length and about the shape of trained ones. */
export function syntheticSegment(options: SyntheticOptions): VectorSegment {
  const random = seededRandom(options.seed)
  const codec = syntheticCodec(options, random)
  const offsets = new Uint32Array(options.vectors.length + 1)
  options.vectors.forEach((count, i) => {
    offsets[i + 1] = offsets[i]! + count
  })
  const numVectors = offsets.at(-1)!
  const sections = syntheticSections(codec, numVectors, random)
  return {
    numPassages: options.vectors.length,
    numVectors,
    codec,
    poolFactor: 1,
    byteLength: Object.values(sections).reduce((sum, { length }) => sum + length, 4 * offsets.length),
    readOffsets: async () => offsets,
    read: async (section, offset, length) => sections[section].slice(offset, offset + length),
    sectionLength: (section) => sections[section].length,
  }
}

/** Query vectors of unit length. */
export function syntheticQuery(numTokens: number, dim: number, seed: number): TokenMatrix {
  return { data: unitRows(numTokens, dim, 1, seededRandom(seed)), numTokens, dim }
}

function syntheticCodec(options: SyntheticOptions, random: () => number): Codec {
  const { kind, dim, bits = 4, numCentroids = 16 } = options
  if (kind !== 'residual') return plainCodec(kind, dim)
  const levels = 2 ** bits
  const weights = Int8Array.from({ length: levels }, (_, i) =>
    Math.round((63 * (2 * i + 1 - levels)) / (levels - 1)),
  )
  const weightStep = 0.5 / Math.sqrt(dim) / 40
  return {
    kind,
    bits,
    dim,
    numCentroids,
    centroids: unitRows(numCentroids, dim, 0.85, random),
    cutoffs: Float32Array.from(weights.subarray(1), (weight, i) => ((weight + weights[i]!) / 2) * weightStep),
    weights,
    weightStep,
    scales: Float32Array.from({ length: SCALE_LEVELS }, (_, i) => 0.85 + i * 0.02),
    fingerprint: 'synthetic',
  }
}

function syntheticSections(
  codec: Codec,
  numVectors: number,
  random: () => number,
): Record<VectorSectionName, Uint8Array> {
  if (codec.kind !== 'residual') {
    const data = unitRows(numVectors, codec.dim, 1, random)
    const { codes } = encodePlain(codec, { data, numTokens: numVectors, dim: codec.dim })
    return { codes, centroidIds: new Uint8Array(0), scales: new Uint8Array(0) }
  }
  const randomBytes = (length: number) => Uint8Array.from({ length }, () => random() * 256)
  const ids = codec.numCentroids <= 256 ? new Uint8Array(numVectors) : new Uint16Array(numVectors)
  for (let i = 0; i < numVectors; i++) ids[i] = random() * codec.numCentroids
  return {
    codes: randomBytes(numVectors * bytesPerVector(codec)),
    centroidIds: new Uint8Array(ids.buffer),
    scales: randomBytes(Math.ceil(numVectors / 2)),
  }
}

/** count × dim random directions of the given length, row-major. */
function unitRows(
  count: number,
  dim: number,
  length: number,
  random: () => number,
): Float32Array<ArrayBuffer> {
  const rows = new Float32Array(count * dim)
  for (let row = 0; row < count; row++) {
    const vector = rows.subarray(row * dim, (row + 1) * dim)
    let squares = 0
    for (let d = 0; d < dim; d++) {
      const component = random() + random() + random() - 1.5
      vector[d] = component
      squares += component * component
    }
    const factor = length / Math.sqrt(squares)
    for (let d = 0; d < dim; d++) vector[d]! *= factor
  }
  return rows
}
