/**
 * How long does the bundled model take for a question and for documents, on one WebAssembly thread? Beside another
 * model, by turns, when `LATEEN_BASELINE` names its folder: the ratio is what a change of the model costs.
 */
import type { Encoder } from '../src/encode/encoder.ts'
import { bundledModel, loadNodeEncoder } from '../src/encode/load.node.ts'
import { percentile } from '../src/eval/metrics.ts'
import { speedCollection } from './collections.ts'
import { type Machine, machine } from './machine.ts'

const ROUNDS = 7
const QUERY_TOKENS = 12
const DOCUMENTS = 100
const DOCUMENT_TOKENS = 100

export interface Row {
  readonly model: string
  readonly fingerprint: string
  readonly queryMs: number
  readonly documentsMs: number
}

export interface Result {
  readonly machine: Machine
  /** The bundled model first. */
  readonly rows: readonly Row[]
}

export async function run(): Promise<Result> {
  const { collection } = await speedCollection()
  const words = collection.corpus
    .map(({ text }) => text)
    .join(' ')
    .split(/\s+/)
  const baseline = process.env['LATEEN_BASELINE']
  const models = [bundledModel(), ...(baseline ? [baseline] : [])]
  const runs: { encoder: Encoder; query: string; documents: string[]; times: [number[], number[]] }[] = []
  for (const model of models) {
    const { encoder } = await loadNodeEncoder({ model, prefer: 'wasm', threads: 1 })
    const documents = Array.from({ length: DOCUMENTS }, (_, i) =>
      textOf(encoder, 'document', words.slice(i * 120), DOCUMENT_TOKENS),
    )
    runs.push({ encoder, query: textOf(encoder, 'query', words, QUERY_TOKENS), documents, times: [[], []] })
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (const { encoder, query, documents, times } of runs) {
      for (let i = 0; i < 10; i++) times[0].push(await timed(() => encoder.encodeQuery(query)))
      times[1].push(await timed(() => encoder.encodeDocuments(documents)))
    }
  }
  const rows = runs.map(({ encoder: { spec }, times: [query, documents] }) => ({
    model: spec.name,
    fingerprint: spec.fingerprint,
    queryMs: Math.round(percentile(query, 50) * 10) / 10,
    documentsMs: Math.round(percentile(documents, 50)),
  }))
  console.table(rows)
  for (const { encoder } of runs) await encoder.dispose()
  return { machine: machine(), rows }
}

/** The first words that make this many tokens, special ones included. */
function textOf(
  encoder: Encoder,
  kind: 'query' | 'document',
  words: readonly string[],
  tokens: number,
): string {
  let count = 1
  while (encoder.tokenize(words.slice(0, count + 1).join(' '), kind).ids.length <= tokens) count++
  return words.slice(0, count).join(' ')
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}
