import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { sha256Hex } from '../util/hash.ts'
import type { Encoder } from './encoder.ts'
import { type LoadNodeEncoderOptions, loadNodeEncoder } from './load.node.ts'

const FIXTURES = fileURLToPath(new URL('../../fixtures/', import.meta.url))
const TINY = join(FIXTURES, 'tiny-model')
const graph = (name: string) => readFileSync(join(FIXTURES, 'graphs', name))

type Content = string | Uint8Array

/** The tiny model with other files; a name stands for a graph of the fixtures. */
function modelWith(files: Readonly<Record<string, Content>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'lateen-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  cpSync(TINY, folder, { recursive: true })
  for (const [path, content] of Object.entries(files)) {
    if (typeof content === 'string') copyFileSync(join(FIXTURES, 'graphs', content), join(folder, path))
    else writeFileSync(join(folder, path), content)
  }
  return folder
}

async function load(options: LoadNodeEncoderOptions) {
  const loaded = await loadNodeEncoder({ threads: 1, ...options })
  onTestFinished(() => loaded.encoder.dispose())
  return loaded
}

const used = ({ backend, weights }: Encoder) => [backend, weights.dtype]
const code = (expected: string, message: RegExp) => ({
  code: expected,
  message: expect.stringMatching(message),
})

test('int8 weights that answer wrongly make way for fp32 ones on the same backend', async () => {
  const model = modelWith({ 'onnx/model_int8.onnx': 'wrong-answers.onnx' })
  const { encoder, fallbacks } = await load({ model })
  expect(used(encoder)).toEqual(['node', 'fp32'])
  expect(encoder.selfTest).toMatchObject({ passed: true, verified: true })
  expect(fallbacks).toEqual([
    { from: 'node', dtype: 'int8', ...code('model-self-test-failed', /at least 0\.998, found/) },
  ])
})

test.each([
  ['cut off', graph('int32.onnx').subarray(0, 700), 'model-invalid', /damaged/],
  ['an operator nobody knows', 'unknown-operator.onnx', 'model-unsupported', /Sharpen/],
  ['inputs nobody knows', 'unknown-input.onnx', 'model-unsupported', /pixel_values/],
  ['no tensors beside it', 'external.onnx', 'model-missing-file', /onnx_data/],
] as const)('a file of weights with %s makes way for the next', async (_, content, expected, message) => {
  const { encoder, fallbacks } = await load({ model: modelWith({ 'onnx/model_quantized.onnx': content }) })
  expect(used(encoder)).toEqual(['node', 'fp32'])
  expect(fallbacks).toEqual([{ from: 'node', dtype: 'q8', ...code(expected, message) }])
})

test('weights that are asked for are tried on each backend, and no others', async () => {
  const model = modelWith({
    'onnx/model_int8.onnx': 'wrong-answers.onnx',
    'onnx/model_q4.onnx': 'int32.onnx',
  })
  expect(used((await load({ model, dtype: 'q4' })).encoder)).toEqual(['node', 'q4'])
  expect(used((await load({ model, dtype: 'fp32', prefer: 'wasm' })).encoder)).toEqual(['wasm', 'fp32'])
  await expect(load({ model, dtype: 'q8' })).rejects.toMatchObject(
    code('model-self-test-failed', /node with int8 weights: .* wasm with int8 weights: /),
  )
  await expect(load({ model, dtype: 'fp16' })).rejects.toMatchObject(
    code('model-missing-file', /has no fp16 weights; it has int8 .*q4 .*fp32/),
  )
})

test('a file can be named that nobody would look for', async () => {
  const model = modelWith({ 'vespa_colbert.onnx': 'half-output.onnx' })
  const { encoder } = await load({ model, weights: 'vespa_colbert.onnx', dtype: 'auto' })
  expect(encoder.weights).toEqual({ path: 'vespa_colbert.onnx', dtype: 'fp32' })
})

test.each(['auto', 'wasm'] as const)('tensors beside a graph are loaded with it: %s', async (prefer) => {
  const model = modelWith({ 'external.onnx': 'external.onnx', 'external.onnx_data': 'external.onnx_data' })
  const { encoder } = await load({ model, weights: 'external.onnx', prefer })
  expect(encoder.weights.external).toEqual(['external.onnx_data'])
  expect(encoder.selfTest.minCosine).toBeGreaterThan(0.999999)
})

test('the fingerprint is the same, whatever weights are loaded', async () => {
  const model = modelWith({ 'onnx/model_fp16.onnx': 'half-output.onnx', 'onnx/model_q4.onnx': 'int32.onnx' })
  const prints = new Set<string>()
  for (const dtype of ['auto', 'fp32', 'fp16', 'q4'] as const) {
    prints.add((await load({ model, dtype })).encoder.spec.fingerprint)
  }
  expect(prints.size).toBe(1)
})

test('weights too large for this machine are not read, and smaller ones are taken', async () => {
  const model = modelWith({ 'onnx/model_quantized.onnx': 'int32.onnx' })
  const facts: Record<string, object> = {}
  for (const path of [
    'modules.json',
    'config.json',
    'config_sentence_transformers.json',
    'sentence_bert_config.json',
    'tokenizer.json',
    'tokenizer_config.json',
    'reference.json',
    '1_Dense/config.json',
    '1_Dense/model.safetensors',
    '2_Dense/config.json',
    '2_Dense/model.safetensors',
    'onnx/model.onnx',
  ]) {
    const bytes = readFileSync(join(model, path))
    facts[path] = { bytes: bytes.length, sha256: sha256Hex(new Uint8Array(bytes)) }
  }
  facts['onnx/model_quantized.onnx'] = { bytes: 2 ** 44, sha256: '0'.repeat(64) }
  const manifest = { format: 'lateen-model', version: 1, name: 'tiny', files: facts }
  writeFileSync(join(model, 'lateen.json'), JSON.stringify(manifest))
  const { encoder, fallbacks } = await load({ model })
  expect(used(encoder)).toEqual(['node', 'fp32'])
  expect(fallbacks).toEqual([{ from: 'node', dtype: 'q8', ...code('model-too-large', /16,777,216 MB/) }])
  await expect(load({ model, dtype: 'q8' })).rejects.toMatchObject({ code: 'model-too-large' })
})

test('without known answers a load says that nothing was verified', async () => {
  const model = modelWith({})
  rmSync(join(model, 'reference.json'))
  const { encoder } = await load({ model })
  expect(encoder.selfTest).toEqual({ passed: true, verified: false, minCosine: Number.NaN })
})

test('a tokenizer that gives other ids is found out before any weights are read', async () => {
  const model = modelWith({ 'onnx/model_quantized.onnx': Uint8Array.of(1) })
  const path = join(model, 'reference.json')
  writeFileSync(path, readFileSync(path, 'utf8').replace('bad cab', 'cab bad'))
  await expect(load({ model })).rejects.toMatchObject(
    code('model-self-test-failed', /^The tokenizer.*token ids/),
  )
})

test('a load that fails leaves an encoder of before as it is', async () => {
  const { encoder } = await load({ model: TINY })
  const before = await encoder.encodeQuery('bad cab')
  const broken = modelWith({ 'onnx/model.onnx': 'unknown-operator.onnx' })
  await expect(load({ model: broken })).rejects.toMatchObject({ code: 'model-unsupported' })
  await expect(load({ model: modelWith({ 'onnx/model.onnx': Uint8Array.of(9) }) })).rejects.toThrow('damaged')
  expect((await encoder.encodeQuery('bad cab')).matrix).toEqual(before.matrix)
})
