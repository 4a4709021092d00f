/** Search without an index and without a codec of the model's own, as with any checkpoint from elsewhere. */
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { nodeBackend } from '../node.ts'
import { rank } from '../score/max-sim.ts'
import { memoryStore } from '../store/memory.ts'
import type { DocumentInput } from '../types.ts'
import { once } from '../util/once.ts'
import type { OpenBackend } from './backend.ts'
import { createEngine, type Engine } from './engine.ts'

const realBackend = once(() => nodeBackend()(0))
/** The bundled model without the codec it brings. */
const withoutCodec: OpenBackend = async () => ({
  ...(await realBackend()),
  modelCodec: undefined,
  dispose: async () => undefined,
})

const DOCUMENTS: readonly DocumentInput[] = [
  { id: 'tides', text: 'The moon pulls the water, so the sea level rises and falls twice a day.' },
  { id: 'bread', text: 'Put the dough into a hot oven for forty minutes.' },
  { id: 'fetch', text: 'Call abort on the controller to cancel a request that is still running.' },
  { id: 'glass', text: 'Sand is melted in a furnace and blown into bottles.' },
]
const QUERY = 'why is there high water'

const open: Engine[] = []
async function memory(poolFactor = 1): Promise<Engine> {
  const engine = await createEngine({
    store: memoryStore(),
    openBackend: withoutCodec,
    defaults: { poolFactor },
  })
  open.push(engine)
  return engine
}
afterEach(async () => {
  for (const engine of open.splice(0)) await engine.close()
})

const semantic = async (engine: Engine, limit = 10) =>
  (await engine.query(QUERY, { mode: 'semantic', limit })).hits.map(({ id, score }) => ({ id, score }))

test('a search in memory scores what was added as rerank scores it, one document at a time or all at once', async () => {
  const atOnce = await memory()
  await atOnce.add(DOCUMENTS)
  const oneByOne = await memory()
  for (const document of DOCUMENTS) await oneByOne.add([document])
  const reranked = await atOnce.rerank(QUERY, DOCUMENTS)
  for (const engine of [atOnce, oneByOne]) {
    expect(engine.info()).toMatchObject({ storage: 'memory', codec: 'f32 32 bit' })
    const hits = await semantic(engine)
    expect(hits[0]!.id).toBe('tides')
    for (const { id, score } of hits) {
      const exact = reranked.find((hit) => hit.id === id)!.score
      expect(Math.abs(score - exact)).toBeLessThan(1e-4)
    }
    expect(hits.map(({ id }) => id)).toEqual(reranked.slice(0, hits.length).map(({ id }) => id))
  }
})

test('many small additions are merged without losing a vector', async () => {
  const engine = await memory()
  for (let i = 0; i < 12; i++) {
    await engine.add([{ id: `d${i}`, text: `${DOCUMENTS[i % 4]!.text} Number ${i}.` }])
  }
  expect(engine.info().segments).toBeLessThan(9)
  const best = (await semantic(engine, 3)).map(({ id }) => id)
  expect(best.sort()).toEqual(['d0', 'd4', 'd8'])
})

test('what was removed is not found, and its id can be used again for something else', async () => {
  const engine = await memory()
  await engine.add(DOCUMENTS)
  await engine.remove(['tides'])
  expect((await semantic(engine)).map(({ id }) => id)).not.toContain('tides')
  await engine.add([{ id: 'tides', text: 'A timetable of ferries.' }])
  expect((await engine.detail({ id: 'tides', passage: 0 })).text).toBe('A timetable of ferries.')
  const { score } = (await engine.query('ferries', { mode: 'semantic' })).hits.find(
    ({ id }) => id === 'tides',
  )!
  const [exact] = await engine.rerank('ferries', ['A timetable of ferries.'])
  expect(Math.abs(score - exact!.score)).toBeLessThan(1e-4)
  await engine.update([DOCUMENTS[0]!])
  expect((await semantic(engine))[0]!.id).toBe('tides')
  expect(engine.info().documents).toBe(4)
})

test('vectors remembered of a document that was replaced, or removed and added again, explain nothing any more', async () => {
  const engine = await memory(2)
  const words = async () =>
    (await engine.explain('water', { id: 'a', passage: 0 })).tokens.map(({ token }) => token)
  await engine.add([{ id: 'a', text: 'High water.' }])
  expect(await words()).toContain('high')
  await engine.update([{ id: 'a', text: 'Low water.' }])
  expect(await words()).toEqual(expect.arrayContaining(['low', 'water']))
  await engine.remove(['a'])
  await engine.add([{ id: 'a', text: 'Deep water.' }])
  expect(await words()).toEqual(expect.arrayContaining(['deep', 'water']))
  expect(await words()).not.toContain('low')
})

test('vectors that a caller keeps rank as the search does, and forgetting them is forgetting a list', async () => {
  const engine = await memory()
  const [query] = await engine.encode([QUERY], { kind: 'query' })
  const kept = await engine.encode(
    DOCUMENTS.map(({ text }) => text),
    { kind: 'document' },
  )
  const ranked = rank(
    query!.matrix,
    kept.map(({ matrix }) => matrix),
  )
  const reranked = await engine.rerank(QUERY, DOCUMENTS)
  expect(ranked.map(({ index }) => DOCUMENTS[index]!.id)).toEqual(reranked.map(({ id }) => id))
  for (const [i, { score }] of ranked.entries()) expect(score).toBeCloseTo(reranked[i]!.score, 5)
  expect(engine.info()).toMatchObject({ documents: 0, passages: 0 })
})

test.each(['stanford-bert', 'pylate-modernbert', 'pylate-eos', 'st6-modernbert-min'])(
  'the checkpoint %s, as it is, is searched in memory as it reranks',
  async (model) => {
    const folder = fileURLToPath(new URL(`../../fixtures/family/${model}`, import.meta.url))
    const engine = await createEngine({ store: memoryStore(), openBackend: nodeBackend({ model: folder }) })
    open.push(engine)
    const documents = ['the sail', 'deep water', 'fish and salt', 'a rope'].map((text, i) => ({
      id: `d${i}`,
      text,
    }))
    for (const document of documents) await engine.add([document])
    const { hits } = await engine.query('which rope holds the sail?', { mode: 'semantic' })
    const reranked = await engine.rerank('which rope holds the sail?', documents)
    expect(hits.length).toBeGreaterThan(0)
    expect(hits.map(({ id }) => id)).toEqual(reranked.slice(0, hits.length).map(({ id }) => id))
    // A model whose similarity is the mean reranks by it; an index adds up.
    const [vectors] = await engine.encode(['which rope holds the sail?'], { kind: 'query' })
    const scale = model === 'st6-modernbert-min' ? vectors!.matrix.numTokens : 1
    for (const [i, { score }] of hits.entries()) {
      expect(Math.abs(score - scale * reranked[i]!.score)).toBeLessThan(1e-4)
    }
  },
)
