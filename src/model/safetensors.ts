/** Reads tensors of a safetensors file: a length, a JSON header, then raw little-endian data. */
import { LateenError } from '../errors.ts'
import { halfToFloat } from '../util/half.ts'

export interface Tensor {
  readonly shape: readonly number[]
  readonly data: Float32Array
}

export interface Safetensors {
  /** In the order of the header. */
  readonly names: readonly string[]
  /**
   * A tensor as float32; F32, F16 and BF16 are read. Undefined when the file has none of that name. Fails
   * with `model-invalid` when the file is damaged, with `model-unsupported` for other types.
   */
  tensor(name: string): Promise<Tensor | undefined>
}

/** The bytes `from` (inclusive) to `to` (exclusive), fewer when the file ends before. */
export type ReadPart = (from: number, to: number) => Promise<Uint8Array>

interface HeaderEntry {
  readonly dtype: string
  readonly shape: readonly number[]
  readonly data_offsets: readonly [number, number]
}

const BYTES_PER_VALUE: Readonly<Record<string, number>> = { F32: 4, F16: 2, BF16: 2 }
const LENGTH_BYTES = 8
/** What the format allows. A longer one is no safetensors file. */
const MAX_HEADER_BYTES = 100_000_000

/**
 * Only the header is read at first, and of the tensors only those that are asked for: the weights of a
 * whole transformer can lie in the same file.
 *
 * @param path for messages
 * @throws LateenError `model-invalid`
 */
export async function openSafetensors(readPart: ReadPart, path: string): Promise<Safetensors> {
  const start = await readPart(0, LENGTH_BYTES)
  const headerBytes = start.length < LENGTH_BYTES ? Number.POSITIVE_INFINITY : readLength(start)
  const base = LENGTH_BYTES + headerBytes
  const header = headerBytes > MAX_HEADER_BYTES ? undefined : await readPart(LENGTH_BYTES, base)
  if (header?.length !== headerBytes) throw damaged(path, 'its header is cut off')
  const entries = parseHeader(header, path)
  checkEntries(entries, path)
  return {
    names: [...entries.keys()],
    async tensor(name) {
      const entry = entries.get(name)
      if (!entry) return undefined
      const bytesPerValue = BYTES_PER_VALUE[entry.dtype]
      if (bytesPerValue === undefined) {
        throw new LateenError(
          'model-unsupported',
          `${path} stores ${name} as ${entry.dtype}; F32, F16 and BF16 are read. Convert it to one of them.`,
        )
      }
      const [begin, end] = entry.data_offsets
      const count = entry.shape.reduce((product, size) => product * size, 1)
      if (end - begin !== count * bytesPerValue)
        throw damaged(path, `${name} has not the length of its shape`)
      const bytes = await readPart(base + begin, base + end)
      if (bytes.length !== end - begin) throw damaged(path, `${name} is cut off`)
      return { shape: entry.shape, data: decode(bytes, entry.dtype, count) }
    },
  }
}

function readLength(bytes: Uint8Array): number {
  return Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true))
}

function parseHeader(bytes: Uint8Array, path: string): Map<string, HeaderEntry> {
  let header: unknown
  try {
    header = JSON.parse(new TextDecoder().decode(bytes))
  } catch (error) {
    throw damaged(path, 'its header is not JSON', error)
  }
  if (typeof header !== 'object' || header === null) throw damaged(path, 'its header is no JSON object')
  return new Map(Object.entries(header).filter(([name]) => name !== '__metadata__'))
}

const areSizes = (values: unknown): values is number[] =>
  Array.isArray(values) && values.every((size) => Number.isSafeInteger(size) && size >= 0)

/** Tensors lie one after the other: what overlaps was put together from two files. */
function checkEntries(entries: Map<string, HeaderEntry>, path: string): void {
  for (const [name, entry] of entries) {
    const offsets = entry?.data_offsets
    if (!areSizes(entry?.shape) || !areSizes(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
      throw damaged(path, `its header says nothing sensible of ${name}`)
    }
  }
  let last = 0
  for (const [name, { data_offsets: offsets }] of [...entries].sort(
    ([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0] || a.data_offsets[1] - b.data_offsets[1],
  )) {
    if (offsets[0] < last) throw damaged(path, `${name} lies on top of another tensor`)
    last = offsets[1]
  }
}

function decode(bytes: Uint8Array, dtype: string, count: number): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const data = new Float32Array(count)
  for (let i = 0; i < count; i++) {
    if (dtype === 'F32') data[i] = view.getFloat32(4 * i, true)
    else if (dtype === 'F16') data[i] = halfToFloat(view.getUint16(2 * i, true))
    else data[i] = bfloatToFloat(view.getUint16(2 * i, true))
  }
  return data
}

const scratch = new DataView(new ArrayBuffer(4))

function bfloatToFloat(bfloat: number): number {
  scratch.setUint32(0, bfloat << 16)
  return scratch.getFloat32(0)
}

function damaged(path: string, reason: string, cause?: unknown): LateenError {
  return new LateenError('model-invalid', `${path} is damaged: ${reason}. Copy the model again.`, { cause })
}
