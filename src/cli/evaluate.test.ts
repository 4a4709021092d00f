import { afterAll, beforeAll, expect, test } from 'vitest'
import { writeIndex } from '../build/write-index.ts'
import { nodeBackend } from '../node.ts'
import type { Backend } from '../search/backend.ts'
import { createEngine, type Engine } from '../search/engine.ts'
import { memoryStore } from '../store/memory.ts'
import type { SearchMode } from '../types.ts'
import { evaluate } from './evaluate.ts'

const TOPICS = ['tides', 'yeast', 'mutex', 'sails', 'lava', 'piano', 'glacier', 'turbine', 'ledger', 'orchid']
const store = memoryStore()
let backend: Backend
let engine: Engine

beforeAll(async () => {
  backend = await nodeBackend()(0)
  const documents = TOPICS.flatMap((topic, i) =>
    [TOPICS[(i + 1) % 10], TOPICS[(i + 3) % 10]].map((other, j) => ({
      id: `${topic}-${j}`,
      title: topic,
      text: `Notes on ${topic}, and how it differs from ${other}.\n\nMore about ${other} and water.`,
    })),
  )
  await writeIndex({ store, documents, backend, bits: 4, poolFactor: 2 })
  engine = await createEngine({ store, openBackend: async () => backend })
})
afterAll(() => backend.dispose())

test.each<SearchMode>(['hybrid', 'semantic', 'lexical'])(
  'in %s mode the measured order is the order the engine shows',
  async (mode) => {
    for (const text of ['sails and water', 'what is a mutex for', 'glacier']) {
      const { hits } = await engine.query(text, { mode, limit: 10 })
      expect(hits.length).toBeGreaterThan(1)
      // Gains that fall from hit to hit: only this very order has an nDCG of 1.
      const grades = new Map(hits.map(({ id }, place) => [id, hits.length - place]))
      const measured = await evaluate(
        { queries: [{ id: 'q', text }], qrels: new Map([['q', grades]]) },
        { store, backend, mode },
      )
      expect(measured.ndcg10[0]).toBeCloseTo(1, 12)
      expect(measured.mrr10).toEqual([1])
      expect(measured.recall100).toEqual([1])
      expect(measured.encodeMs).toHaveLength(mode === 'lexical' ? 0 : 1)
    }
  },
)

test('a query whose answer is not found counts as zero', async () => {
  const measured = await evaluate(
    { queries: [{ id: 'q', text: 'sails' }], qrels: new Map([['q', new Map([['unknown', 3]])]]) },
    { store, backend, mode: 'hybrid' },
  )
  expect([measured.ndcg10, measured.recall100, measured.mrr10]).toEqual([[0], [0], [0]])
})
