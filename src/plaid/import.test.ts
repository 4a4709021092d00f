/** A PLAID index of the bundled model, made an index of ours and searched. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type PlaidParts, writePlaid } from '../../bench/plaid-files.ts'
import { encodeVectors } from '../compress/encode.ts'
import { unpackCodes } from '../compress/residual-row.ts'
import { nodeBackend } from '../node.ts'
import { maxSim } from '../score/max-sim.ts'
import type { Backend } from '../search/backend.ts'
import { createEngine, type Engine } from '../search/engine.ts'
import { memoryStore } from '../store/memory.ts'
import type { WritableStore } from '../store/store.ts'
import type { DocumentInput, TokenMatrix } from '../types.ts'
import { type ImportedIndex, importPlaid } from './import.node.ts'
import type { PlaidIndex } from './plaid.ts'
import { readPlaid } from './read.node.ts'

const MODEL = 'public/models/lateen-mini'
const BITS = 2
const TOPICS = [
  'tides',
  'yeast',
  'mutexes',
  'sails',
  'lava',
  'pianos',
  'glaciers',
  'turbines',
  'ledgers',
  'orchids',
]
const documents: DocumentInput[] = TOPICS.map((topic, i) => ({
  id: `d${i}`,
  title: topic,
  url: `/${topic}`,
  text: `Notes on ${topic}, and how they differ from ${TOPICS[(i + 3) % 10]}. Much has been said about ${topic}.`,
  metadata: { even: i % 2 === 0 },
}))

let folder: string
let backend: Backend
let index: PlaidIndex
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lateen-plaid-'))
  backend = await nodeBackend()(0)
  await writePlaid(folder, 'torch', await encoded(documents))
  index = await readPlaid(folder)
})
afterAll(async () => {
  await backend.dispose()
  await rm(folder, { recursive: true })
})

describe('with the texts of its passages', () => {
  let store: WritableStore
  let imported: ImportedIndex
  let engine: Engine
  beforeAll(async () => {
    store = memoryStore()
    imported = await importPlaid({ index: folder, out: store, model: MODEL, documents })
    engine = await createEngine({ store, openBackend: async () => ({ ...backend, dispose: async () => {} }) })
  })
  afterAll(() => engine.close())

  test('the manifest names the model, the codec and where passages come from', () => {
    expect(imported).toMatchObject({ documents: 10, passages: 10, removed: 0, vectors: index.numVectors })
    expect(imported.manifest).toMatchObject({
      model: { name: 'lateen-mini', dim: 64 },
      codec: { kind: 'residual', bits: BITS, file: expect.anything() },
      pooling: { factor: 1, protectedTokens: 0 },
      passages: { policy: 'imported' },
    })
  })

  test('meaning ranks by the exact vectors of the index', async () => {
    const text = 'what is known about glaciers'
    const { hits } = await engine.query(text, { mode: 'semantic' })
    const { matrix } = await backend.encoder.encodeQuery(text)
    const exact = exactVectors(await onlyChunk(index), index)
    const ranked = documents
      .map(({ id }, i) => ({ id, score: maxSim(matrix, exact[i]!) }))
      .sort((a, b) => b.score - a.score)
    expect(hits.map(({ id }) => id)).toEqual(ranked.map(({ id }) => id))
    for (const [i, { score }] of hits.entries()) expect(score).toBeCloseTo(ranked[i]!.score, 4)
    expect(hits[0]).toMatchObject({ id: 'd6', title: 'glaciers', url: '/glaciers' })
  })

  test('keywords, filters, explanations and excerpts work as in any index', async () => {
    const { hits } = await engine.query('orchids', { filters: { even: false } })
    expect(hits[0]).toMatchObject({ id: 'd9', legs: ['lexical', 'semantic'] })
    expect(hits[0]!.excerpt.some(({ marked }) => marked)).toBe(true)
    const explanation = await engine.explain('orchids', { id: 'd9', passage: 0 })
    const matches = explanation.queryTokens.flatMap((token) => token.matches.map((match) => match.token))
    expect(matches.join('')).toContain('or##ch##ids')
  })

  test('documents can be added and found beside the imported ones', async () => {
    await engine.add([{ id: 'new', title: 'submarines', text: 'Notes on submarines under polar ice.' }])
    const { hits } = await engine.query('submarines under the ice', { mode: 'semantic' })
    expect(hits[0]!.id).toBe('new')
    await engine.remove(['new'])
  })
})

test('with other texts than the vectors were made of, words are explained by what is there now', async () => {
  const store = memoryStore()
  const others = documents.map((document) => ({ ...document, title: '', text: 'Sails and tides.' }))
  await importPlaid({ index, out: store, model: MODEL, documents: others })
  const engine = await createEngine({ store, openBackend: async () => backend })
  const { hits } = await engine.query('glaciers', { mode: 'semantic', limit: 1 })
  expect(hits[0]!.id).toBe('d6')
  const { tokens } = await engine.explain('glaciers', { id: 'd6', passage: 0 })
  expect(tokens.map(({ token }) => token).join(' ')).toContain('sail ##s')
})

test('an index of the leading components is searched with as many of the query', async () => {
  const store = memoryStore()
  const fixture = 'fixtures/plaid/stanford-2bit'
  const { manifest } = await importPlaid({ index: fixture, out: store, model: MODEL, dim: 32 })
  expect(manifest.model.dim).toBe(32)
  const engine = await createEngine({ store, openBackend: nodeBackend() })
  await engine.prepare()
  expect(engine.info()).toMatchObject({ vectors: manifest.segments[0]!.vectors, model: { dim: 32 } })
  await engine.close()
})

test('without texts, meaning finds ids', async () => {
  const store = memoryStore()
  const ids = documents.map(({ id }) => `only-${id}`)
  await importPlaid({ index, out: store, model: MODEL, ids })
  const engine = await createEngine({ store, openBackend: async () => backend })
  const { hits } = await engine.query('what is known about lava')
  expect(hits[0]).toMatchObject({ id: 'only-d4', title: '', legs: ['semantic'] })
})

test('passages without an id are left out, and texts are found by id in any order', async () => {
  const ids = documents.map(({ id }, i) => (i === 4 ? undefined : id))
  const store = memoryStore()
  const reversed = [...documents].reverse()
  const imported = await importPlaid({
    index: { ...index, ids },
    out: store,
    model: MODEL,
    documents: reversed,
  })
  expect(imported).toMatchObject({ documents: 9, removed: 1 })
  const engine = await createEngine({ store, openBackend: async () => backend })
  const found = async (text: string) => (await engine.query(text, { mode: 'semantic', limit: 20 })).hits
  expect((await found('lava')).map(({ id }) => id)).not.toContain('d4')
  expect((await found('glaciers'))[0]).toMatchObject({ id: 'd6', title: 'glaciers' })
})

test('the same index and texts give the same files', async () => {
  const shas = await Promise.all(
    [0, 1].map(async () => {
      const { manifest } = await importPlaid({ index, out: memoryStore(), model: MODEL, documents })
      return [manifest.codec.file!.sha256, manifest.segments[0]!.vectorFile.sha256]
    }),
  )
  expect(shas[0]).toEqual(shas[1])
})

describe('what does not fit is refused', () => {
  const attempt = (options: Partial<Parameters<typeof importPlaid>[0]>) =>
    importPlaid({ index, out: memoryStore(), model: MODEL, ...options })

  test('too few documents', () =>
    expect(attempt({ documents: documents.slice(1) })).rejects.toMatchObject({
      code: 'bad-argument',
      message: expect.stringMatching(/10 documents.*found 9/),
    }))

  test('too many ids', () =>
    expect(attempt({ ids: [...TOPICS, 'more'] })).rejects.toMatchObject({
      code: 'bad-argument',
      message: expect.stringMatching(/10 ids.*found 11/),
    }))

  test('an id without a document', () =>
    expect(
      attempt({ documents, ids: ['x', ...documents.slice(1).map(({ id }) => id)] }),
    ).rejects.toMatchObject({
      code: 'bad-argument',
      message: expect.stringMatching(/"x" of passage 0/),
    }))

  test('an id given twice', () =>
    expect(attempt({ ids: TOPICS.map(() => 'same') })).rejects.toMatchObject({
      code: 'duplicate-id',
      message: expect.stringMatching(/"same"/),
    }))

  test('a document given twice', () =>
    expect(
      attempt({ documents: [...documents, documents[0]!], ids: TOPICS.map((_, i) => documents[i]!.id) }),
    ).rejects.toMatchObject({
      code: 'duplicate-id',
      message: expect.stringMatching(/several documents/),
    }))

  test('a model of another dimension', () =>
    expect(attempt({ index: 'fixtures/plaid/stanford-2bit' })).rejects.toMatchObject({
      code: 'index-model-mismatch',
      message: expect.stringMatching(/32 dimensions.*lateen-mini makes 64/),
    }))
})

/** The documents coded with the buckets of the model's own codec, in the files of Stanford's ColBERT. */
async function encoded(texts: readonly DocumentInput[]): Promise<PlaidParts> {
  const codec = backend.modelCodec!(BITS)
  const matrices = await backend.encoder.encodeDocuments(texts.map(({ title, text }) => `${title}. ${text}`))
  const doclens = matrices.map(({ matrix }) => matrix.numTokens)
  const numTokens = doclens.reduce((a, b) => a + b, 0)
  const data = Float32Array.from(matrices.flatMap(({ matrix }) => [...matrix.data]))
  const coded = encodeVectors(codec, { data, numTokens, dim: codec.dim })
  return {
    bits: BITS,
    dim: codec.dim,
    centroids: codec.centroids,
    cutoffs: codec.cutoffs,
    weights: Float32Array.from(codec.weights, (weight) => weight * codec.weightStep),
    chunks: [
      { doclens, codes: Uint32Array.from(coded.centroidIds), residuals: repacked(coded.codes, codec.dim) },
    ],
  }
}

/** Four numbers of two bits a byte, the first in the highest bits, each with its bits reversed. */
function repacked(packed: Uint8Array, dim: number): Uint8Array {
  const rowBytes = dim / 4
  const row = new Uint8Array(dim)
  return packed.map((_, i) => {
    if (i % rowBytes === 0) unpackCodes(packed, i, BITS, row)
    const first = (i % rowBytes) * 4
    return [0, 1, 2, 3].reduce((byte, k) => {
      const code = row[first + k]!
      return byte | ((((code & 1) << 1) | (code >> 1)) << (6 - 2 * k))
    }, 0)
  })
}

async function onlyChunk(from: PlaidIndex) {
  for await (const chunk of from.chunks()) return chunk
  throw new Error('no chunk')
}

/** Decoded once more, bit by bit. */
function exactVectors(
  { doclens, codes, residuals }: Awaited<ReturnType<typeof onlyChunk>>,
  { dim, centroids, weights }: PlaidIndex,
): TokenMatrix[] {
  let row = 0
  return Array.from(doclens, (numTokens) => {
    const data = new Float32Array(numTokens * dim)
    for (let i = 0; i < numTokens; i++, row++) {
      const vector = Array.from({ length: dim }, (_, d) => {
        const bit = (k: number) =>
          (residuals[(row * dim * BITS + d * BITS + k) >> 3]! >> (7 - ((d * BITS + k) & 7))) & 1
        return centroids[codes[row]! * dim + d]! + weights[bit(0) + 2 * bit(1)]!
      })
      const length = Math.hypot(...vector)
      data.set(
        vector.map((value) => value / length),
        i * dim,
      )
    }
    return { data, numTokens, dim }
  })
}
