/**
 * What pooling and quantising cost: nDCG@10 of the semantic leg alone and bytes per passage, for every
 * pool factor and every codec, on the collections at hand. Texts are encoded once per collection; what
 * is measured already is kept in bench/out/quality.json, so that a broken-off run goes on where it was.
 */
import type { Bits } from '../src/build/codec.ts'
import { writeIndex } from '../src/build/write-index.ts'
import { evaluate, figures, round } from '../src/cli/evaluate.ts'
import { bootstrapInterval } from '../src/eval/metrics.ts'
import { nodeBackend } from '../src/node.ts'
import type { Backend } from '../src/search/backend.ts'
import { memoryStore } from '../src/store/memory.ts'
import { COLLECTIONS, findCollections, type NamedCollection } from './collections.ts'
import { type Machine, machine } from './machine.ts'
import { readResult, writeResult } from './out.ts'
import { rememberingEncoder } from './remember.ts'

const POOL_FACTORS = [1, 2, 4, 6]
const BITS: readonly Bits[] = [32, 8, 4, 2, 1]

export interface Row {
  readonly collection: string
  readonly pool_factor: number
  readonly bits: Bits
  readonly 'ndcg@10': number
  readonly 'recall@100': number
  readonly 'mrr@10': number
  /** Of the difference per query to float vectors without pooling. */
  readonly loss_ci95: readonly [low: number, high: number] | null
  readonly vectors_per_passage: number
  readonly vector_bytes_per_passage: number
  /** Per query, so that a later run can compare. */
  readonly per_query: readonly number[]
}

export interface Quality {
  readonly machine: Machine
  /** Rows of another model are not gone on with. */
  readonly model: { readonly name: string; readonly fingerprint: string }
  readonly rows: readonly Row[]
}

export async function run(): Promise<Quality> {
  const backend = await nodeBackend()(0)
  const { name, fingerprint } = backend.encoder.spec
  const earlier = await readResult<Quality>('quality')
  const rows = earlier?.model.fingerprint === fingerprint ? [...earlier.rows] : []
  const result = { machine: machine(), model: { name, fingerprint }, rows }
  for (const collection of await findCollections(COLLECTIONS)) {
    const encoder = rememberingEncoder(backend.encoder)
    for (const poolFactor of POOL_FACTORS) {
      for (const bits of BITS) {
        const isThis = (row: Row) =>
          row.collection === collection.name && row.pool_factor === poolFactor && row.bits === bits
        if (rows.some(isThis)) continue
        const baseline = rows.find((row) => row.collection === collection.name)
        rows.push(await measure(collection, { ...backend, encoder }, poolFactor, bits, baseline))
        await writeResult('quality', result)
        const { per_query: _, ...shown } = rows.at(-1)!
        console.error(JSON.stringify(shown))
      }
    }
  }
  await backend.dispose()
  return result
}

async function measure(
  { name, collection }: NamedCollection,
  backend: Backend,
  poolFactor: number,
  bits: Bits,
  baseline: Row | undefined,
): Promise<Row> {
  const store = memoryStore()
  const { passages, vectors, bytes } = await writeIndex({
    store,
    documents: collection.corpus,
    backend,
    bits,
    poolFactor,
    split: false,
  })
  const measured = await evaluate(collection, { store, backend, mode: 'semantic' })
  const { ndcg10 } = measured
  const loss = baseline && bootstrapInterval(ndcg10.map((value, i) => value - baseline.per_query[i]!))
  return {
    collection: name,
    pool_factor: poolFactor,
    bits,
    ...figures(measured),
    loss_ci95: loss ? [round(loss.low), round(loss.high)] : null,
    vectors_per_passage: round(vectors / passages, 2),
    vector_bytes_per_passage: round(bytes.vectors / passages, 1),
    per_query: ndcg10.map((value) => round(value)),
  }
}
