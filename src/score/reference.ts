/** MaxSim in plain TypeScript with double accumulation: slow, obvious, and the truth for every kernel. */
import { bytesPerVector, type PlainCodec, type ResidualCodec, SHORTEST_VECTOR } from '../compress/codec.ts'
import type { VectorSectionName, VectorSegment } from '../segment/segment.ts'
import { raiseBest } from './max-sim.ts'
import { assertInMemory, assertPassages, assertQuery } from './query.ts'
import {
  assertCentroidIds,
  centroidIdBytes,
  readCheckedOffsets,
  readInParts,
  toFloats,
  tooLarge,
} from './read.ts'
import { residents } from './residents.ts'
import type { Scorer } from './scorer.ts'

interface Resident {
  readonly dim: number
  readonly offsets: Uint32Array
  readonly decode: Decode
}

/** Writes the components of a vector into `into`. */
type Decode = (vector: number, into: Float64Array) => void

/** A scorer that runs everywhere and needs nothing. */
export function referenceScorer(): Scorer {
  const held = residents<Resident>()
  return {
    kind: 'reference',
    async load(segment) {
      held.assertOpen()
      const offsets = await readCheckedOffsets(segment)
      const { codec } = segment
      const { bytes, decode } =
        codec.kind === 'residual' ? await residualDecoder(segment, codec) : await plainDecoder(segment, codec)
      return held.add(segment, bytes + offsets.byteLength, { dim: codec.dim, offsets, decode })
    },
    async score(query, loaded, passages) {
      const { dim, offsets, decode } = held.get(loaded)
      assertInMemory(query)
      assertQuery(query, dim)
      assertPassages(passages, loaded.numPassages)
      const vector = new Float64Array(dim)
      const best = new Float64Array(query.numTokens)
      return Float32Array.from(passages, (passage) => {
        const start = offsets[passage]!
        const end = offsets[passage + 1]!
        if (start === end) return 0
        best.fill(Number.NEGATIVE_INFINITY)
        for (let row = start; row < end; row++) {
          decode(row, vector)
          raiseBest(best, query, vector)
        }
        return best.reduce((sum, similarity) => sum + similarity, 0)
      })
    },
    dispose: () => held.dispose(),
  }
}

async function plainDecoder(
  segment: VectorSegment,
  codec: PlainCodec,
): Promise<{ bytes: number; decode: Decode }> {
  const { dim } = codec
  const vectors = allocate(segment, () => new Float32Array(segment.numVectors * dim))
  const rowBytes = bytesPerVector(codec)
  await readInParts(segment, 'codes', rowBytes, (part, offset) =>
    vectors.set(toFloats(codec, part), (offset / rowBytes) * dim),
  )
  return {
    bytes: vectors.byteLength,
    decode: (vector, into) => into.set(vectors.subarray(vector * dim, (vector + 1) * dim)),
  }
}

async function residualDecoder(
  segment: VectorSegment,
  codec: ResidualCodec,
): Promise<{ bytes: number; decode: Decode }> {
  const { bits, dim, centroids, weights, weightStep, scales, exactWeights } = codec
  const section = async (name: VectorSectionName, rowBytes: number, check?: (part: Uint8Array) => void) => {
    const bytes = allocate(segment, () => new Uint8Array(segment.sectionLength(name)))
    await readInParts(segment, name, rowBytes, (part, offset) => {
      check?.(part)
      bytes.set(part, offset)
    })
    return bytes
  }
  const planeBytes = bytesPerVector(codec)
  const idBytes = centroidIdBytes(codec)
  const codes = await section('codes', planeBytes)
  const ids = await section('centroidIds', idBytes, (part) => assertCentroidIds(part, codec))
  const scaleCodes = await section('scales', 1)
  const mask = 2 ** bits - 1
  return {
    bytes: codes.length + ids.length + scaleCodes.length,
    decode(vector, into) {
      const id = idBytes === 1 ? ids[vector]! : ids[2 * vector]! | (ids[2 * vector + 1]! << 8)
      let square = 0
      for (let d = 0; d < dim; d++) {
        const plane = Math.floor(d / planeBytes)
        const byte = codes[vector * planeBytes + (d % planeBytes)]!
        const code = (byte >> (plane * bits)) & mask
        const residual = exactWeights ? exactWeights[code]! : weightStep * weights[code]!
        const component = centroids[id * dim + d]! + residual
        into[d] = component
        square += component * component
      }
      const scale = exactWeights
        ? 1 / Math.max(Math.sqrt(square), SHORTEST_VECTOR)
        : scales[(scaleCodes[vector >> 1]! >> (4 * (vector & 1))) & 15]!
      for (let d = 0; d < dim; d++) into[d]! *= scale
    },
  }
}

function allocate<T>(segment: VectorSegment, make: () => T): T {
  try {
    return make()
  } catch (error) {
    throw tooLarge(segment, 'the JavaScript heap has no room for it', error)
  }
}
