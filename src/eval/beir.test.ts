import { expect, test } from 'vitest'
import { parseCollection, parseCorpus, parseQrels, parseQueries } from './beir.ts'

const corpus = { name: 'corpus.jsonl', text: '{"_id":"d1","title":"T","text":"x"}\n\n{"_id":2,"text":"y"}\n' }
const queries = {
  name: 'queries.jsonl',
  text: '{"_id":"q1","text":"x?"}\r\n{"_id":"q2","text":"unjudged"}\r\n',
}
const qrels = { name: 'qrels.tsv', text: 'query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\t2\t0\n' }

test('a collection is read with numeric ids as strings, blank lines and CRLF accepted', () => {
  const collection = parseCollection({ corpus, queries, qrels })
  expect(collection.corpus).toEqual([
    { id: 'd1', title: 'T', text: 'x', url: '' },
    { id: '2', title: '', text: 'y', url: '' },
  ])
  expect(collection.queries).toEqual([{ id: 'q1', text: 'x?' }])
  expect(collection.qrels.get('q1')).toEqual(
    new Map([
      ['d1', 2],
      ['2', 0],
    ]),
  )
})

test('judgements without a header line lose no line', () => {
  expect(parseQrels({ name: 'q', text: 'q1\td1\t1\nq2\td2\t1' }).size).toBe(2)
})

test.each([
  ['broken JSON', '{"_id":"a","text":"x"}\n{"_id":', /corpus\.jsonl, line 2: expected one JSON object/],
  ['an array', '[1]', /line 1: expected one JSON object/],
  ['a missing text', '{"_id":"a"}', /line 1: expected a string field "text"/],
  ['a missing id', '{"text":"a"}', /line 1: expected a string field "_id"/],
  [
    'a title that is no string',
    '{"_id":"a","text":"","title":[]}',
    /line 1: expected "title" to be a string/,
  ],
  [
    'a repeated id',
    '{"_id":"a","text":""}\n\n{"_id":"a","text":""}',
    /line 3: id "a" was already used in line 1/,
  ],
])('a corpus with %s is refused, naming file and line', (_, text, message) => {
  const parse = () => parseCorpus({ name: 'corpus.jsonl', text })
  expect(parse).toThrow(message)
  expect(parse).toThrow(expect.objectContaining({ code: 'bad-document' }))
})

test('a query file that is not JSON lines is refused with a shortened sample', () => {
  expect(() => parseQueries({ name: 'queries.jsonl', text: 'x'.repeat(5000) })).toThrow(/^.{0,200}$/)
})

test.each([
  ['two columns', 'h\th\th\nq1\td1'],
  ['a fractional grade', 'h\th\th\nq1\td1\t0.5'],
  ['an empty id', 'h\th\th\n\td1\t1'],
  ['spaces in place of tabs', 'h\th\th\nq1 d1 1'],
])('judgements with %s are refused, naming the line', (_, text) => {
  expect(() => parseQrels({ name: 'qrels.tsv', text })).toThrow(/qrels\.tsv, line 2/)
})

test('queries and judgements that do not meet are refused', () => {
  expect(() => parseCollection({ corpus, queries, qrels: { name: 'qrels.tsv', text: '' } })).toThrow(
    /No query of queries\.jsonl has a judgement in qrels\.tsv/,
  )
})

test('ids like __proto__ and constructor are ordinary ids', () => {
  const parsed = parseQrels({ name: 'q', text: '__proto__\tconstructor\t1' })
  expect(parsed.get('__proto__')?.get('constructor')).toBe(1)
})
