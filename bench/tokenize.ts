/**
 * How fast are texts tokenised, beside the library alone? The same texts through both, without spans, as
 * cold as a first document and as warm as the last.
 */
import { readFileSync } from 'node:fs'
import { Tokenizer as Library } from '@huggingface/tokenizers'
import { percentile } from '../src/eval/metrics.ts'
import { createTokenizer } from '../src/tokenize/tokenize.ts'
import { speedCollection } from './collections.ts'
import { type Machine, machine } from './machine.ts'

const DOCUMENTS = 1000
const ROUNDS = 5
/** A page of one word: nothing may grow with the square of its length. */
const LONG = [
  ['one letter', 'a'],
  ['Greek', 'λόγος'],
  ['Chinese', '漢字'],
] as const

export interface Row {
  readonly family: string
  readonly tokens: number
  readonly tokensPerSecond: number
  readonly libraryTokensPerSecond: number
  readonly ratio: number
  /** Tokens a second with the places of all tokens in the text. */
  readonly withSpansPerSecond: number
  /** Milliseconds for words of half a million units, and how much longer than for a quarter of a million. */
  readonly longWords: Readonly<Record<string, { readonly ms: number; readonly growth: number }>>
}

export interface Result {
  readonly machine: Machine
  readonly collection: string
  readonly rows: readonly Row[]
}

const json = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as Record<string, never>
const FAMILIES: Readonly<Record<string, () => object>> = {
  WordPiece: () => json('public/models/lateen-mini/tokenizer.json'),
  'byte-level BPE': () => json('fixtures/tokenizer/byte-level.json')['tokenizer']!,
  Unigram: () => json('fixtures/tokenizer/unigram.json')['tokenizer']!,
}

export async function run(): Promise<Result> {
  const { name, collection } = await speedCollection()
  const texts = collection.corpus.slice(0, DOCUMENTS).map(({ text }) => text)
  const rows = Object.entries(FAMILIES).map(([family, read]) => measure(family, read(), texts))
  const result = { machine: machine(), collection: name, rows }
  console.table(rows.map(({ longWords, ...row }) => row))
  console.log(
    JSON.stringify(Object.fromEntries(rows.map((row) => [row.family, row.longWords])), undefined, 1),
  )
  return result
}

function measure(family: string, tokenizerJson: object, texts: readonly string[]): Row {
  const times: Record<'ours' | 'library' | 'spans', number[]> = { ours: [], library: [], spans: [] }
  let tokens = 0
  // By turns and each anew, so that both meet the same machine and no cache of words.
  for (let round = 0; round < ROUNDS; round++) {
    const library = new Library(tokenizerJson, {})
    const ours = createTokenizer(tokenizerJson)
    times.library.push(timed(() => texts.forEach((text) => void library.encode(text))))
    times.ours.push(timed(() => (tokens = sum(texts, (text) => ours.tokenize(text).ids.length))))
    times.spans.push(timed(() => sum(texts, (text) => ours.tokenize(text).spans.length)))
  }
  const rate = (list: readonly number[]) => Math.round((tokens / percentile(list, 50)) * 1000)
  const tokensPerSecond = rate(times.ours)
  const libraryTokensPerSecond = rate(times.library)
  return {
    family,
    tokens,
    tokensPerSecond,
    libraryTokensPerSecond,
    ratio: Math.round((100 * tokensPerSecond) / libraryTokensPerSecond) / 100,
    withSpansPerSecond: rate(times.spans),
    longWords: Object.fromEntries(LONG.map(([name, word]) => [name, longWord(tokenizerJson, word)])),
  }
}

function longWord(tokenizerJson: object, word: string): { ms: number; growth: number } {
  const { tokenize } = createTokenizer(tokenizerJson)
  const at = (units: number) =>
    timed(() => tokenize(word.repeat(Math.round(units / word.length))).spans.length)
  const half = at(250_000)
  const ms = at(500_000)
  return { ms: Math.round(ms), growth: Math.round((10 * ms) / half) / 10 }
}

function timed(work: () => unknown): number {
  const start = performance.now()
  work()
  return performance.now() - start
}

function sum(texts: readonly string[], count: (text: string) => number): number {
  return texts.reduce((total, text) => total + count(text), 0)
}
