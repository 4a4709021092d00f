/** Times adding documents, all at once and one by one; the same code in Node and in a page. */
import type { Search } from '../src/client/search.ts'
import type { DocumentInput } from '../src/types.ts'

/** Adding one by one is measured on the first of them. */
const ONE_BY_ONE = 50

export interface IndexTimes {
  readonly backend: string
  readonly documents: number
  readonly passages: number
  readonly passagesPerSecond: number
  /** How much longer a document takes when documents are added one by one. */
  readonly oneByOneRatio: number
}

export interface PageOptions {
  readonly model: string
  readonly documents: readonly DocumentInput[]
}

export async function measureIndexing(
  open: () => Promise<Search>,
  documents: readonly DocumentInput[],
): Promise<IndexTimes> {
  const search = await open()
  await search.prepare()
  await search.add(documents.slice(0, 10))
  await search.close()

  const together = await timed(open, async (fresh) => fresh.add(documents))
  const few = documents.slice(0, ONE_BY_ONE)
  const fewTogether = await timed(open, async (fresh) => fresh.add(few))
  const oneByOne = await timed(open, async (fresh) => {
    for (const document of few) await fresh.add([document])
  })
  const { passages } = together.result
  return {
    backend: together.backend,
    documents: documents.length,
    passages,
    passagesPerSecond: Math.round((passages / together.ms) * 10_000) / 10,
    oneByOneRatio: Math.round((oneByOne.ms / fewTogether.ms) * 100) / 100,
  }
}

/** Runs `work` on an empty index with its model loaded. */
async function timed<T>(open: () => Promise<Search>, work: (search: Search) => Promise<T>) {
  const search = await open()
  await search.prepare()
  const startMs = performance.now()
  const result = await work(search)
  const ms = performance.now() - startMs
  const { model } = await search.info()
  await search.close()
  return { result, ms, backend: `${model.backend} encoder` }
}

/** The half in a page. */
export async function run({ model, documents }: PageOptions): Promise<IndexTimes> {
  // Compiled with the page's types elsewhere; here only its shape is known.
  const entry: string = '/src/index.ts'
  const { createSearch } = (await import(/* @vite-ignore */ entry)) as {
    createSearch(options: object): Promise<Search>
  }
  return measureIndexing(() => createSearch({ model, persist: false }), documents)
}
