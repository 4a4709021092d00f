/** Writes PLAID indexes as fast-plaid and Stanford's ColBERT lay them out, for the benchmark and for tests. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { zipSync } from 'fflate'
import type { PlaidLayout } from '../src/plaid/plaid.ts'
import { floatToHalf } from '../src/util/half.ts'

export interface PlaidParts {
  readonly bits: number
  readonly dim: number
  /** Row-major; stored as halves. */
  readonly centroids: Float32Array
  readonly cutoffs: Float32Array
  readonly weights: Float32Array
  /** In order; one chunk each. */
  readonly chunks: readonly {
    readonly doclens: readonly number[]
    readonly codes: Uint32Array
    /** In the order of bits that these libraries have. */
    readonly residuals: Uint8Array
  }[]
}

type Array_ = readonly [dtype: 'f2' | 'f4' | 'i4' | 'i8' | 'u1', shape: readonly number[], bytes: Uint8Array]

export async function writePlaid(folder: string, layout: PlaidLayout, parts: PlaidParts): Promise<void> {
  await mkdir(folder, { recursive: true })
  const write = (name: string, content: Uint8Array | string) => writeFile(join(folder, name), content)
  const array = (name: string, ...arrays: readonly Array_[]) =>
    layout === 'numpy' ? write(`${name}.npy`, npy(arrays[0]!)) : write(`${name}.pt`, torch(arrays))

  const { bits, dim, centroids, cutoffs, weights, chunks } = parts
  await array('centroids', ['f2', [centroids.length / dim, dim], halves(centroids)])
  const cutoffArray: Array_ = ['f4', [cutoffs.length], bytesOf(cutoffs)]
  const weightArray: Array_ = ['f4', [weights.length], bytesOf(weights)]
  if (layout === 'numpy') {
    await array('bucket_cutoffs', cutoffArray)
    await array('bucket_weights', weightArray)
  } else await array('buckets', cutoffArray, weightArray)

  for (const [i, { doclens, codes, residuals }] of chunks.entries()) {
    await write(`doclens.${i}.json`, JSON.stringify(doclens))
    await array(`${i}.residuals`, ['u1', [codes.length, (dim * bits) / 8], residuals])
    const long = BigInt64Array.from(layout === 'numpy' ? codes : [], BigInt)
    await array(
      `${i}.codes`,
      layout === 'numpy' ? ['i8', [codes.length], bytesOf(long)] : ['i4', [codes.length], bytesOf(codes)],
    )
  }
  const counts = { num_chunks: chunks.length }
  await write(
    'metadata.json',
    JSON.stringify(
      layout === 'numpy' ? { nbits: bits, ...counts } : { config: { nbits: bits, dim }, ...counts },
    ),
  )
}

function npy([dtype, shape, bytes]: Array_): Uint8Array {
  const lengths = shape.length === 1 ? `${shape[0]},` : shape.join(', ')
  const text = `{'descr': '${dtype === 'u1' ? '|' : '<'}${dtype}', 'fortran_order': False, 'shape': (${lengths}), }`
  const header = `${text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11)}\n`
  const prefix = Uint8Array.of(0x93, ...ascii('NUMPY'), 1, 0, header.length & 255, header.length >> 8)
  return Buffer.concat([prefix, ascii(header), bytes])
}

const STORAGES = { f2: 'Half', f4: 'Float', i4: 'Int', i8: 'Long', u1: 'Byte' } as const

/** What `torch.save` makes of a tensor, or of a tuple of two: protocol 2, storages unpacked. */
function torch(arrays: readonly Array_[]): Uint8Array {
  const pickle = [
    Uint8Array.of(0x80, 2),
    ...arrays.map(tensorPickle),
    ...(arrays.length === 2 ? [Uint8Array.of(0x86)] : []),
    ascii('.'),
  ]
  const entries = Object.fromEntries(arrays.map(([, , bytes], i) => [`archive/data/${i}`, bytes]))
  return zipSync({ 'archive/data.pkl': Buffer.concat(pickle), ...entries }, { level: 0 })
}

/** `_rebuild_tensor_v2(('storage', type, key, 'cpu', size), 0, shape, strides, False, OrderedDict())` */
function tensorPickle([dtype, shape, bytes]: Array_, key: number): Uint8Array {
  const text = (value: string) => Buffer.concat([Uint8Array.of(0x58, value.length, 0, 0, 0), ascii(value)])
  const integer = (value: number) => {
    const buffer = Buffer.alloc(5, 'J')
    buffer.writeInt32LE(value, 1)
    return buffer
  }
  const tuple = (...items: Uint8Array[]) => Buffer.concat([ascii('('), ...items, ascii('t')])
  const named = (module: string, name: string) => ascii(`c${module}\n${name}\n`)
  const strides = shape.map((_, i) => shape.slice(i + 1).reduce((a, b) => a * b, 1))
  const size = bytes.length / Number(dtype[1])
  const storage = named('torch', `${STORAGES[dtype]}Storage`)
  return Buffer.concat([
    named('torch._utils', '_rebuild_tensor_v2'),
    tuple(
      Buffer.concat([
        tuple(text('storage'), storage, text(`${key}`), text('cpu'), integer(size)),
        ascii('Q'),
      ]),
      integer(0),
      tuple(...shape.map(integer)),
      tuple(...strides.map(integer)),
      Uint8Array.of(0x89),
      Buffer.concat([named('collections', 'OrderedDict'), ascii(')R')]),
    ),
    ascii('R'),
  ])
}

function halves(values: Float32Array): Uint8Array {
  return bytesOf(Uint16Array.from(values, floatToHalf))
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}

function ascii(text: string): Uint8Array {
  return Buffer.from(text, 'latin1')
}
