/** NumPy's array files (NEP 1), which fast-plaid and next-plaid write. */
import { DTYPES, type Dtype, damaged, itemBytes, sizeOf, type Tensor } from './tensor.ts'

const MAGIC = '\x93NUMPY'
/** Magic, version, and the longer of the two lengths of the header. */
const PREFIX_BYTES = 12

/**
 * Reads a file of versions 1 to 3 with little-endian numbers, row by row. What is returned looks into `file`.
 *
 * @param name for messages
 * @throws LateenError `segment-corrupt`
 */
export function parseNpy(file: Uint8Array, name: string): Tensor {
  if (file.length < PREFIX_BYTES) throw damaged(name, 'a NumPy file', `${file.length} bytes`)
  const magic = String.fromCharCode(...file.subarray(0, MAGIC.length))
  if (magic !== MAGIC) throw damaged(name, 'a NumPy file', `a beginning of ${JSON.stringify(magic)}`)
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const version = file[6]!
  if (version < 1 || version > 3) throw damaged(name, 'NumPy format 1 to 3', `${version}`)
  const start = version === 1 ? 10 : 12
  const end = start + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true))
  if (end > file.length) throw damaged(name, `a header of ${end} bytes`, `${file.length} bytes in all`)

  const { dtype, shape } = parseHeader(new TextDecoder('latin1').decode(file.subarray(start, end)), name)
  const length = sizeOf(shape) * itemBytes(dtype)
  if (file.length - end !== length) {
    throw damaged(name, `${length} bytes behind its header`, `${file.length - end}`)
  }
  return { name, dtype, shape, bytes: file.subarray(end) }
}

/** @param header a Python dictionary: `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }` */
function parseHeader(header: string, name: string): { dtype: Dtype; shape: number[] } {
  const [, order, kind] = /'descr'\s*:\s*'([<>=|]?)(\w+)'/.exec(header) ?? []
  const dtype = DTYPES.find((known) => known === kind)
  // Some writers put `<` before single bytes, where there is no order.
  const isLittle = order !== '>' && (order === '<' || dtype?.[1] === '1')
  if (!dtype || !isLittle) {
    throw damaged(name, `little-endian numbers (${DTYPES.join(', ')})`, header.trim().slice(0, 80))
  }
  const [, fortran] = /'fortran_order'\s*:\s*(True|False)/.exec(header) ?? []
  const [, lengths] = /'shape'\s*:\s*\(([\d\s,]*)\)/.exec(header) ?? []
  const shape = (lengths ?? '?')
    .split(',')
    .filter((length) => length.trim() !== '')
    .map(Number)
  if (!shape.every(Number.isSafeInteger)) throw damaged(name, 'a shape', header.trim().slice(0, 80))
  if (fortran === 'True' && shape.length > 1) throw damaged(name, 'rows one after the other', 'Fortran order')
  return { dtype, shape }
}
