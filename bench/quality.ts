/**
 * What pooling and quantising cost: nDCG@10 of the semantic leg alone and bytes per passage, for every
 * pool factor and every codec, on the collections at hand. Texts are encoded once per collection; what
 * is measured already is kept in bench/out/quality.json, so that a broken-off run goes on where it was.
 */
import type { Bits } from '../src/build/codec.ts'
import { writeIndex } from '../src/build/write-index.ts'
import { evaluate, figures, round } from '../src/cli/evaluate.ts'
import type { EncodedText, Encoder } from '../src/encode/encoder.ts'
import { bootstrapInterval } from '../src/eval/metrics.ts'
import { nodeBackend } from '../src/node.ts'
import type { Backend } from '../src/search/backend.ts'
import { memoryStore } from '../src/store/memory.ts'
import { findCollections, type NamedCollection } from './collections.ts'
import { readResult, writeResult } from './out.ts'

const COLLECTIONS = ['cranfield', 'cisi', 'docs-headings']
const POOL_FACTORS = [1, 2, 3, 4]
const BITS: readonly Bits[] = [32, 8, 4, 2, 1]

interface Row {
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

interface Quality {
  /** Rows of another model are not gone on with. */
  readonly model: { readonly name: string; readonly fingerprint: string }
  readonly rows: readonly Row[]
}

export async function run(): Promise<Quality> {
  const backend = await nodeBackend()(0)
  const { name, fingerprint } = backend.encoder.spec
  const earlier = await readResult<Quality>('quality')
  const rows = earlier?.model.fingerprint === fingerprint ? [...earlier.rows] : []
  const result = { model: { name, fingerprint }, rows }
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

/** Encodes every text once. */
function rememberingEncoder(encoder: Encoder): Encoder {
  const documents = new Map<string, EncodedText>()
  const queries = new Map<string, EncodedText>()
  return {
    ...encoder,
    async encodeDocuments(texts, options) {
      const fresh = [...new Set(texts.filter((text) => !documents.has(text)))]
      const encoded = await encoder.encodeDocuments(fresh, options)
      for (const [i, text] of fresh.entries()) documents.set(text, encoded[i]!)
      return texts.map((text) => documents.get(text)!)
    },
    async encodeQuery(text, options) {
      const known = queries.get(text) ?? (await encoder.encodeQuery(text, options))
      queries.set(text, known)
      return known
    },
  }
}
