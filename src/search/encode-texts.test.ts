import { afterAll, beforeAll, expect, test } from 'vitest'
import { poolTokens } from '../compress/pool.ts'
import type { Encoder } from '../encode/encoder.ts'
import { loadNodeEncoder } from '../encode/load.node.ts'
import { type EncodeTextsOptions, encodeTexts } from './encode-texts.ts'

let encoder: Encoder
beforeAll(async () => {
  encoder = (await loadNodeEncoder({ threads: 1 })).encoder
})
afterAll(() => encoder.dispose())

const TEXT = 'The moon hauls the water, so the sea rises.'

test('every vector of a document belongs to a token and a place of the text; punctuation has none', async () => {
  const [encoded] = await encodeTexts(encoder, [TEXT], { kind: 'document' })
  const { matrix, tokens, spans, rows } = encoded!
  expect(matrix.dim).toBe(64)
  expect(matrix.numTokens).toBe(tokens.length)
  expect([...rows]).toEqual(tokens.map((_, i) => i))
  expect(tokens).not.toContain(',')
  const words = spans.flatMap((span) => (span ? [TEXT.slice(span.start, span.end)] : []))
  expect(words).toEqual(['The', 'moon', 'ha', 'uls', 'the', 'water', 'so', 'the', 'sea', 'rises'])
})

test('a query and a document of the same words are read differently', async () => {
  const [query] = await encodeTexts(encoder, [TEXT], { kind: 'query' })
  const [document] = await encodeTexts(encoder, [TEXT], { kind: 'document' })
  expect(query!.tokens).toContain(',')
  expect(query!.tokens[1]).not.toBe(document!.tokens[1])
})

test('texts come back in their order, whatever batches they were in', async () => {
  const texts = [TEXT.repeat(5), 'Short.', TEXT, '']
  const together = await encodeTexts(encoder, texts, { kind: 'document' })
  for (const [i, text] of texts.entries()) {
    const [alone] = await encodeTexts(encoder, [text], { kind: 'document' })
    expect(together[i]!.tokens).toEqual(alone!.tokens)
    expect(together[i]!.matrix.data).toEqual(alone!.matrix.data)
  }
  expect(await encodeTexts(encoder, [], { kind: 'query' })).toEqual([])
})

test('pooling halves the vectors, keeps the first ones, and every token names the row it went into', async () => {
  const [plain] = await encodeTexts(encoder, [TEXT], { kind: 'document' })
  const [pooled] = await encodeTexts(encoder, [TEXT], { kind: 'document', poolFactor: 2, protectedTokens: 2 })
  const { matrix, tokens, rows } = pooled!
  expect(matrix).toEqual(poolTokens(plain!.matrix, { factor: 2, protectedTokens: 2 }))
  expect(tokens).toEqual(plain!.tokens)
  expect(matrix.numTokens).toBe(2 + Math.floor((tokens.length - 2) / 2))
  expect([...rows].slice(0, 2)).toEqual([0, 1])
  const { dim, data } = plain!.matrix
  for (let row = 0; row < matrix.numTokens; row++) {
    const members = [...rows.keys()].filter((i) => rows[i] === row)
    for (let d = 0; d < dim; d++) {
      const mean = members.reduce((sum, i) => sum + data[i * dim + d]!, 0) / members.length
      expect(matrix.data[row * dim + d]).toBeCloseTo(mean, 6)
    }
  }
})

test('a model that pools its documents pools them here, unless the caller wants all vectors', async () => {
  const pooling = { factor: 3, protectedTokens: 1 }
  const own: Encoder = { ...encoder, spec: { ...encoder.spec, pooling } }
  const rows = async (options: Omit<EncodeTextsOptions, 'kind'>) => {
    const [encoded] = await encodeTexts(own, [TEXT], { kind: 'document', ...options })
    return encoded!.matrix.numTokens
  }
  const all = await rows({ poolFactor: 1 })
  expect(await rows({})).toBe(1 + Math.floor((all - 1) / 3))
  expect(await rows({ poolFactor: 2 })).toBe(1 + Math.floor((all - 1) / 2))
  const [query] = await encodeTexts(own, [TEXT], { kind: 'query' })
  expect(query!.matrix.numTokens).toBe(query!.tokens.length)
})

test.each([
  ['no kind', [TEXT], {}],
  ['an unknown kind', [TEXT], { kind: 'passage' }],
  ['a text alone', TEXT, { kind: 'query' }],
  ['something that is no text', [TEXT, 3], { kind: 'document' }],
  ['a pool factor of 0', [TEXT], { kind: 'document', poolFactor: 0 }],
  ['a pool factor for queries', [TEXT], { kind: 'query', poolFactor: 2 }],
  ['a negative number of protected tokens', [TEXT], { kind: 'document', poolFactor: 2, protectedTokens: -1 }],
])('%s is refused', async (_, texts, options) => {
  await expect(encodeTexts(encoder, texts as string[], options as EncodeTextsOptions)).rejects.toMatchObject({
    code: 'bad-argument',
  })
})

test('an aborted call ends', async () => {
  const signal = AbortSignal.abort()
  for (const kind of ['query', 'document'] as const) {
    await expect(encodeTexts(encoder, [TEXT], { kind, signal })).rejects.toMatchObject({ code: 'aborted' })
  }
})
