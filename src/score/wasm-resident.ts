/**
 * A segment in WebAssembly memory. Each has a module instance and a memory of its own: the stored
 * bytes once, and behind them the working area of one query, which grows to the largest query seen.
 */
import { bytesPerVector, type PlainCodec, type ResidualCodec, SCALE_LEVELS } from '../compress/codec.ts'
import { asLateenError } from '../errors.ts'
import type { VectorSectionName, VectorSegment } from '../segment/segment.ts'
import type { TokenMatrix } from '../types.ts'
import {
  assertCentroidIds,
  centroidIdBytes,
  readCheckedOffsets,
  readInParts,
  toFloats,
  tooLarge,
} from './read.ts'

const PAGE_BYTES = 65_536
const MAX_PAGES = 65_536

export interface WasmResident {
  readonly dim: number
  readonly bytes: number
  /** @throws LateenError `segment-too-large` when there is no room for the query */
  score(query: TokenMatrix, passages: Uint32Array): Float32Array
}

/** The exports of `kernels/assembly/maxsim.ts`; every number that is not a count or a size is an address. */
interface Kernel {
  sumsPairs(): number
  queryBytes(numTokens: number, dim: number): number
  setQuery(query: number, numTokens: number, dim: number, weightStep: number, work: number): void
  openResidual(
    ...args: [
      dim: number,
      bits: number,
      codes: number,
      ids: number,
      idBytes: number,
      scaleCodes: number,
      weights: number,
      scales: number,
    ]
  ): void
  residualBytes(): number
  floatTable(rows: number, count: number, dim: number, table: number): void
  scoreResidual(...args: [...Batch, table: number, work: number, out: number]): void
  scoreResidualByPairs: Kernel['scoreResidual']
  scoreFloat(...args: [...Batch, vectors: number, dim: number, out: number]): void
}

type Batch = [passages: number, count: number, offsets: number]

/** How the vectors of one codec are stored and scored. */
interface Stored {
  fill(): Promise<void>
  /** What one unit of a quantised weight is worth. */
  readonly weightStep: number
  /** Places what a query needs beside the common parts, and says how to score it. */
  prepare(place: Place, numTokens: number): (batch: Batch, out: number) => void
}

/** Makes room and returns its address, a multiple of 16. */
type Place = (bytes: number) => number

/** @throws LateenError `segment-corrupt`, `segment-too-large`, and what the segment throws */
export async function makeResident(
  module: WebAssembly.Module,
  segment: VectorSegment,
): Promise<WasmResident> {
  const offsets = await readCheckedOffsets(segment)
  const memory = new WebAssembly.Memory({ initial: 1 })
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } })
  const kernel = exports as unknown as Kernel
  const { codec } = segment

  const { place, end } = arena(0)
  const offsetsAt = place(offsets.byteLength)
  // The stored vectors come last: kernels read a few bytes beyond them, into the area of the query.
  const stored =
    codec.kind === 'residual'
      ? placeResidual(place, segment, codec, memory, kernel)
      : placePlain(place, segment, codec, memory, kernel)
  const queryAt = end()
  ensure(memory, queryAt, segment)
  new Uint32Array(memory.buffer, offsetsAt, offsets.length).set(offsets)
  await stored.fill()

  return {
    dim: codec.dim,
    bytes: memory.buffer.byteLength,
    score({ data, numTokens, dim }, passages) {
      const { place, end } = arena(queryAt)
      const input = place(data.byteLength)
      const work = place(kernel.queryBytes(numTokens, dim))
      const ids = place(passages.byteLength)
      const out = place(passages.byteLength)
      const run = stored.prepare(place, numTokens)
      ensure(memory, end(), segment)
      new Float32Array(memory.buffer, input, data.length).set(data)
      new Uint32Array(memory.buffer, ids, passages.length).set(passages)
      try {
        kernel.setQuery(input, numTokens, dim, stored.weightStep, work)
        run([ids, passages.length, offsetsAt], out)
      } catch (error) {
        throw asLateenError(error)
      }
      return new Float32Array(memory.buffer, out, passages.length).slice()
    },
  }
}

function placeResidual(
  place: Place,
  segment: VectorSegment,
  codec: ResidualCodec,
  memory: WebAssembly.Memory,
  kernel: Kernel,
): Stored {
  const { dim, bits, numCentroids, centroids, weights, weightStep, scales } = codec
  const idBytes = centroidIdBytes(codec)
  const centroidsAt = place(centroids.byteLength)
  const weightsAt = place(16)
  const scalesAt = place(4 * SCALE_LEVELS)
  const idsAt = place(segment.sectionLength('centroidIds'))
  const scaleCodesAt = place(segment.sectionLength('scales'))
  const codesAt = place(segment.sectionLength('codes'))
  const score = kernel.sumsPairs() ? kernel.scoreResidualByPairs : kernel.scoreResidual
  return {
    weightStep,
    async fill() {
      new Float32Array(memory.buffer, centroidsAt).set(centroids)
      new Int8Array(memory.buffer, weightsAt).set(weights)
      new Float32Array(memory.buffer, scalesAt).set(scales)
      const copy = (section: VectorSectionName, rowBytes: number, at: number) =>
        readInParts(segment, section, rowBytes, (part, offset) => {
          if (section === 'centroidIds') assertCentroidIds(part, codec)
          new Uint8Array(memory.buffer, at + offset).set(part)
        })
      await copy('centroidIds', idBytes, idsAt)
      await copy('scales', 1, scaleCodesAt)
      await copy('codes', bytesPerVector(codec), codesAt)
      kernel.openResidual(dim, bits, codesAt, idsAt, idBytes, scaleCodesAt, weightsAt, scalesAt)
    },
    prepare(place, numTokens) {
      const table = place(numCentroids * 16 * Math.ceil(numTokens / 4))
      const work = place(kernel.residualBytes())
      return (batch, out) => {
        kernel.floatTable(centroidsAt, numCentroids, dim, table)
        score(...batch, table, work, out)
      }
    },
  }
}

function placePlain(
  place: Place,
  segment: VectorSegment,
  codec: PlainCodec,
  memory: WebAssembly.Memory,
  kernel: Kernel,
): Stored {
  const { dim } = codec
  const vectorsAt = place(segment.numVectors * dim * 4)
  const rowBytes = bytesPerVector(codec)
  return {
    weightStep: 1,
    fill: () =>
      readInParts(segment, 'codes', rowBytes, (part, offset) => {
        new Float32Array(memory.buffer, vectorsAt + (offset / rowBytes) * dim * 4).set(toFloats(codec, part))
      }),
    prepare: () => (batch, out) => kernel.scoreFloat(...batch, vectorsAt, dim, out),
  }
}

function arena(start: number): { readonly place: Place; end(): number } {
  let end = start
  return {
    place(bytes) {
      const at = end
      end = at + Math.ceil(bytes / 16) * 16
      return at
    },
    end: () => end,
  }
}

/** Makes the memory reach at least `end`. */
function ensure(memory: WebAssembly.Memory, end: number, segment: VectorSegment): void {
  const pages = Math.ceil(end / PAGE_BYTES)
  const missing = pages - memory.buffer.byteLength / PAGE_BYTES
  if (missing <= 0) return
  if (pages > MAX_PAGES) throw tooLarge(segment, 'WebAssembly memory ends at 4 GiB')
  try {
    memory.grow(missing)
  } catch (error) {
    throw tooLarge(segment, 'the browser gives no more memory', error)
  }
}
