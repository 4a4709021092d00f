/** A segment in GPU memory. */
import { bytesPerVector, type Codec, type PlainCodec, type ResidualCodec } from '../compress/codec.ts'
import type { VectorSectionName, VectorSegment } from '../segment/segment.ts'
import { checked, GpuUsage, storageBuffer, writeBytes } from './gpu-buffers.web.ts'
import { assertCentroidIds, centroidIdBytes, readCheckedOffsets, readInParts, toFloats } from './read.ts'

export interface GpuSegment {
  readonly dim: number
  readonly bytes: number
  /** The `Codec` uniform of `kernels/common.wgsl`. */
  readonly codec: GPUBuffer
  readonly offsets: GPUBuffer
  /** The stored vectors, in the order of the bindings of the codec's kernel. */
  readonly vectors: readonly GPUBuffer[]
  /** Residual codec only; row-major. */
  readonly centroids: GPUBuffer | undefined
  readonly numCentroids: number
  dispose(): void
}

/** @throws LateenError `segment-too-large`, `segment-corrupt`, and what the segment throws */
export async function uploadSegment(device: GPUDevice, segment: VectorSegment): Promise<GpuSegment> {
  const { codec } = segment
  const offsets = await readCheckedOffsets(segment)
  const buffers: GPUBuffer[] = []
  const add = (label: string, bytes: number) => {
    const buffer = storageBuffer(device, label, bytes)
    buffers.push(buffer)
    return buffer
  }
  const dispose = () => {
    for (const buffer of buffers) buffer.destroy()
  }
  try {
    const [offsetsBuffer, codecBuffer] = await checked(device, () => {
      const offsetsBuffer = add('offsets', offsets.byteLength)
      writeBytes(device, offsetsBuffer, 0, bytesOf(offsets))
      const uniform = codecUniform(codec)
      const usage = GpuUsage.UNIFORM | GpuUsage.COPY_DST
      const codecBuffer = device.createBuffer({ label: 'codec', size: uniform.length, usage })
      buffers.push(codecBuffer)
      writeBytes(device, codecBuffer, 0, uniform)
      return [offsetsBuffer, codecBuffer] as const
    })
    const { vectors, centroids } =
      codec.kind === 'residual'
        ? await uploadResidual(device, segment, codec, add)
        : { vectors: await uploadFloats(device, segment, codec, add), centroids: undefined }
    return {
      dim: codec.dim,
      bytes: buffers.reduce((sum, { size }) => sum + size, 0),
      codec: codecBuffer,
      offsets: offsetsBuffer,
      vectors,
      centroids,
      numCentroids: codec.kind === 'residual' ? codec.numCentroids : 0,
      dispose,
    }
  } catch (error) {
    dispose()
    throw error
  }
}

type Add = (label: string, bytes: number) => GPUBuffer

async function uploadResidual(device: GPUDevice, segment: VectorSegment, codec: ResidualCodec, add: Add) {
  const rowBytes = bytesPerVector(codec)
  const wordBytes = rowWords(codec) * 4
  const [codes, ids, scales, centroids] = await checked(device, () => {
    const centroids = add('centroids', codec.centroids.byteLength)
    writeBytes(device, centroids, 0, bytesOf(codec.centroids))
    return [
      add('codes', segment.numVectors * wordBytes),
      add('centroid ids', segment.sectionLength('centroidIds')),
      add('scales', segment.sectionLength('scales')),
      centroids,
    ] as const
  })
  const copy = (
    section: VectorSectionName,
    unit: number,
    write: (part: Uint8Array, offset: number) => void,
  ) => readInParts(segment, section, unit, (part, offset) => checked(device, () => write(part, offset)))
  await copy('centroidIds', centroidIdBytes(codec), (part, offset) => {
    assertCentroidIds(part, codec)
    writeBytes(device, ids, offset, part)
  })
  await copy('scales', 1, (part, offset) => writeBytes(device, scales, offset, part))
  await copy('codes', rowBytes, (part, offset) =>
    writeBytes(device, codes, (offset / rowBytes) * wordBytes, padRows(part, rowBytes, wordBytes)),
  )
  return { vectors: [codes, ids, scales], centroids }
}

async function uploadFloats(
  device: GPUDevice,
  segment: VectorSegment,
  codec: PlainCodec,
  add: Add,
): Promise<GPUBuffer[]> {
  const { dim } = codec
  const rowBytes = bytesPerVector(codec)
  const vectors = await checked(device, () => add('vectors', segment.numVectors * dim * 4))
  await readInParts(segment, 'codes', rowBytes, (part, offset) =>
    checked(device, () =>
      writeBytes(device, vectors, (offset / rowBytes) * dim * 4, bytesOf(toFloats(codec, part))),
    ),
  )
  return [vectors]
}

/** Every row begins on a word, so that no code straddles two. */
function padRows(part: Uint8Array, rowBytes: number, wordBytes: number): Uint8Array {
  if (rowBytes === wordBytes) return part
  const rows = part.length / rowBytes
  const padded = new Uint8Array(rows * wordBytes)
  for (let row = 0; row < rows; row++) {
    padded.set(part.subarray(row * rowBytes, (row + 1) * rowBytes), row * wordBytes)
  }
  return padded
}

const rowWords = (codec: ResidualCodec) => Math.ceil(bytesPerVector(codec) / 4)

function codecUniform(codec: Codec): Uint8Array {
  const bytes = new ArrayBuffer(160)
  if (codec.kind === 'residual') {
    const { dim, bits, numCentroids, weightStep, weights, scales } = codec
    new Uint32Array(bytes).set([dim, bits, rowWords(codec), 8 * centroidIdBytes(codec), numCentroids])
    new Float32Array(bytes).set([weightStep], 5)
    new Float32Array(bytes).set(weights, 8)
    new Float32Array(bytes).set(scales, 24)
  } else new Uint32Array(bytes)[0] = codec.dim
  return new Uint8Array(bytes)
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array | Uint32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}
