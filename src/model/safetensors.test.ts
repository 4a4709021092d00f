import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { openSafetensors, type Tensor } from './safetensors.ts'

function file(header: object, data: number[]): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(header))
  const bytes = new Uint8Array(8 + text.length + data.length)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true)
  bytes.set(text, 8)
  bytes.set(data, 8 + text.length)
  return bytes
}

const partsOf = (bytes: Uint8Array) => async (from: number, to: number) => bytes.subarray(from, to)

async function readSafetensors(bytes: Uint8Array, path: string): Promise<Map<string, Tensor>> {
  const file = await openSafetensors(partsOf(bytes), path)
  const tensors = new Map<string, Tensor>()
  for (const name of file.names) tensors.set(name, (await file.tensor(name))!)
  return tensors
}

const floats = (values: number[]) => [...new Uint8Array(Float32Array.from(values).buffer)]

test('float32 is read as it is, whatever its alignment', async () => {
  for (let pad = 0; pad < 4; pad++) {
    const header = {
      __metadata__: { pad: ' '.repeat(pad) },
      a: { dtype: 'F32', shape: [2, 2], data_offsets: [0, 16] },
    }
    const tensors = await readSafetensors(file(header, floats([1, -2.5, 3e-8, 4])), 'x')
    const tensor = tensors.get('a')!
    expect(tensor.shape).toEqual([2, 2])
    expect(tensor.data).toEqual(Float32Array.from([1, -2.5, 3e-8, 4]))
  }
})

test('float16 covers signs, subnormals, infinities and not-a-number', async () => {
  const halves = [0x3c00, 0xc100, 0x0001, 0x8000, 0x7bff, 0x7c00, 0x7e00]
  const bytes = file(
    { a: { dtype: 'F16', shape: [7], data_offsets: [0, 14] } },
    halves.flatMap((half) => [half & 255, half >> 8]),
  )
  expect([...(await readSafetensors(bytes, 'x')).get('a')!.data]).toEqual([
    1,
    -2.5,
    Math.fround(2 ** -24),
    -0,
    65504,
    Number.POSITIVE_INFINITY,
    Number.NaN,
  ])
})

test('bfloat16 is the upper half of a float32', async () => {
  const bytes = file(
    { a: { dtype: 'BF16', shape: [3], data_offsets: [0, 6] } },
    [0x80, 0x3f, 0x20, 0xc0, 0x49, 0x40],
  )
  expect([...(await readSafetensors(bytes, 'x')).get('a')!.data]).toEqual([1, -2.5, 3.140625])
})

test('tensors of a real file have the shapes its header says', async () => {
  const path = new URL('../../fixtures/tiny-model/2_Dense/model.safetensors', import.meta.url)
  const tensors = await readSafetensors(new Uint8Array(readFileSync(path)), 'x')
  expect([...tensors].map(([name, { shape }]) => [name, shape])).toEqual([
    ['linear.weight', [4, 6]],
    ['residual.weight', [4, 6]],
  ])
})

test.each([
  ['an empty file', new Uint8Array(0), 'model-invalid'],
  ['a header longer than the file', Uint8Array.from([255, 0, 0, 0, 0, 0, 0, 0, 1]), 'model-invalid'],
  ['a header that is no JSON', Uint8Array.from([2, 0, 0, 0, 0, 0, 0, 0, 65, 66]), 'model-invalid'],
  [
    'data that is cut off',
    file({ a: { dtype: 'F32', shape: [2], data_offsets: [0, 8] } }, [0, 0]),
    'model-invalid',
  ],
  [
    'a shape that does not fit',
    file({ a: { dtype: 'F32', shape: [3], data_offsets: [0, 8] } }, floats([1, 2])),
    'model-invalid',
  ],
  [
    'an unknown type',
    file({ a: { dtype: 'I64', shape: [1], data_offsets: [0, 8] } }, floats([1, 2])),
    'model-unsupported',
  ],
  [
    'tensors on top of each other',
    file(
      {
        a: { dtype: 'F32', shape: [2], data_offsets: [0, 8] },
        b: { dtype: 'F32', shape: [2], data_offsets: [4, 12] },
      },
      floats([1, 2, 3]),
    ),
    'model-invalid',
  ],
  [
    'an offset before the data',
    file({ a: { dtype: 'F32', shape: [1], data_offsets: [-4, 0] } }, floats([1])),
    'model-invalid',
  ],
  [
    'an offset that is no number',
    file({ a: { dtype: 'F32', shape: [1], data_offsets: ['0', 4] } }, floats([1])),
    'model-invalid',
  ],
  ['an entry without a shape', file({ a: { dtype: 'F32' } }, floats([1])), 'model-invalid'],
  ['an entry that is null', file({ a: null }, floats([1])), 'model-invalid'],
  ['a header that is null', file(JSON.parse('null') as object, floats([1])), 'model-invalid'],
])('%s is refused by name', async (_, bytes, code) => {
  await expect(readSafetensors(bytes, '1_Dense/model.safetensors')).rejects.toMatchObject({
    code,
    message: expect.stringContaining('1_Dense/model.safetensors'),
  })
})

test('of a large file only the header and the tensor that is asked for are read', async () => {
  const header = {
    'bert.position_ids': { dtype: 'I64', shape: [4], data_offsets: [0, 32] },
    'linear.weight': { dtype: 'F32', shape: [1, 2], data_offsets: [32, 40] },
  }
  const bytes = file(header, [...Array<number>(32).fill(0), ...floats([5, 6])])
  const parts: number[] = []
  const { tensor } = await openSafetensors(async (from, to) => {
    parts.push(to - from)
    return bytes.subarray(from, to)
  }, 'x')
  expect([...(await tensor('linear.weight'))!.data]).toEqual([5, 6])
  expect(await tensor('linear.bias')).toBeUndefined()
  expect(parts).toEqual([8, JSON.stringify(header).length, 8])
})
