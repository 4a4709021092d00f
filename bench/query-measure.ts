/** Times queries, one after the other, as a reader would make them; the same code in Node and in a page. */
import type { Search } from '../src/client/search.ts'
import { type Latency, latency } from './statistics.ts'

/** Queries before the clock starts: engines compile what they run often. */
const WARM_UP = 20

export interface QueryTimes {
  /** What the encoder and the scorer ran on. */
  readonly backend: string
  /** Opening the index, then loading model and vectors. */
  readonly openMs: number
  readonly prepareMs: number
  /** The query by the model, scoring of all passages, keyword search, and all of it with ten hits built. */
  readonly encode: Latency
  readonly score: Latency
  readonly lexical: Latency
  readonly total: Latency
}

export interface PageOptions {
  readonly index: string
  readonly model: string
  readonly queries: readonly string[]
}

export async function measureQueries(
  open: () => Promise<Search>,
  queries: readonly string[],
): Promise<QueryTimes> {
  const startMs = performance.now()
  const search = await open()
  const openMs = performance.now() - startMs
  await search.prepare()
  const prepareMs = performance.now() - startMs - openMs
  for (const query of queries.slice(0, WARM_UP)) await search.query(query)
  const encode: number[] = []
  const score: number[] = []
  const lexical: number[] = []
  const total: number[] = []
  for (const query of queries.slice(WARM_UP)) {
    const { timings, degraded } = await search.query(query)
    if (degraded) throw new Error(`${degraded.code}: ${degraded.message}`)
    encode.push(timings.encodeMs!)
    score.push(timings.scoreMs!)
    lexical.push(timings.lexicalMs!)
    total.push(timings.totalMs)
  }
  const { model, scorer } = await search.info()
  await search.close()
  return {
    backend: `${model.backend} encoder, ${scorer} scorer`,
    openMs: Math.round(openMs),
    prepareMs: Math.round(prepareMs),
    encode: latency(encode),
    score: latency(score),
    lexical: latency(lexical),
    total: latency(total),
  }
}

/** The half in a page. */
export async function run({ index, model, queries }: PageOptions): Promise<QueryTimes> {
  // Compiled with the page's types elsewhere; here only its shape is known.
  const entry: string = '/src/index.ts'
  const { createSearch } = (await import(/* @vite-ignore */ entry)) as {
    createSearch(options: object): Promise<Search>
  }
  return measureQueries(() => createSearch({ index, model, persist: false }), queries)
}
