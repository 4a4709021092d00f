import { afterAll, beforeAll, expect, test } from 'vitest'
import { writeIndex } from '../build/write-index.ts'
import { nodeBackend } from '../node.ts'
import { maxSim } from '../score/max-sim.ts'
import { filesOf, storedFiles } from '../segment/manifest.ts'
import { memoryStore } from '../store/memory.ts'
import { encodedText } from '../text/passages.ts'
import type { Backend } from './backend.ts'
import { createEngine, type Engine } from './engine.ts'
import { explainPassage } from './explain.ts'

const NOTES = [
  ['tides', 'Tides', 'The moon pulls the water of the oceans, so the sea rises and falls twice a day.'],
  ['bread', 'Bread', 'Put the dough into a hot oven for forty minutes and let the loaf cool on a rack.'],
  ['fetch', 'Fetch', 'Call abort() on the controller to cancel a request that is still running.'],
  [
    'light',
    'Lighthouse',
    'The keeper of the lighthouse wrote letters about wind, weather and passing ships.',
  ],
] as const
const QUESTION = 'how to abort a download that is in progress'

let backend: Backend
let engine: Engine

const store = memoryStore()

beforeAll(async () => {
  backend = await nodeBackend()(0)
  const documents = NOTES.map(([id, title, text]) => ({ id, title, text }))
  await writeIndex({ store, documents, backend, bits: 2, poolFactor: 6 })
  engine = await createEngine({ store, openBackend: async () => backend })
})

afterAll(async () => {
  await engine.close()
})

test('pooling takes questions for questions, and nonsense for nonsense', async () => {
  const { hits } = await engine.query(QUESTION, { mode: 'semantic' })
  expect(hits[0]?.id).toBe('fetch')
  expect((await engine.query('xqzvw jkqpz', { mode: 'semantic' })).hits).toEqual([])
})

test('an explanation compares single words though their vectors were pooled', async () => {
  const explanation = await engine.explain(QUESTION, { id: 'fetch', passage: 0 })
  const query = await backend.encoder.encodeQuery(QUESTION)
  const { text } = encodedText(await engine.detail({ id: 'fetch', passage: 0 }))
  const [passage] = await backend.encoder.encodeDocuments([text])
  expect(explanation.score).toBeCloseTo(maxSim(query.matrix, passage!.matrix), 5)
  const matches = explanation.queryTokens.map(({ matches: tokens }) => tokens)
  expect(matches.every((tokens) => tokens.length === 1)).toBe(true)
})

test('what only meaning has found is marked by the words that answer', async () => {
  const { hits } = await engine.query(QUESTION)
  const marked = hits[0]!.excerpt.flatMap(({ text, marked: isMarked }) => (isMarked ? [text] : []))
  expect(hits[0]!.id).toBe('fetch')
  expect(marked.join(' ')).toMatch(/abort|cancel|request|running/)
})

test('passages that were pooled stay explainable in an index that pools no more', async () => {
  const manifest = (await store.readManifest())!
  const unpooled = memoryStore()
  const files = new Map<string, Uint8Array>()
  for (const file of filesOf(manifest).flatMap(storedFiles)) {
    files.set(file.file, await (await store.open(file)).read(0, file.bytes))
  }
  await unpooled.commit({ ...manifest, pooling: { factor: 1, protectedTokens: 1 } }, files, 0)
  const shared = { ...backend, dispose: async () => undefined }
  const search = await createEngine({ store: unpooled, openBackend: async () => shared })
  const { hits } = await search.query(QUESTION)
  expect(hits[0]!.id).toBe('fetch')
  const place = { id: 'fetch', passage: 0 }
  expect(await search.explain(QUESTION, place)).toEqual(await engine.explain(QUESTION, place))
  await search.close()
})

test('a passage with another number of vectors than tokens is not explained', async () => {
  const passage = await engine.detail({ id: 'fetch', passage: 0 })
  const encoded = encodedText(passage)
  const tokenized = backend.encoder.tokenize(encoded.text, 'document')
  const query = await backend.encoder.encodeQuery(QUESTION)
  const vectors = { ...query.matrix, numTokens: query.matrix.numTokens - 1 }
  expect(() => explainPassage({ query, passage, encoded, tokenized, vectors })).toThrow(
    expect.objectContaining({ code: 'index-model-mismatch' }),
  )
})
