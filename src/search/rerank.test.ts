import { afterAll, beforeAll, expect, test } from 'vitest'
import { poolTokens } from '../compress/pool.ts'
import type { Encoder } from '../encode/encoder.ts'
import { loadNodeEncoder } from '../encode/load.node.ts'
import type { ModelSpec } from '../model/spec.ts'
import { maxSim } from '../score/max-sim.ts'
import type { DocumentInput } from '../types.ts'
import { rerankTexts } from './rerank.ts'

let encoder: Encoder
beforeAll(async () => {
  encoder = (await loadNodeEncoder({ threads: 1 })).encoder
})
afterAll(() => encoder.dispose())

const QUERY = 'why does the sea rise'
const TEXTS = ['A recipe for bread.', 'The moon lifts the sea.', '', 'The sea, and why it rises twice a day.']

async function rerank(
  documents: readonly (string | DocumentInput)[],
  { limit, ...spec }: Partial<ModelSpec> & { limit?: number } = {},
) {
  const model: Encoder = { ...encoder, spec: { ...encoder.spec, ...spec } }
  const options = limit === undefined ? {} : { limit }
  return rerankTexts(model, await model.encodeQuery(QUERY), documents, options, 0.5)
}

test('the scores are those of MaxSim, the best comes first, an empty text does no harm', async () => {
  const hits = await rerank(TEXTS)
  expect(hits.map(({ index }) => index).sort()).toEqual([0, 1, 2, 3])
  expect(hits[0]!.index).toBe(3)
  const query = await encoder.encodeQuery(QUERY)
  for (const { index, score } of hits) {
    const [document] = await encoder.encodeDocuments([TEXTS[index]!])
    expect(score).toBeCloseTo(maxSim(query.matrix, document!.matrix), 6)
  }
})

test('a model whose similarity is the mean gives the mean, in the same order', async () => {
  const sums = await rerank(TEXTS)
  const means = await rerank(TEXTS, { similarity: 'meanmaxsim' })
  const { numTokens } = (await encoder.encodeQuery(QUERY)).matrix
  expect(means.map(({ index }) => index)).toEqual(sums.map(({ index }) => index))
  for (const [i, { score }] of means.entries()) expect(score).toBeCloseTo(sums[i]!.score / numTokens, 6)
})

test('a query of which nothing is kept scores 0, by the mean too', async () => {
  const kept = { ...encoder.spec.kept, query: { skip: new Set<number>(), only: new Set([-1]) } }
  const model: Encoder = { ...encoder, spec: { ...encoder.spec, kept, similarity: 'meanmaxsim' } }
  const query = await model.encodeQuery(QUERY)
  const nothing = { ...query, matrix: { ...query.matrix, data: new Float32Array(), numTokens: 0 } }
  const hits = await rerankTexts(model, nothing, TEXTS, {}, 0.5)
  expect(hits.map(({ index, score }) => [index, score])).toEqual([0, 1, 2, 3].map((index) => [index, 0]))
})

test('a model that pools its documents is scored by the pooled vectors', async () => {
  const pooling = { factor: 2, protectedTokens: 1 }
  const [hit] = await rerank([TEXTS[3]!], { pooling })
  const query = await encoder.encodeQuery(QUERY)
  const [document] = await encoder.encodeDocuments([TEXTS[3]!])
  expect(hit!.score).toBeCloseTo(maxSim(query.matrix, poolTokens(document!.matrix, pooling)), 6)
  expect(hit!.score).not.toBeCloseTo(maxSim(query.matrix, document!.matrix), 3)
  expect(hit!.spans).not.toEqual([])
})

test('the places that answer are named in the text itself, after its title', async () => {
  const document = { id: 'tides', title: 'Tides', text: TEXTS[1]! }
  for (const input of [TEXTS[1]!, document]) {
    const [hit] = await rerank([input])
    const words = hit!.spans.map(({ start, end }) => TEXTS[1]!.slice(start, end))
    expect(words).toContain('sea')
  }
})

test('ids are those of the documents, and of strings their place', async () => {
  const hits = await rerank([{ id: 'bread', text: TEXTS[0]! }, TEXTS[3]!])
  expect(hits.map(({ id, index }) => [id, index])).toEqual([
    ['1', 1],
    ['bread', 0],
  ])
})

test('Markdown and HTML are scored as the text they show', async () => {
  const [plain] = await rerank(['The moon lifts the sea.'])
  const [html] = await rerank([
    { id: 'h', format: 'html', text: '<p class="x">The <b>moon</b> lifts the sea.</p>' },
  ])
  const [markdown] = await rerank([
    { id: 'm', format: 'markdown', title: '', text: 'The **moon** lifts the sea.' },
  ])
  expect(html!.score).toBeCloseTo(plain!.score, 6)
  expect(markdown!.score).toBeCloseTo(plain!.score, 6)
  expect(html!.spans).toEqual([])
})

test('equal texts keep their order, and the limit counts from the best', async () => {
  const hits = await rerank([TEXTS[3]!, TEXTS[0]!, TEXTS[3]!], { limit: 2 })
  expect(hits.map(({ index }) => index)).toEqual([0, 2])
  await expect(rerank(TEXTS, { limit: 0 })).rejects.toMatchObject({ code: 'bad-argument' })
  await expect(rerank([7 as never])).rejects.toMatchObject({ code: 'bad-argument' })
})
