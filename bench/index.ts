/** How fast do documents become searchable, and what memory does it take? In Node and in Chromium. */
import { openSearch } from '../src/node.ts'
import { inChromium } from './browser.ts'
import { speedCollection } from './collections.ts'
import { type IndexTimes, measureIndexing, type PageOptions } from './index-measure.ts'
import { type Machine, machine } from './machine.ts'
import { type Peak, withProcessMemory, withRendererMemory } from './memory.ts'

const NODE_DOCUMENTS = 1000
const PAGE_DOCUMENTS = 250

export interface Run extends IndexTimes {
  readonly engine: string
  /** Resident bytes of the process at its peak, and of what was there before; of the renderer in a browser. */
  readonly peakBytes: number | null
  readonly beforeBytes: number | null
}

export interface Result {
  readonly machine: Machine
  readonly collection: string
  readonly runs: readonly Run[]
}

export async function run(): Promise<Result> {
  const { name, collection } = await speedCollection()
  const documents = collection.corpus.slice(0, NODE_DOCUMENTS)
  const node = await withProcessMemory(() => measureIndexing(() => openSearch(), documents))
  const options: PageOptions = {
    model: '/models/lateen-mini/',
    documents: documents.slice(0, PAGE_DOCUMENTS),
  }
  const page = await withRendererMemory(() => inChromium<IndexTimes>('bench/index-measure.ts', options))
  const result = {
    machine: machine(),
    collection: name,
    runs: [
      { engine: `Node ${process.version}`, ...node.result, ...memoryOf(node) },
      { engine: page.result.browser, ...page.result.result, ...memoryOf(page) },
    ],
  }
  console.log(JSON.stringify(result, undefined, 1))
  return result
}

function memoryOf({ before, peak }: Peak<unknown>) {
  return { peakBytes: peak ?? null, beforeBytes: before ?? null }
}
