/** Tensors as `torch.save` writes them since PyTorch 1.6: a ZIP archive of a pickle and raw storages. */
import { type UnzipFileInfo, unzipSync } from 'fflate'
import { LateenError } from '../errors.ts'
import { readPickle } from './pickle.ts'
import { type Dtype, damaged, itemBytes, sizeOf, type Tensor } from './tensor.ts'

const STORAGES: Readonly<Record<string, Dtype>> = {
  HalfStorage: 'f2',
  FloatStorage: 'f4',
  DoubleStorage: 'f8',
  CharStorage: 'i1',
  ShortStorage: 'i2',
  IntStorage: 'i4',
  LongStorage: 'i8',
  ByteStorage: 'u1',
}

const PICKLE = /^([^/]{1,255})\/data\.pkl$/

interface Storage {
  readonly dtype: Dtype
  readonly bytes: Uint8Array
}

/**
 * Reads a file with one tensor, or with a tuple or list of them.
 *
 * @param name for messages
 * @throws LateenError `segment-corrupt`
 */
export function parseTorch(file: Uint8Array, name: string): Tensor[] {
  const entries = unzip(file, name)
  const pickle = Object.keys(entries).find((path) => PICKLE.test(path))
  if (!pickle)
    throw damaged(name, 'an archive of torch.save', `${Object.keys(entries).slice(0, 3).join(', ')}`)
  const [, archive] = PICKLE.exec(pickle)!

  const types = Object.entries(STORAGES).map(([type, dtype]) => [`torch.${type}`, () => dtype] as const)
  const byType = new Map<unknown, Dtype>(types.map(([, type]) => [type, type()]))
  const value = readPickle(entries[pickle]!, name, {
    functions: {
      ...Object.fromEntries(types),
      'collections.OrderedDict': () => new Map(),
      'torch._utils._rebuild_tensor_v2': (storage, offset, shape, strides) =>
        rebuild(name, storage, offset, shape, strides),
    },
    persistent: (id) => {
      const [, type, key] = Array.isArray(id) ? id : []
      const dtype = byType.get(type)
      const bytes = entries[`${archive}/data/${key}`]
      if (!dtype || !bytes) throw damaged(name, 'the numbers of a tensor', 'none for one of them')
      return { dtype, bytes } satisfies Storage
    },
  })
  const tensors: unknown[] = Array.isArray(value) ? value : [value]
  if (tensors.every(isTensor)) return tensors
  throw damaged(name, 'tensors', 'something else')
}

const made = new WeakSet<object>()
const isTensor = (value: unknown): value is Tensor =>
  typeof value === 'object' && value !== null && made.has(value)

/** A view of a storage; `offset` and `strides` count components. */
function rebuild(name: string, storage: unknown, offset: unknown, shape: unknown, strides: unknown): Tensor {
  if (!isStorage(storage) || !isCount(offset) || !isCounts(shape) || !isCounts(strides)) {
    throw damaged(name, 'a storage with an offset, a shape and strides', 'something else')
  }
  const isRowMajor = shape.every((length, i) => length <= 1 || strides[i] === sizeOf(shape.slice(i + 1)))
  if (!isRowMajor) throw damaged(name, 'rows one after the other', `strides of ${strides.join(', ')}`)
  const { dtype, bytes } = storage
  const start = offset * itemBytes(dtype)
  const end = start + sizeOf(shape) * itemBytes(dtype)
  if (!(end <= bytes.length)) throw damaged(name, `${end} bytes of numbers`, `${bytes.length}`)
  // Frozen: the rest of the pickle could change it otherwise.
  const tensor = Object.freeze({
    name,
    dtype,
    shape: Object.freeze([...shape]),
    bytes: bytes.subarray(start, end),
  })
  made.add(tensor)
  return tensor
}

const isStorage = (value: unknown): value is Storage =>
  typeof value === 'object' && value !== null && 'dtype' in value && 'bytes' in value && !isTensor(value)
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
const isCounts = (value: unknown): value is number[] => Array.isArray(value) && value.every(isCount)

/** Storages are not packed: an entry that claims to grow is not PyTorch's. */
function unzip(file: Uint8Array, name: string): Record<string, Uint8Array> {
  const filter = ({ name: path, compression, size, originalSize }: UnzipFileInfo) => {
    if (compression === 0 && size === originalSize) return true
    throw damaged(name, 'entries that are not packed', path)
  }
  try {
    return unzipSync(file, { filter })
  } catch (error) {
    if (error instanceof LateenError) throw error
    throw damaged(name, 'an archive of torch.save (PyTorch 1.6 or later)', String(error), error)
  }
}
