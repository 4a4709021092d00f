import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeIndex } from '../build/write-index.ts'
import type { EncodedText, Encoder } from '../encode/encoder.ts'
import { nodeBackend } from '../node.ts'
import { memoryStore } from '../store/memory.ts'
import type { Backend } from './backend.ts'
import { createEngine, type Engine } from './engine.ts'

const DOCUMENTS = [
  { id: 'none', text: 'Zilch is the word of this page, and the filter of the model keeps none of it.' },
  { id: 'some', text: 'Call abort on the controller to cancel a running request.' },
]
const QUESTION = 'how do i cancel a request'
let backend: Backend

/** Every token vector of what holds this word is dropped, as the filter of a model can do. */
function dropped(encoded: EncodedText, text: string): EncodedText {
  if (!text.includes('Zilch')) return encoded
  const { tokenized, matrix } = encoded
  return {
    tokenized: { ...tokenized, kept: new Uint32Array(0) },
    matrix: { ...matrix, data: new Float32Array(0), numTokens: 0 },
  }
}

beforeAll(async () => {
  const real = await nodeBackend()(0)
  const encoder: Encoder = {
    ...real.encoder,
    tokenize(text, kind) {
      const tokenized = real.encoder.tokenize(text, kind)
      return text.includes('Zilch') ? { ...tokenized, kept: new Uint32Array(0) } : tokenized
    },
    encodeQuery: async (text, options) => dropped(await real.encoder.encodeQuery(text, options), text),
    async encodeDocuments(texts, options) {
      const encoded = await real.encoder.encodeDocuments(texts, options)
      return encoded.map((one, i) => dropped(one, texts[i]!))
    },
  }
  backend = { ...real, encoder }
})
afterAll(() => backend.dispose())

describe.each([
  ['4 bits', 4, 1],
  ['4 bits, pooled', 4, 3],
  ['float32', 32, 1],
] as const)('an index with a document that has no vectors, %s', (_, bits, poolFactor) => {
  let engine: Engine
  beforeAll(async () => {
    const store = memoryStore()
    const { passages, documents } = await writeIndex({
      store,
      documents: DOCUMENTS,
      backend,
      bits,
      poolFactor,
    })
    expect([documents, passages]).toEqual([2, 2])
    engine = await createEngine({ store, openBackend: async () => ({ ...backend, dispose: async () => {} }) })
  })
  afterAll(() => engine.close())

  test('meaning finds the other one, and never this one', async () => {
    const { hits } = await engine.query(QUESTION, { mode: 'semantic' })
    expect(hits[0]!.id).toBe('some')
    expect(hits.slice(1).every(({ score }) => score <= 0)).toBe(true)
  })

  test('keywords still find it, and say where', async () => {
    const { hits } = await engine.query('filter', { mode: 'hybrid' })
    expect(hits.some(({ id }) => id === 'none')).toBe(true)
    const { hits: lexical } = await engine.query('filter', { mode: 'lexical' })
    expect(lexical.map(({ id }) => id)).toEqual(['none'])
    const explained = await engine.explain('filter', { id: 'none', passage: lexical[0]!.passage })
    expect(explained).toBeDefined()
  })

  test('a query without vectors is answered by keywords alone', async () => {
    const { hits } = await engine.query('Zilch', { mode: 'hybrid' })
    expect(hits[0]!.id).toBe('none')
    expect((await engine.query('Zilch', { mode: 'semantic' })).hits.every(({ score }) => score <= 0)).toBe(
      true,
    )
  })

  test('it can be added, replaced and compared without an index', async () => {
    await engine.update([{ ...DOCUMENTS[0]!, text: 'Zilch again, and other words.' }])
    const { hits } = await engine.query(QUESTION, { mode: 'semantic' })
    expect(hits[0]!.id).toBe('some')
    const ranked = await engine.rerank(QUESTION, DOCUMENTS)
    expect(ranked[0]!.id).toBe('some')
  })
})
