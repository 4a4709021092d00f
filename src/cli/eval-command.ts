import { readFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import type { Command } from 'commander'
import type { Bits } from '../build/codec.ts'
import { writeIndex } from '../build/write-index.ts'
import { LateenError } from '../errors.ts'
import { type Collection, type NamedText, parseCollection } from '../eval/beir.ts'
import { bootstrapInterval, percentile } from '../eval/metrics.ts'
import type { Dtype } from '../model/dtype.ts'
import { nodeBackend } from '../node.ts'
import { memoryStore } from '../store/memory.ts'
import type { SearchMode } from '../types.ts'
import {
  bitsOption,
  dimOption,
  dtypeOption,
  jsonOption,
  modelOption,
  modeOption,
  oneOf,
  poolFactorOption,
} from './arguments.ts'
import { evaluate, figures, round } from './evaluate.ts'
import { createOutput, type Output, table } from './output.ts'

const SCORERS = ['wasm', 'reference'] as const

interface Options {
  readonly model?: string
  readonly dim?: number
  readonly dtype?: Dtype
  readonly mode: SearchMode
  readonly poolFactor: number
  readonly bits: Bits
  readonly scorer: (typeof SCORERS)[number]
  readonly split?: boolean
  readonly json?: boolean
}

export function addEvalCommand(program: Command, signal: AbortSignal): void {
  program
    .command('eval')
    .description('Measure retrieval on a collection with judgements, in the layout of BEIR')
    .argument('<beir-dir>', 'folder with corpus.jsonl, queries.jsonl and qrels.tsv')
    .addOption(modelOption())
    .addOption(dimOption())
    .addOption(dtypeOption())
    .addOption(modeOption())
    .addOption(poolFactorOption())
    .addOption(bitsOption())
    .option('--scorer <scorer>', `what computes MaxSim: ${SCORERS.join(' or ')}`, oneOf(SCORERS), 'wasm')
    .option('--split', 'cut documents into passages, as an index for readers does')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Builds an index in memory and ranks documents for every query with a judgement. Without --split a
document is one passage, "title. text" cut where the model cuts, as published figures have it.
nDCG: gain 2^grade - 1, discount log2(rank + 1). Bits 8, 16 and 32 store int8, half and single floats.

With --json: collection, passages, queries, mode, ndcg@10, recall@100, mrr@10, index_bytes,
bytes_per_passage, vectors_per_passage, build_seconds, encode_ms_p50 (null when nothing was encoded),
search_ms_p50 (keyword search and scoring), and ndcg@10_ci95 (bootstrap), documents, model, bits,
pool_factor, scorer, split, vector_bytes_per_passage, encode_ms_p95, search_ms_p95.

Examples:
  $ lateen eval collections/cranfield
  $ lateen eval collections/cranfield --mode semantic --bits 32 --pool-factor 1 --json`,
    )
    .action(async (folder: string, options: Options) => {
      const output = createOutput(options)
      const collection = await readCollection(folder)
      const result = await measure(basename(resolve(folder)), collection, options, output, signal)
      output.result(result, () =>
        table(
          Object.entries(result).map(([name, value]) => [
            name,
            Array.isArray(value) ? value.join(' to ') : `${value}`,
          ]),
        ),
      )
    })
}

async function measure(
  name: string,
  collection: Collection,
  options: Options,
  output: Output,
  signal: AbortSignal,
) {
  const { mode, bits, poolFactor, scorer, split = false, model, dtype, dim } = options
  const { onProgress, showProgress } = output
  const openBackend = nodeBackend({
    scorer,
    ...(model === undefined ? {} : { model }),
    ...(dtype === undefined ? {} : { dtype }),
    ...(dim === undefined ? {} : { dim }),
  })
  const backend = await openBackend(0, onProgress)
  const store = memoryStore()
  const startMs = performance.now()
  const settings = { bits, poolFactor, split, signal, onProgress }
  const written = await writeIndex({ store, documents: collection.corpus, backend, ...settings })
  const buildMs = performance.now() - startMs
  const total = collection.queries.length
  const measured = await evaluate(collection, {
    store,
    backend,
    mode,
    signal,
    onQuery: (done) => showProgress({ title: 'Queries', done, total, unit: 'queries' }),
  })
  await backend.dispose()

  const { documents, passages, vectors, bytes, manifest } = written
  const { low, high } = bootstrapInterval(measured.ndcg10)
  return {
    collection: name,
    passages,
    queries: total,
    mode,
    ...figures(measured),
    index_bytes: bytes.total,
    bytes_per_passage: round(bytes.total / passages, 2),
    vectors_per_passage: round(vectors / passages, 2),
    build_seconds: round(buildMs / 1000, 2),
    encode_ms_p50: milliseconds(measured.encodeMs, 50),
    search_ms_p50: milliseconds(measured.searchMs, 50),
    'ndcg@10_ci95': [round(low), round(high)],
    documents,
    model: manifest.model.name,
    bits,
    pool_factor: poolFactor,
    scorer,
    split,
    vector_bytes_per_passage: round(bytes.vectors / passages, 2),
    encode_ms_p95: milliseconds(measured.encodeMs, 95),
    search_ms_p95: milliseconds(measured.searchMs, 95),
  }
}

function milliseconds(values: readonly number[], p: number): number | null {
  return values.length === 0 ? null : round(percentile(values, p), 3)
}

/** Fails with `bad-argument` when a file is missing, `bad-document` when one is malformed. */
export async function readCollection(folder: string): Promise<Collection> {
  // One after the other, so that of several missing files always the same one is named.
  const corpus = await readText(folder, 'corpus.jsonl')
  const queries = await readText(folder, 'queries.jsonl')
  const qrels = await readText(folder, 'qrels.tsv')
  return parseCollection({ corpus, queries, qrels })
}

async function readText(folder: string, name: string): Promise<NamedText> {
  try {
    return { name, text: await readFile(join(folder, name), 'utf8') }
  } catch (cause) {
    throw new LateenError(
      'bad-argument',
      `Expected corpus.jsonl, queries.jsonl and qrels.tsv in ${folder}, cannot read ${name}: ${(cause as Error).message}.`,
      { cause },
    )
  }
}
