/**
 * What the legs find, alone and together: the keyword leg beside MiniSearch as it comes, the semantic leg,
 * and both fused by the engine and by reciprocal rank.
 */
import MiniSearch from 'minisearch'
import { writeIndex } from '../src/build/write-index.ts'
import {
  type EvaluateOptions,
  evaluate,
  figures,
  type Measurements,
  measureRankings,
  round,
} from '../src/cli/evaluate.ts'
import type { Collection } from '../src/eval/beir.ts'
import { bootstrapInterval } from '../src/eval/metrics.ts'
import { nodeBackend } from '../src/node.ts'
import { DEFAULT_INDEX } from '../src/search/engine.ts'
import { memoryStore } from '../src/store/memory.ts'
import { COLLECTIONS, findCollections } from './collections.ts'
import { type Machine, machine } from './machine.ts'

export interface Row {
  readonly collection: string
  readonly system: string
  readonly 'ndcg@10': number
  readonly 'ndcg@10_ci95': readonly [low: number, high: number]
  readonly 'recall@100': number
  readonly 'mrr@10': number
}

export interface Retrieval {
  readonly machine: Machine
  readonly model: string
  readonly bits: number
  readonly pool_factor: number
  readonly rows: readonly Row[]
}

export async function run(): Promise<Retrieval> {
  const backend = await nodeBackend()(0)
  const rows: Row[] = []
  for (const { name, collection } of await findCollections(COLLECTIONS)) {
    const store = memoryStore()
    await writeIndex({ store, documents: collection.corpus, backend, ...DEFAULT_INDEX, split: false })
    const measure = (options: Pick<EvaluateOptions, 'mode' | 'fuse'>) =>
      evaluate(collection, { store, backend, ...options })
    const add = (system: string, measured: Measurements) => {
      const { low, high } = bootstrapInterval(measured.ndcg10)
      rows.push({
        collection: name,
        system,
        ...figures(measured),
        'ndcg@10_ci95': [round(low), round(high)],
      })
      console.error(JSON.stringify(rows.at(-1)))
    }
    add('MiniSearch, its defaults', await miniSearch(collection))
    add('keywords', await measure({ mode: 'lexical' }))
    add('meaning', await measure({ mode: 'semantic' }))
    add('both, reciprocal rank (k = 60)', await measure({ mode: 'hybrid', fuse: reciprocalRankFusion }))
    add('both', await measure({ mode: 'hybrid' }))
  }
  const { bits, poolFactor } = DEFAULT_INDEX
  await backend.dispose()
  return { machine: machine(), model: backend.encoder.spec.name, bits, pool_factor: poolFactor, rows }
}

function miniSearch(collection: Collection): Promise<Measurements> {
  const index = new MiniSearch<{ id: string }>({ fields: ['title', 'text'] })
  index.addAll(collection.corpus)
  return measureRankings(collection, (text, limit) => {
    const startMs = performance.now()
    const found = index.search(text)
    const searchMs = performance.now() - startMs
    return { ids: found.slice(0, limit).map(({ id }) => id as string), searchMs }
  })
}

/** Cormack, Clarke, Büttcher, SIGIR 2009. */
const reciprocalRankFusion: NonNullable<EvaluateOptions['fuse']> = ({ lexical, semantic }, limit) => {
  const scores = new Map<number, number>()
  for (const list of [lexical, semantic]) {
    for (const [place, { id }] of list.entries()) scores.set(id, (scores.get(id) ?? 0) + 1 / (61 + place))
  }
  return Array.from(scores, ([id, score]) => ({ id, score }))
    .sort((a, b) => b.score - a.score || a.id - b.id)
    .slice(0, limit)
}
