import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { type ModelBundle, readModelBundle } from '../model/bundle.ts'
import { folderSource } from '../model/folder.node.ts'
import { createEncoder } from './create.ts'
import { feedsFor, outputFor, toFloats } from './graph-io.ts'
import { nativeSession, wasmSession } from './onnx.node.ts'
import type { Graph } from './session.ts'

const FIXTURES = fileURLToPath(new URL('../../fixtures/', import.meta.url))
const read = (name: string) => new Uint8Array(readFileSync(`${FIXTURES}graphs/${name}`))
const EXTERNAL = [{ path: 'external.onnx_data', data: read('external.onnx_data') }]

let bundle: ModelBundle
beforeAll(async () => {
  bundle = await readModelBundle(folderSource(`${FIXTURES}tiny-model`))
})

describe.each([
  ['node', (bytes: Uint8Array, graph: Omit<Graph, 'bytes'> = {}) => nativeSession(bytes, 1, graph)],
  ['wasm', (bytes: Uint8Array, graph: Omit<Graph, 'bytes'> = {}) => wasmSession(bytes, graph)],
] as const)('on %s', (_, open) => {
  /** Two graphs of other widths can be told by the widths of the model only. */
  const encoderOf = async (name: string, graph: Omit<Graph, 'bytes'> = {}) =>
    createEncoder(await open(read(name), { widths: [4, 8], ...graph }), bundle.spec, bundle.tokenizer, {
      weights: { path: name, dtype: 'fp32' },
      bytes: 0,
    })

  test.each([
    ['int32 ids and mask, no token types', 'int32'],
    ['a mask of booleans', 'bool-mask'],
    ['a mask of floats', 'float-mask'],
    ['the names of TensorFlow, in another order', 'other-names'],
    ['positions', 'positions'],
    ['one matrix for all texts', 'rows-output'],
    ['several outputs, one of them as wide as the head takes', 'several-outputs'],
  ])('a graph with %s gives the known vectors', async (_, name) => {
    const encoder = await encoderOf(`${name}.onnx`)
    expect(encoder.selfTest.minCosine).toBeGreaterThan(0.999999)
    const texts = ['a', 'bad cab', 'a b c d e f g h']
    const together = await encoder.encodeDocuments(texts)
    for (const [i, text] of texts.entries()) {
      const [alone] = await encoder.encodeDocuments([text])
      for (const [k, value] of alone!.matrix.data.entries()) {
        expect(together[i]!.matrix.data[k]).toBeCloseTo(value, 5)
      }
    }
    await encoder.dispose()
  })

  test('an output in half precision is read as numbers', async () => {
    const encoder = await encoderOf('half-output.onnx')
    expect(encoder.selfTest.minCosine).toBeGreaterThan(0.99999)
    await encoder.dispose()
  })

  test('tensors beside the graph are found there', async () => {
    const encoder = await encoderOf('external.onnx', { external: EXTERNAL })
    expect(encoder.selfTest.minCosine).toBeGreaterThan(0.999999)
    await encoder.dispose()
  })

  test.each([
    ['takes pictures', () => read('unknown-input.onnx'), 'model-unsupported', /pixel_values.*input_ids/],
    [
      'takes one length only',
      () => read('fixed-length.onnx'),
      'model-unsupported',
      /batch, 16.*dynamic axes/,
    ],
    [
      'gives one vector for a text',
      () => read('pooled-only.onnx'),
      'model-unsupported',
      /sentence_embedding \(float32 \[batch, 8\]\)/,
    ],
    ['has an operator nobody knows', () => read('unknown-operator.onnx'), 'model-unsupported', /Sharpen/],
    ['is cut off', () => read('int32.onnx').slice(0, 700), 'model-invalid', /damaged/],
    ['is a web page', () => new TextEncoder().encode('<!doctype html>'), 'model-invalid', /damaged/],
    ['is empty', () => new Uint8Array(), 'model-invalid', /damaged/],
    ['lacks its tensors', () => read('external.onnx'), 'model-missing-file', /onnx_data/],
  ] as const)('a file that %s is refused by what is wrong with it', async (_, bytes, code, message) => {
    await expect(open(bytes())).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
  })

  test('tensors that are cut off are told from a graph that cannot run', async () => {
    const external = [{ path: 'external.onnx_data', data: EXTERNAL[0]!.data.slice(0, 500) }]
    await expect(open(read('external.onnx'), { external })).rejects.toMatchObject({ code: 'model-invalid' })
  })

  test('a graph whose table was spoiled fails the known-answer test', async () => {
    await expect(encoderOf('wrong-answers.onnx')).rejects.toMatchObject({ code: 'model-self-test-failed' })
  })
})

test('a graph without token ids is refused', () => {
  expect(() => feedsFor([{ name: 'attention_mask', type: 'int64', shape: ['b', 's'] }])).toThrow('input_ids')
})

const output = (name: string, ...shape: (number | string)[]) => ({ name, type: 'float32', shape })

test.each([
  ['a known name', [output('hidden.3', 'b', 's', 'w'), output('last_hidden_state', 'b', 's', 'w')], 1],
  ['the better name', [output('last_hidden_state', 'b', 's', 64), output('contextual', 'b', 's', 64)], 1],
  ['a known width over a name', [output('last_hidden_state', 'b', 's', 300), output('x', 'b', 's', 64)], 1],
  ['a rank of three over two', [output('rows', 'n', 64), output('x', 'b', 's', 'w')], 1],
  ['what says nothing of itself, at last', [output('pooler_output', 'b', 64), { name: 'x' }], 1],
] as const)('of several outputs %s is taken', (_, outputs, position) => {
  expect(outputFor(outputs, [64, 384])).toBe(outputs[position])
})

test('half precision is read from bits as from numbers', () => {
  expect([...toFloats(Uint16Array.of(0x3c00, 0xc100))]).toEqual([1, -2.5])
  expect([...toFloats([1, -2.5])]).toEqual([1, -2.5])
})
