import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readModelBundle } from '../model/bundle.ts'
import { folderSource } from '../model/folder.node.ts'
import type { WeightsType } from '../model/spec.ts'
import { createEncoder } from './create.ts'
import type { EncodedText, Encoder } from './encoder.ts'
import { loadNodeEncoder } from './load.node.ts'
import { nativeSession, wasmSession } from './onnx.node.ts'

const MODEL = fileURLToPath(new URL('../../public/models/lateen-mini', import.meta.url))

const TEXTS = [
  'Paris is the capital of France.',
  'Call abort() on the AbortController whose signal was passed to fetch; the promise rejects.',
  'Short.',
  'A worker keeps the page responsive while the model computes. '.repeat(6),
  'Ünïcode, emoji 👍 and code: `const x = y?.[0]`',
]

async function encoderFor(dtype: WeightsType, backend: 'node' | 'wasm'): Promise<Encoder> {
  const bundle = await readModelBundle(folderSource(MODEL))
  const { path } = bundle.spec.weights.find((candidate) => candidate.dtype === dtype)!
  const bytes = await bundle.readFile(path)
  const session = backend === 'node' ? await nativeSession(bytes, 1) : await wasmSession(bytes)
  return createEncoder(session, bundle.spec, bundle.tokenizer, {
    weights: { path, dtype },
    bytes: bytes.length,
  })
}

function largestDifference(a: EncodedText, b: EncodedText): number {
  return Math.max(...a.matrix.data.map((value, i) => Math.abs(value - b.matrix.data[i]!)))
}

const combinations: [WeightsType, 'node' | 'wasm'][] = [
  ['q8', 'node'],
  ['q8', 'wasm'],
  ['q8-matmulnbits', 'node'],
  ['q8-matmulnbits', 'wasm'],
]

describe.each(combinations)('lateen-mini, %s weights on %s', (dtype, backend) => {
  let encoder: Encoder
  beforeAll(async () => {
    encoder = await encoderFor(dtype, backend)
  })
  afterAll(() => encoder?.dispose())

  test('the known vectors come out, with a cosine of at least 0.999', () => {
    expect(encoder.backend).toBe(backend)
    expect(encoder.selfTest.minCosine).toBeGreaterThanOrEqual(0.999)
  })

  test('vectors do not depend on the texts encoded with them', async () => {
    const together = await encoder.encodeDocuments(TEXTS)
    const reversed = (await encoder.encodeDocuments([...TEXTS].reverse())).reverse()
    for (const [i, text] of TEXTS.entries()) {
      const [alone] = await encoder.encodeDocuments([text])
      // Weights with dynamic quantisation encode texts one by one, which makes them the same to the bit.
      const tolerance = dtype === 'q8' ? 0 : 1e-4
      expect(largestDifference(alone!, together[i]!)).toBeLessThanOrEqual(tolerance)
      expect(largestDifference(alone!, reversed[i]!)).toBeLessThanOrEqual(tolerance)
    }
  })

  test('vectors have unit length', async () => {
    for (const { matrix } of await encoder.encodeDocuments(TEXTS)) {
      for (let row = 0; row < matrix.numTokens; row++) {
        const vector = matrix.data.subarray(row * matrix.dim, (row + 1) * matrix.dim)
        expect(Math.hypot(...vector)).toBeCloseTo(1, 5)
      }
    }
  })
})

test('the bundled model is loaded when none is named, on the native build', async () => {
  const { encoder, fallbacks, readFile } = await loadNodeEncoder()
  expect(encoder.spec.name).toBe('lateen-mini')
  expect(encoder.backend).toBe('node')
  expect(fallbacks).toEqual([])
  expect(encoder.bytes).toBeGreaterThan(7_000_000)
  expect((await readFile('modules.json')).length).toBeGreaterThan(10)
  await expect(readFile('nothing.bin')).rejects.toMatchObject({ code: 'model-missing-file' })
  await encoder.dispose()
})

test('a model is loaded from a URL as from a folder', async () => {
  const server = createServer((request, response) => {
    const path = join(MODEL, new URL(request.url ?? '/', 'http://host').pathname.slice('/mini/'.length))
    if (existsSync(path)) response.end(readFileSync(path))
    else response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const remote = await loadNodeEncoder({ model: `http://127.0.0.1:${port}/mini` })
  const local = await loadNodeEncoder({ model: MODEL })
  expect(remote.encoder.spec.fingerprint).toBe(local.encoder.spec.fingerprint)
  await Promise.all([remote.encoder.dispose(), local.encoder.dispose()])
  server.closeAllConnections()
  server.close()
})

test('the native build and WebAssembly agree', async () => {
  const [native, wasm] = await Promise.all([
    loadNodeEncoder({ threads: 1 }),
    loadNodeEncoder({ prefer: 'wasm' }),
  ])
  expect(wasm.encoder.backend).toBe('wasm')
  const a = await native.encoder.encodeQuery('how do i cancel a running fetch request')
  const b = await wasm.encoder.encodeQuery('how do i cancel a running fetch request')
  expect(largestDifference(a, b)).toBeLessThan(0.02)
  await native.encoder.dispose()
  await wasm.encoder.dispose()
})

test('a document longer than the model takes is cut to its length', async () => {
  const { encoder } = await loadNodeEncoder()
  const { ids, tokens } = encoder.tokenize('word '.repeat(1000), 'document')
  expect(ids.length).toBe(220)
  expect(tokens.at(-1)).toBe('[SEP]')
  expect(encoder.tokenize('word '.repeat(1000), 'query').ids.length).toBe(128)
  await encoder.dispose()
})

test('a folder that holds no model is refused by name', async () => {
  const loading = loadNodeEncoder({ model: '/nonexistent/model' })
  await expect(loading).rejects.toMatchObject({
    code: 'model-missing-file',
    message: expect.stringContaining('/nonexistent/model'),
  })
})
