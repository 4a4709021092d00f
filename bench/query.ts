/** How long does a reader wait? Opening, and one query after the other, in Node and in Chromium. */
import { rm } from 'node:fs/promises'
import { openSearch, writeIndex } from '../src/node.ts'
import { inChromium } from './browser.ts'
import { speedCollection } from './collections.ts'
import { type Machine, machine } from './machine.ts'
import { measureQueries, type PageOptions, type QueryTimes } from './query-measure.ts'

/** Below the repository, so that the page can fetch it. */
const INDEX = 'bench/out/index'
const MAX_QUERIES = 220

export interface Run extends QueryTimes {
  readonly engine: string
}

export interface Result {
  readonly machine: Machine
  readonly collection: string
  readonly passages: number
  readonly index_bytes: number
  readonly queries: number
  readonly runs: readonly Run[]
}

export async function run(): Promise<Result> {
  const { name, collection } = await speedCollection()
  const queries = collection.queries.slice(0, MAX_QUERIES).map(({ text }) => text)
  await rm(INDEX, { recursive: true, force: true })
  const { passages, bytes } = await writeIndex({ out: INDEX, documents: collection.corpus })
  const options: PageOptions = { index: `/${INDEX}/`, model: '/models/lateen-mini/', queries }
  const node = await measureQueries(() => openSearch({ index: INDEX }), queries)
  const page = await inChromium<QueryTimes>('bench/query-measure.ts', options)
  const result = {
    machine: machine(),
    collection: name,
    passages,
    index_bytes: bytes.total,
    queries: queries.length,
    runs: [
      { engine: `Node ${process.version}`, ...node },
      { engine: page.browser, ...page.result },
    ],
  }
  console.log(JSON.stringify(result, undefined, 1))
  return result
}
