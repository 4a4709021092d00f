import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { type ModelBundle, readModelBundle } from '../model/bundle.ts'
import { folderSource } from '../model/folder.node.ts'
import type { WeightsType } from '../model/spec.ts'
import type { BatchInput } from './batch.ts'
import { createEncoder } from './create.ts'
import type { Encoder } from './encoder.ts'
import { nativeSession, wasmSession } from './onnx.node.ts'
import type { EncoderSession, SessionOutput } from './session.ts'

const TINY = fileURLToPath(new URL('../../fixtures/tiny-model', import.meta.url))
let bundle: ModelBundle
let weights: Uint8Array
beforeAll(async () => {
  bundle = await readModelBundle(folderSource(TINY))
  weights = await bundle.readWeights(bundle.spec.weights[0]!)
})

const start = (session: EncoderSession, dtype: WeightsType = 'fp32', spec = bundle.spec) =>
  createEncoder(session, spec, bundle.tokenizer, {
    weights: { path: 'x.onnx', dtype },
    bytes: weights.length,
  })

/** A session that counts, records and may change what the real one answers. */
function wrapped(
  session: EncoderSession,
  change: (output: SessionOutput, input: BatchInput) => SessionOutput = (output) => output,
) {
  const inputs: BatchInput[] = []
  const dispose = vi.fn(session.dispose)
  const run = async (input: BatchInput) => {
    inputs.push(input)
    return change(await session.run(input), input)
  }
  return { session: { ...session, run, dispose } satisfies EncoderSession, inputs, dispose }
}

describe.each([
  ['node', () => nativeSession(weights, 1)],
  ['wasm', () => wasmSession(weights)],
] as const)('on %s', (backend, open) => {
  test('head, token types, expansion and attention give the known vectors', async () => {
    const encoder = await start(await open())
    expect(encoder.backend).toBe(backend)
    expect(encoder.selfTest.passed).toBe(true)
    expect(encoder.selfTest.minCosine).toBeGreaterThan(0.999999)
    const { matrix, tokenized } = await encoder.encodeQuery('bad cab')
    const { vectors } = bundle.spec.goldens[0]!
    expect(matrix).toMatchObject({ numTokens: 8, dim: 4 })
    expect(tokenized.kept.length).toBe(8)
    expect(Math.max(...matrix.data.map((value, i) => Math.abs(value - vectors[i]!)))).toBeLessThan(1e-5)
    await encoder.dispose()
  })
})

test('rows of skiplist tokens are dropped after the model has seen them', async () => {
  const encoder = await start(await nativeSession(weights, 1))
  const { vectors, text } = bundle.spec.goldens[1]!
  const [{ matrix, tokenized }] = (await encoder.encodeDocuments([text])) as [
    Awaited<ReturnType<Encoder['encodeQuery']>>,
  ]
  expect(tokenized.tokens.filter((_, i) => !tokenized.kept.includes(i))).toEqual([',', '.'])
  expect(matrix.numTokens).toBe(8)
  const kept = [...tokenized.kept].flatMap((position) => [
    ...vectors.subarray(position * 4, position * 4 + 4),
  ])
  expect(Math.max(...matrix.data.map((value, i) => Math.abs(value - kept[i]!)))).toBeLessThan(1e-5)
})

const TEXTS = ['a', 'bad cab', 'a b c d e f g h', 'abge, cab.', '', 'cab', 'h g f', 'bad bad bad bad']

test('documents come back in their order, and neither order nor company nor padding changes a vector', async () => {
  const encoder = await start(await nativeSession(weights, 1))
  const alone = await Promise.all(TEXTS.map(async (text) => (await encoder.encodeDocuments([text]))[0]!))
  const together = await encoder.encodeDocuments(TEXTS)
  const reversed = (await encoder.encodeDocuments([...TEXTS].reverse())).reverse()
  for (const [i, { matrix, tokenized }] of alone.entries()) {
    for (const other of [together[i]!, reversed[i]!]) {
      expect([...other.tokenized.ids]).toEqual([...tokenized.ids])
      expect(other.matrix.numTokens).toBe(matrix.numTokens)
      const largest = Math.max(...matrix.data.map((value, k) => Math.abs(value - other.matrix.data[k]!)))
      expect(largest).toBeLessThan(1e-5)
    }
  }
})

test('texts are encoded together, except by weights whose scale depends on the batch', async () => {
  const shared = wrapped(await nativeSession(weights, 1))
  const alone = wrapped(await nativeSession(weights, 1))
  for (const [{ session, inputs }, dtype, expected] of [
    [shared, 'fp32', 1],
    [alone, 'q8', TEXTS.length],
  ] as const) {
    const encoder = await start(session, dtype)
    inputs.length = 0
    await encoder.encodeDocuments(TEXTS)
    expect(inputs.length).toBe(expected)
  }
})

test('no documents are no work', async () => {
  const encoder = await start(await nativeSession(weights, 1))
  expect(await encoder.encodeDocuments([])).toEqual([])
})

test('progress is told after every batch, and an abort stops before the next one', async () => {
  const { session, inputs } = wrapped(await nativeSession(weights, 1))
  const encoder = await start(session, 'q8')
  inputs.length = 0
  const controller = new AbortController()
  const done: number[] = []
  const encoding = encoder.encodeDocuments(TEXTS, {
    signal: controller.signal,
    onBatch: (count) => {
      done.push(count)
      if (count === 3) controller.abort()
    },
  })
  await expect(encoding).rejects.toMatchObject({ code: 'aborted' })
  expect(done).toEqual([1, 2, 3])
  expect(inputs.length).toBe(3)
  await expect(encoder.encodeQuery('a', { signal: controller.signal })).rejects.toMatchObject({
    code: 'aborted',
  })
  expect((await encoder.encodeQuery('a')).matrix.numTokens).toBe(8)
})

test('queries and documents may be encoded at the same time', async () => {
  const encoder = await start(await wasmSession(weights))
  const [documents, query] = await Promise.all([
    encoder.encodeDocuments(TEXTS),
    encoder.encodeQuery('bad cab'),
  ])
  expect(documents.length).toBe(TEXTS.length)
  expect(query.matrix.data[0]).toBeCloseTo(bundle.spec.goldens[0]!.vectors[0]!, 5)
})

test('use after dispose fails with a code, and disposing twice is allowed', async () => {
  const encoder = await start(await nativeSession(weights, 1))
  await encoder.dispose()
  await encoder.dispose()
  await expect(encoder.encodeQuery('a')).rejects.toMatchObject({ code: 'closed' })
})

const lies: [string, (output: SessionOutput) => SessionOutput][] = [
  ['not numbers', ({ data, width }) => ({ data: data.fill(Number.NaN), width })],
  [
    'infinite',
    ({ data, width }) => ({ data: data.map((v, i) => (i === 3 ? Number.POSITIVE_INFINITY : v)), width }),
  ],
  ['all zero', ({ data, width }) => ({ data: data.fill(0), width })],
  [
    'shifted by one token',
    ({ data, width }) => ({
      data: Float32Array.from([...data.slice(width), ...data.slice(0, width)]),
      width,
    }),
  ],
  [
    'slightly wrong everywhere',
    ({ data, width }) => ({ data: data.map((v, i) => v + (i % 4) * 0.5), width }),
  ],
]

test.each(lies)('a session whose vectors are %s fails the self-test and is disposed', async (_, lie) => {
  const { session, dispose } = wrapped(await nativeSession(weights, 1), lie)
  await expect(start(session)).rejects.toMatchObject({ code: 'model-self-test-failed' })
  expect(dispose).toHaveBeenCalledOnce()
})

test('a tokenizer that gives other ids fails the self-test', async () => {
  const goldens = bundle.spec.goldens.map((golden) => ({ ...golden, text: `${golden.text} a` }))
  const session = await nativeSession(weights, 1)
  const starting = start(session, 'fp32', { ...bundle.spec, goldens })
  await expect(starting).rejects.toMatchObject({
    code: 'model-self-test-failed',
    message: expect.stringContaining('token ids'),
  })
})

test('without known answers vectors must at least be numbers', async () => {
  const spec = { ...bundle.spec, goldens: [] }
  const encoder = await start(await nativeSession(weights, 1), 'fp32', spec)
  expect(encoder.selfTest).toEqual({ passed: true, verified: false, minCosine: Number.NaN })
  const { session } = wrapped(await nativeSession(weights, 1), lies[0]![1])
  await expect(start(session, 'fp32', spec)).rejects.toMatchObject({ code: 'model-self-test-failed' })
})

test('a graph without its head is refused by its width', async () => {
  const starting = start(await nativeSession(weights, 1), 'fp32', { ...bundle.spec, head: [] })
  await expect(starting).rejects.toMatchObject({
    code: 'model-invalid',
    message: expect.stringMatching(/8 values per token.*4/),
  })
})

test('why the head cannot be read is said when the graph turns out not to hold it', async () => {
  const missingHead = { code: 'model-unsupported', reason: 'it is pickled' } as const
  const starting = start(await nativeSession(weights, 1), 'fp32', { ...bundle.spec, head: [], missingHead })
  await expect(starting).rejects.toMatchObject({
    code: 'model-unsupported',
    message: expect.stringContaining('it is pickled'),
  })
})

test('cut vectors are the leading components of whole ones, at length 1, and pass the known answers', async () => {
  const cut = await readModelBundle(folderSource(TINY), { dim: 2 })
  const whole = await start(await nativeSession(weights, 1))
  const encoder = await start(await nativeSession(weights, 1), 'fp32', cut.spec)
  expect(encoder.selfTest.minCosine).toBeGreaterThan(0.999999)
  const { matrix } = await encoder.encodeQuery('bad cab')
  const { matrix: full } = await whole.encodeQuery('bad cab')
  expect(matrix).toMatchObject({ numTokens: full.numTokens, dim: 2 })
  for (let row = 0; row < full.numTokens; row++) {
    const [a, b] = full.data.subarray(row * 4, row * 4 + 2)
    const length = Math.hypot(a!, b!)
    expect(matrix.data[row * 2]).toBeCloseTo(a! / length, 5)
    expect(matrix.data[row * 2 + 1]).toBeCloseTo(b! / length, 5)
  }
})

test('a query stays on the GPU only where its rows need nothing more', async () => {
  const unit = Float32Array.from([0.5, 0.5, 0.5, 0.5])
  const session: EncoderSession = {
    backend: 'webgpu',
    run: async ({ batch, seq }) => ({
      data: Float32Array.from({ length: batch * seq * 4 }, (_, i) => unit[i % 4]!),
      width: 4,
    }),
    runOnGpu: () => Promise.reject(new Error('never run')),
    dispose: async () => {},
  }
  const offered = async (change: object) =>
    (await start(session, 'fp32', { ...bundle.spec, goldens: [], ...change })).encodeQueryOnGpu !== undefined
  expect(await offered({})).toBe(true)
  expect(await offered({ dim: 2 })).toBe(false)
  const { document } = bundle.spec.kept
  expect(await offered({ kept: { query: { skip: new Set([1]) }, document } })).toBe(false)
})

test('a text that is longer than the positions of the model is refused before it is run', async () => {
  const session = await nativeSession(weights, 1)
  const encoder = await start(session, 'fp32', { ...bundle.spec, documentLength: 64, positions: 10 })
  await expect(encoder.encodeDocuments(['a', 'bad cab '.repeat(9)])).rejects.toMatchObject({
    code: 'model-invalid',
    message: expect.stringMatching(/positions for 10 tokens, .* have \d+\. Set a smaller length/),
  })
  await encoder.dispose()
})
