/** What every scorer does while loading: check what a kernel will trust blindly, and read in parts. */
import { bytesPerVector, type PlainCodec, type ResidualCodec, SCALE_LEVELS } from '../compress/codec.ts'
import { decodePlain } from '../compress/plain.ts'
import { LateenError } from '../errors.ts'
import type { VectorSectionName, VectorSegment } from '../segment/segment.ts'

/** A section is never held whole beside its place in the scorer. */
const PART_BYTES = 1 << 20

/** Bytes of one stored centroid id. */
export function centroidIdBytes(codec: ResidualCodec): 1 | 2 {
  return codec.numCentroids <= 256 ? 1 : 2
}

/**
 * The running vector counts of a segment, after checking them, the codec and the section lengths.
 *
 * @throws LateenError `segment-corrupt`
 */
export async function readCheckedOffsets(segment: VectorSegment): Promise<Uint32Array> {
  const { codec, numPassages, numVectors } = segment
  if (codec.kind === 'residual') checkResidualCodec(codec)
  const residual = codec.kind === 'residual' ? codec : undefined
  const lengths = {
    codes: numVectors * bytesPerVector(codec),
    centroidIds: residual ? numVectors * centroidIdBytes(residual) : 0,
    scales: residual ? Math.ceil(numVectors / 2) : 0,
  }
  for (const [section, expected] of Object.entries(lengths)) {
    const found = segment.sectionLength(section as VectorSectionName)
    if (found !== expected) throw corrupt(`a ${section} section of ${expected} bytes`, `${found}`)
  }
  const offsets = await segment.readOffsets()
  if (offsets.length !== numPassages + 1) {
    throw corrupt(`${numPassages + 1} running vector counts`, `${offsets.length}`)
  }
  if (offsets[0] !== 0 || offsets[numPassages] !== numVectors) {
    throw corrupt(`counts from 0 to ${numVectors}`, `${offsets[0]} to ${offsets[numPassages]}`)
  }
  const falling = offsets.findIndex((count, i) => i > 0 && count < offsets[i - 1]!)
  if (falling > 0) throw corrupt('rising vector counts', `a fall at passage ${falling}`)
  return offsets
}

function checkResidualCodec(codec: ResidualCodec): void {
  const { bits, dim, numCentroids, centroids, weights, weightStep, scales, exactWeights } = codec
  if (!Number.isInteger((dim * bits) / 8)) throw corrupt('whole bytes per vector', `${dim} × ${bits} bits`)
  if (!(numCentroids >= 1 && numCentroids <= 65_536)) {
    throw corrupt('1 to 65,536 centroids', `${numCentroids}`)
  }
  const sizes = [centroids.length, weights.length, scales.length]
  const expected = [numCentroids * dim, 2 ** bits, SCALE_LEVELS]
  if (sizes.join() !== expected.join()) throw corrupt(`codec tables of ${expected}`, `${sizes}`)
  if (weights.some((weight) => Math.abs(weight) > 63)) {
    throw corrupt('weights from −63 to 63', `${weights}`)
  }
  if (!Number.isFinite(weightStep)) throw corrupt('a finite weight step', `${weightStep}`)
  assertFinite(centroids, 'centroids')
  assertFinite(scales, 'scales')
  if (!exactWeights) return
  if (exactWeights.length !== weights.length) {
    throw corrupt(`${weights.length} exact weights`, `${exactWeights.length}`)
  }
  assertFinite(exactWeights, 'exact weights')
}

/**
 * Reads a section in parts of whole rows.
 *
 * @param rowBytes parts are a multiple of it
 * @param take     gets each part with its offset in the section, and is waited for
 * @throws LateenError `segment-corrupt` when fewer bytes come than were asked for, and what the segment throws
 */
export async function readInParts(
  segment: VectorSegment,
  section: VectorSectionName,
  rowBytes: number,
  take: (part: Uint8Array, offset: number) => void | Promise<void>,
): Promise<void> {
  const length = segment.sectionLength(section)
  const step = Math.max(1, Math.floor(PART_BYTES / rowBytes)) * rowBytes
  for (let offset = 0; offset < length; offset += step) {
    const wanted = Math.min(step, length - offset)
    const part = await segment.read(section, offset, wanted)
    if (part.length !== wanted) throw corrupt(`${wanted} bytes of ${section} at ${offset}`, `${part.length}`)
    await take(part, offset)
  }
}

/** A kernel would read outside its table for an id that is too large. */
export function assertCentroidIds(part: Uint8Array, codec: ResidualCodec): void {
  const wide = centroidIdBytes(codec) === 2
  for (let i = 0; i < part.length; i += wide ? 2 : 1) {
    const id = wide ? part[i]! | (part[i + 1]! << 8) : part[i]!
    if (id >= codec.numCentroids) throw corrupt(`centroid ids below ${codec.numCentroids}`, `${id}`)
  }
}

/**
 * Stored components of a plain codec as float32.
 *
 * @throws LateenError `segment-corrupt` on NaN or an infinity
 */
export function toFloats(codec: PlainCodec, part: Uint8Array): Float32Array {
  const numVectors = part.length / bytesPerVector(codec)
  const coded = { numVectors, codes: part, centroidIds: new Uint8Array(0), scales: new Uint8Array(0) }
  const { data } = decodePlain(codec, coded, 0, numVectors)
  assertFinite(data, 'vectors')
  return data
}

function assertFinite(values: Float32Array, name: string): void {
  const at = values.findIndex((value) => !Number.isFinite(value))
  if (at >= 0) throw corrupt(`finite ${name}`, `${values[at]} at ${at}`)
}

function corrupt(expected: string, found: string): LateenError {
  return new LateenError(
    'segment-corrupt',
    `Expected ${expected}, found ${found}; fetch or build the index again.`,
  )
}

/** The error for a segment that does not fit, whatever the limit was. */
export function tooLarge(segment: VectorSegment, limit: string, cause?: unknown): LateenError {
  return new LateenError(
    'segment-too-large',
    `A segment of ${segment.numVectors} vectors does not fit: ${limit}. Build the index with smaller segments, fewer bits or a larger pool factor.`,
    { cause },
  )
}
