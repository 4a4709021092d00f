/** Arrays as NumPy and PyTorch store them: a type, a shape, and little-endian bytes. */
import { LateenError } from '../errors.ts'
import { halfToFloat } from '../util/half.ts'

export const DTYPES = ['f2', 'f4', 'f8', 'i1', 'i2', 'i4', 'i8', 'u1', 'u2', 'u4', 'u8'] as const
export type Dtype = (typeof DTYPES)[number]

/** Row-major. */
export interface Tensor {
  /** What it was read from, for messages. */
  readonly name: string
  /** NumPy's letter and number of bytes. */
  readonly dtype: Dtype
  readonly shape: readonly number[]
  readonly bytes: Uint8Array
}

export function itemBytes(dtype: Dtype): number {
  return Number(dtype[1])
}

/** Number of components. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1)
}

/** @throws LateenError `segment-corrupt` unless the tensor has as many dimensions as `shape`, with these lengths where they are numbers */
export function assertShape(tensor: Tensor, ...shape: readonly (number | undefined)[]): void {
  const { name, shape: found } = tensor
  const fits = found.length === shape.length && shape.every((n, i) => n === undefined || n === found[i])
  if (!fits)
    throw damaged(name, `the shape (${shape.map((n) => n ?? 'any').join(', ')})`, `(${found.join(', ')})`)
}

/** @throws LateenError `segment-corrupt` when the components are no floats, or one is not finite */
export function floatsOf({ name, dtype, bytes }: Tensor): Float32Array {
  const view = viewOf(bytes)
  const read = {
    f2: (at: number) => halfToFloat(view.getUint16(at, true)),
    f4: (at: number) => view.getFloat32(at, true),
    f8: (at: number) => view.getFloat64(at, true),
  }[dtype as string]
  if (!read) throw damaged(name, 'half, single or double floats', dtype)
  const width = itemBytes(dtype)
  const values = Float32Array.from({ length: bytes.length / width }, (_, i) => read(i * width))
  const at = values.findIndex((value) => !Number.isFinite(value))
  if (at >= 0) throw damaged(name, 'finite numbers', `${values[at]} at ${at}`)
  return values
}

/** @throws LateenError `segment-corrupt` when the components are no integers, or one is not below `limit` */
export function integersOf({ name, dtype, bytes }: Tensor, limit = 2 ** 32): Uint32Array {
  const width = itemBytes(dtype)
  if (dtype[0] === 'f') throw damaged(name, 'integers', dtype)
  const view = viewOf(bytes)
  const values = new Uint32Array(bytes.length / width)
  for (let i = 0; i < values.length; i++) {
    const value = integerAt(view, i * width, dtype)
    if (!(value >= 0 && value < limit))
      throw damaged(name, `numbers from 0 to ${limit - 1}`, `${value} at ${i}`)
    values[i] = value
  }
  return values
}

function integerAt(view: DataView, at: number, dtype: Dtype): number {
  switch (dtype) {
    case 'i8':
    case 'u8': {
      const high = dtype === 'i8' ? view.getInt32(at + 4, true) : view.getUint32(at + 4, true)
      return high * 2 ** 32 + view.getUint32(at, true)
    }
    case 'i4':
      return view.getInt32(at, true)
    case 'u4':
      return view.getUint32(at, true)
    case 'i2':
      return view.getInt16(at, true)
    case 'u2':
      return view.getUint16(at, true)
    case 'i1':
      return view.getInt8(at)
    default:
      return view.getUint8(at)
  }
}

/** @throws LateenError `segment-corrupt` when the components are no bytes */
export function bytesOf({ name, dtype, bytes }: Tensor): Uint8Array {
  if (dtype !== 'u1') throw damaged(name, 'unsigned bytes (u1)', dtype)
  return bytes
}

/** The error for a file that is not what it should be. */
export function damaged(name: string, expected: string, found: string, cause?: unknown): LateenError {
  return new LateenError(
    'segment-corrupt',
    `${name} is not what a PLAID index has there: expected ${expected}, found ${found}. Copy the index again, or build it again.`,
    { cause },
  )
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength)
}
