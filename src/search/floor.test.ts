import { expect, test } from 'vitest'
import type { EncodedText } from '../encode/encoder.ts'
import type { TokenMatrix } from '../types.ts'
import { answerStrength, meaningful } from './floor.ts'

/** Token i is the unit vector i, so its similarity to a passage is the component i of that passage's vectors. */
function encoded(text: string, pieces: readonly string[]): EncodedText {
  let at = 0
  const spans = pieces.map((piece) => {
    const start = text.toLowerCase().indexOf(piece.replace('##', ''), at)
    if (piece.startsWith('[') && piece !== '[UNK]') return undefined
    const length = piece === '[UNK]' ? 1 : piece.replace('##', '').length
    at = (piece === '[UNK]' ? at : start) + length
    return { start: at - length, end: at }
  })
  const numTokens = pieces.length
  const data = new Float32Array(numTokens * numTokens)
  for (let i = 0; i < numTokens; i++) data[i * numTokens + i] = 1
  return {
    matrix: { data, numTokens, dim: numTokens },
    tokenized: {
      ids: new Int32Array(numTokens),
      attention: new Uint8Array(numTokens).fill(1),
      tokens: pieces,
      spans,
      kept: Uint32Array.from({ length: numTokens }, (_, i) => i),
    },
  }
}

const passage = (...similarities: number[]): TokenMatrix => ({
  data: Float32Array.from(similarities),
  numTokens: 1,
  dim: similarities.length,
})
const FLOOR = 0.5
const isMeaningful = (text: string, query: EncodedText, answer: TokenMatrix) =>
  answerStrength(text, query, answer) >= FLOOR

test('a query is meaningful when one of its content words is answered', () => {
  const query = encoded('cancel a request', ['[CLS]', 'cancel', 'a', 'request', '[SEP]'])
  expect(isMeaningful('cancel a request', query, passage(0, 0.7, 0, 0.1, 0))).toBe(true)
  expect(isMeaningful('cancel a request', query, passage(0, 0.4, 0, 0.4, 0))).toBe(false)
})

test('markers and function words prove nothing, however well they are answered', () => {
  const query = encoded('how to zxqv', ['[CLS]', 'how', 'to', 'zxqv', '[SEP]'])
  expect(isMeaningful('how to zxqv', query, passage(1, 1, 1, 0.3, 1))).toBe(false)
})

test('function words count when there is nothing else', () => {
  const query = encoded('to be', ['[CLS]', 'to', 'be', '[SEP]'])
  expect(isMeaningful('to be', query, passage(0, 0.9, 0, 0))).toBe(true)
})

test('a word counts as a whole, one well answered piece does not carry it', () => {
  const query = encoded('qwerting', ['q', '##wert', '##ing'])
  expect(isMeaningful('qwerting', query, passage(0.2, 0.1, 1))).toBe(false)
  expect(isMeaningful('qwerting', query, passage(0.7, 0.7, 1))).toBe(true)
})

test('an answer has to stand out from the rest of its passage', () => {
  const query = encoded('banana trombone', ['banana', 'trombone'])
  const several = (...rows: number[][]): TokenMatrix => ({
    data: Float32Array.from(rows.flat()),
    numTokens: rows.length,
    dim: rows[0]!.length,
  })
  const alike = several([0.8, 0.1], [0.75, 0.1], [0.7, 0.1])
  expect(answerStrength('banana trombone', query, alike)).toBeCloseTo((0.8 - 0.725) / (1 - 0.725), 6)
  expect(isMeaningful('banana trombone', query, alike)).toBe(false)
  expect(isMeaningful('banana trombone', query, several([0.8, 0.1], [0.2, 0.1]))).toBe(true)
})

test('words the model does not know match nothing, not even each other', () => {
  const query = encoded('漢', ['[UNK]'])
  expect(isMeaningful('漢', query, passage(1))).toBe(false)
})

test('a query without words and a passage without vectors are not meaningful', () => {
  expect(isMeaningful('…', encoded('…', ['…']), passage(1))).toBe(false)
  const empty = { data: new Float32Array(0), numTokens: 0, dim: 1 }
  expect(isMeaningful('fetch', encoded('fetch', ['fetch']), empty)).toBe(false)
})

test('strength is that of the best word', () => {
  const query = encoded('fetch json', ['fetch', 'json'])
  expect(answerStrength('fetch json', query, passage(0.8, 0.1))).toBeCloseTo(0.8, 6)
})

test('the best passage decides over the whole ranking, and without a floor all of it passes', async () => {
  const query = encoded('fetch', ['fetch'])
  const ranked = [
    { id: 7, score: 2 },
    { id: 3, score: 1 },
  ]
  const asked: number[] = []
  const vectorsOf = (similarity: number) => async (id: number) => {
    asked.push(id)
    return passage(similarity)
  }
  expect(await meaningful(ranked, 'fetch', query, FLOOR, vectorsOf(0.9))).toEqual(ranked)
  expect(await meaningful(ranked, 'fetch', query, FLOOR, vectorsOf(0.3))).toEqual([])
  expect(asked).toEqual([7, 7])
  expect(await meaningful(ranked, 'fetch', query, 0, vectorsOf(0.3))).toEqual(ranked)
  expect(await meaningful([], 'fetch', query, FLOOR, vectorsOf(0.3))).toEqual([])
  expect(asked).toHaveLength(2)
})
