/** Reads tensors of a safetensors file: a length, a JSON header, then raw little-endian data. */
import { LateenError } from '../errors.ts'
import { halfToFloat } from '../util/half.ts'

export interface Tensor {
  readonly shape: readonly number[]
  readonly data: Float32Array
}

interface HeaderEntry {
  readonly dtype: string
  readonly shape: readonly number[]
  readonly data_offsets: readonly [number, number]
}

const BYTES_PER_VALUE: Readonly<Record<string, number>> = { F32: 4, F16: 2, BF16: 2 }

/**
 * Every tensor as float32; F32, F16 and BF16 are read.
 *
 * @param name for messages
 * @throws LateenError `model-invalid` when the file is damaged, `model-unsupported` for other types
 */
export function readSafetensors(bytes: Uint8Array, name: string): Map<string, Tensor> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const headerLength = bytes.length >= 8 ? Number(view.getBigUint64(0, true)) : Number.POSITIVE_INFINITY
  if (8 + headerLength > bytes.length) throw damaged(name, 'its header is cut off')
  const header = parseHeader(bytes.subarray(8, 8 + headerLength), name)
  const tensors = new Map<string, Tensor>()
  for (const [key, entry] of Object.entries(header)) {
    if (key !== '__metadata__') tensors.set(key, readTensor(view, 8 + headerLength, key, entry, name))
  }
  return tensors
}

function parseHeader(bytes: Uint8Array, name: string): Record<string, HeaderEntry> {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as Record<string, HeaderEntry>
  } catch (error) {
    throw damaged(name, 'its header is not JSON', error)
  }
}

function readTensor(view: DataView, base: number, key: string, entry: HeaderEntry, name: string): Tensor {
  const { dtype, shape, data_offsets: offsets } = entry
  const bytesPerValue = BYTES_PER_VALUE[dtype]
  if (bytesPerValue === undefined) {
    throw new LateenError(
      'model-unsupported',
      `${name} stores ${key} as ${dtype}; F32, F16 and BF16 are read. Convert it to one of them.`,
    )
  }
  const count = shape.reduce((product, size) => product * size, 1)
  const [begin, end] = offsets
  if (begin < 0 || end - begin !== count * bytesPerValue || base + end > view.byteLength) {
    throw damaged(name, `${key} does not fit into it`)
  }
  const data = new Float32Array(count)
  const at = base + begin
  for (let i = 0; i < count; i++) {
    if (dtype === 'F32') data[i] = view.getFloat32(at + 4 * i, true)
    else if (dtype === 'F16') data[i] = halfToFloat(view.getUint16(at + 2 * i, true))
    else data[i] = bfloatToFloat(view.getUint16(at + 2 * i, true))
  }
  return { shape, data }
}

const scratch = new DataView(new ArrayBuffer(4))

function bfloatToFloat(bfloat: number): number {
  scratch.setUint32(0, bfloat << 16)
  return scratch.getFloat32(0)
}

function damaged(name: string, reason: string, cause?: unknown): LateenError {
  return new LateenError('model-invalid', `${name} is damaged: ${reason}. Copy the model again.`, { cause })
}
