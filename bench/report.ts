/** Writes docs/benchmarks.md from the results in bench/out. What was not measured here stays as the page has it. */
import { readFile, writeFile } from 'node:fs/promises'
import type { Result as Encoding } from './encode.ts'
import type { Floor } from './floor.ts'
import type { Result as Indexing } from './index.ts'
import { describeMachine } from './machine.ts'
import type { Result as MaxSim } from './maxsim.ts'
import { readResult } from './out.ts'
import type { Result as Plaid } from './plaid.ts'
import type { Quality, Row } from './quality.ts'
import type { Result as Query } from './query.ts'
import type { Retrieval } from './retrieval.ts'
import { siteSearch } from './site/report.ts'
import type { SiteResult } from './site.ts'
import { fixed, megabytes, signed, table } from './table.ts'
import type { Result as Tokenizing } from './tokenize.ts'

const FILE = 'docs/benchmarks.md'

export async function run(): Promise<void> {
  const page = sectionsOf(await readFile(FILE, 'utf8'))
  const sections = [
    section('Site search beside others', await readResult<SiteResult>('site'), siteSearch),
    section('What is found', await readResult<Retrieval>('retrieval'), retrieval),
    section('What pooling and quantising cost', await readResult<Quality>('quality'), quality),
    section('When nothing is found', await readResult<Floor>('floor'), floor),
    section('How long a text takes', await readResult<Encoding>('encode'), encoding),
    section('How long a reader waits', await readResult<Query>('query'), query),
    section('How fast documents become searchable', await readResult<Indexing>('index'), indexing),
    section('MaxSim on codes', await readResult<MaxSim>('maxsim'), maxsim),
    section('Texts to token ids', await readResult<Tokenizing>('tokenize'), tokenizing),
    section('Indexes of other systems', await readResult<Plaid>('plaid'), plaid),
  ]
  const texts = sections.map(({ title, text }) =>
    text === undefined ? page.get(title) : `## ${title}\n\n${text}`,
  )
  await writeFile(FILE, `${[INTRODUCTION, ...texts.filter((text) => text !== undefined)].join('\n\n')}\n`)
  console.error(`wrote ${FILE}`)
}

const INTRODUCTION = `# Benchmarks

\`npm run bench\` measures all of this again and writes this page; \`npm run bench -- quality report\` measures
one part. Every section names the machine and the commit its figures were measured on (\`+\`: with changes
that were not committed). Latencies are those of a shared machine: compare them within a table only.

Collections are in the layout of BEIR and not part of the repository: \`LATEEN_COLLECTIONS\` names the folder
they are in. Without them, speed is measured on made-up documents and quality not at all. nDCG has gain
2^grade − 1 and discount log2(rank + 1). A document is one passage, cut where the model cuts.`

/** The sections of the page by title, without their ends of lines. */
function sectionsOf(page: string): ReadonlyMap<string, string> {
  const sections = page.split(/^(?=## )/m).slice(1)
  return new Map(sections.map((text) => [/^## (.*)/.exec(text)![1]!, text.trimEnd()]))
}

function section<T extends { readonly machine: Parameters<typeof describeMachine>[0] }>(
  title: string,
  result: T | undefined,
  write: (result: T) => string,
): { title: string; text: string | undefined } {
  return { title, text: result && `${write(result)}\n\nMeasured on ${describeMachine(result.machine)}.` }
}

function retrieval({ model, bits, pool_factor, rows }: Retrieval): string {
  const cells = (row: Retrieval['rows'][number]) => {
    const [low, high] = row['ndcg@10_ci95']
    return `${fixed(row['ndcg@10'])} (${fixed(low)}–${fixed(high)}) · ${fixed(row['recall@100'])}`
  }
  return `nDCG@10 (95 % interval over queries) · recall@100. Model ${model}, ${bits} bits, pool factor ${pool_factor}.
Reciprocal rank fusion is here to compare; \`lateen search\` fuses as the last row says.

${byCollection(rows, (row) => row.system, cells)}`
}

function quality({ model, rows }: Quality): string {
  const names = distinct(rows, (row) => row.collection)
  const tables = names.map((name) => {
    const own = rows.filter((row) => row.collection === name)
    return `**${name}**\n\n${table(
      ['pool factor', 'bits', 'nDCG@10', 'difference, 95 % interval', 'recall@100', 'vectors', 'bytes'],
      own.map((row) => [
        `${row.pool_factor}`,
        bitsName(row),
        fixed(row['ndcg@10']),
        row.loss_ci95 ? `${signed(row.loss_ci95[0])} to ${signed(row.loss_ci95[1])}` : '',
        fixed(row['recall@100']),
        row.vectors_per_passage.toFixed(1),
        row.vector_bytes_per_passage.toFixed(0),
      ]),
    )}`
  })
  return `The semantic leg of ${model.name} alone. Vectors and bytes of stored vectors are per passage; differences are to
float vectors without pooling, query by query.

${tables.join('\n\n')}`
}

function floor({ model, semanticFloor, rows }: Floor): string {
  return `How far the best answer to a content word of a query stands out from the rest of its passage (1: it is the word itself), for
real queries and for kinds of nonsense. Below ${semanticFloor}, the floor of ${model.name}, the semantic leg finds nothing.

${table(
  ['queries', 'collection', 'number', 'strength of 5 %', 'median', '95 %', 'without results'],
  rows.map(({ kind, collection, queries, strength, without_results }) => [
    kind,
    collection,
    `${queries}`,
    ...[1, 2, 3].map((i) => strength[i]!.toFixed(2)),
    `${Math.round(without_results * 1000) / 10} %`,
  ]),
)}`
}

function encoding({ rows }: Encoding): string {
  const [own, baseline] = rows
  const ratio = (name: 'queryMs' | 'documentsMs') =>
    baseline ? [`${baseline[name]}`, (own![name] / baseline[name]).toFixed(2)] : []
  return `Milliseconds of ONNX Runtime on one WebAssembly thread in Node, median; by turns with the model before this one where
it was at hand.

${table(
  ['what', own!.model, ...(baseline ? ['the one before', 'ratio'] : [])],
  [
    ['a question of 12 tokens', `${own!.queryMs}`, ...ratio('queryMs')],
    ['100 documents of 100 tokens', `${own!.documentsMs}`, ...ratio('documentsMs')],
  ],
)}`
}

function query({ collection, passages, index_bytes, queries, runs }: Query): string {
  const both = ({ p50, p95 }: { p50: number; p95: number }) => `${p50} / ${p95}`
  return `Milliseconds, median / 95th percentile, of ${queries} queries one after the other on ${collection}:
${passages.toLocaleString('en')} passages, ${megabytes(index_bytes)} of index. *All* includes building ten hits with
their excerpts.

${table(
  ['engine', 'runs on', 'open', 'load model and vectors', 'encode', 'score', 'keywords', 'all'],
  runs.map((run) => [
    run.engine,
    run.backend,
    `${run.openMs}`,
    `${run.prepareMs}`,
    both(run.encode),
    both(run.score),
    both(run.lexical),
    both(run.total),
  ]),
)}`
}

function indexing({ collection, runs }: Indexing): string {
  const memory = (bytes: number | null) => (bytes === null ? 'not measured' : megabytes(bytes))
  return `Documents of ${collection}, added to an empty index. *One by one*: how much longer a document takes when every
call of \`add\` brings one. Memory is resident memory at its peak, of the process in Node (with what it held
before), of the page's process in a browser.

${table(
  ['engine', 'runs on', 'passages', 'passages/s', 'one by one', 'peak memory', 'before'],
  runs.map((run) => [
    run.engine,
    run.backend,
    `${run.passages}`,
    `${run.passagesPerSecond}`,
    `× ${run.oneByOneRatio}`,
    memory(run.peakBytes),
    memory(run.beforeBytes),
  ]),
)}`
}

function maxsim({ runs }: MaxSim): string {
  const times = (value: number) => `${value.toFixed(value < 10 ? 2 : 0)} ×`
  const parts = runs.map(({ engine, gpuAdapter, timings, ratios, peakGmacs, readGBs }) => {
    const peaks = Object.entries(peakGmacs).map(([name, value]) => `${value?.toFixed(1)} (${name})`)
    const ratioRows = ratios.map((row) => [
      row.kernel,
      `${row.queryTokens}`,
      times(row.overScalar),
      times(row.overFloat32),
      times(row.overFloat32Same),
      times(row.overInt8),
      times(row.ofRoofline),
    ])
    const timingRows = timings.map(({ kernel, queryTokens, passages, minMs, gmacs }) => [
      kernel,
      `${queryTokens}`,
      passages.toLocaleString('en'),
      minMs.toFixed(1),
      gmacs.toFixed(1),
    ])
    return `**${engine}**${gpuAdapter ? `, WGSL on ${gpuAdapter}` : ''}: int8 dot products from the first cache ${peaks.join(', ')} GMAC/s, memory ${readGBs.toFixed(1)} GB/s.

${table(['kernel', 'query tokens', 'scalar', 'float32 SIMD', 'float32, same SIMD', 'plain int8', 'of the roofline'], ratioRows)}

${table(['kernel', 'query tokens', 'passages', 'ms', 'GMAC/s'], timingRows)}`
  })
  return `One thread, 60 vectors of 64 dimensions a passage, 256 centroids where nothing else is said; the fastest of many
rounds. GMAC/s: 10⁹ multiply-adds a second. The first table is the second one as ratios, all from one run: to
the scalar reference, to float32 on decompressed vectors with 128-bit SIMD and with the same instructions, to
our plain int8 kernel, and to the smaller of dot product peak and memory bound. WGSL on a software adapter says
nothing about speed.

${parts.join('\n\n')}`
}

function tokenizing({ collection, rows }: Tokenizing): string {
  const millions = (perSecond: number) => `${(perSecond / 1e6).toFixed(2)} M`
  return `Tokens a second over documents of ${collection}, on one thread: ours, which gives the ids of the home library's
tokenizer, and \`@huggingface/tokenizers\`, of which it uses the regular expressions. With spans: also where in the text each token stands.

${table(
  ['tokenizer', 'ours', 'bare library', 'ratio', 'with spans'],
  rows.map((row) => [
    row.family,
    millions(row.tokensPerSecond),
    millions(row.libraryTokensPerSecond),
    `${row.ratio}`,
    millions(row.withSpansPerSecond),
  ]),
)}`
}

function plaid({ passages, dim, centroids, runs }: Plaid): string {
  return `A made-up PLAID index of ${passages.toLocaleString('en')} passages, ${dim} dimensions and ${centroids.toLocaleString('en')}
centroids, in the files of fast-plaid (numpy) and of Stanford ColBERT (torch), read in Node, and read and turned into our codes.

${table(
  ['files', 'bits', 'vectors', 'on disk', 'read', 'read and converted'],
  runs.map((run) => [
    run.layout,
    `${run.bits}`,
    run.vectors.toLocaleString('en'),
    megabytes(run.bytes),
    `${run.readSeconds.toFixed(1)} s`,
    `${run.convertSeconds.toFixed(1)} s`,
  ]),
)}`
}

/** One row per system, one column per collection. */
function byCollection<T extends { readonly collection: string }>(
  rows: readonly T[],
  name: (row: T) => string,
  cell: (row: T) => string,
): string {
  const collections = distinct(rows, (row) => row.collection)
  const lines = distinct(rows, name).map((system) => [
    system,
    ...collections.map((collection) => {
      const row = rows.find((one) => one.collection === collection && name(one) === system)
      return row ? cell(row) : ''
    }),
  ])
  return table(['', ...collections], lines)
}

function bitsName({ bits }: Row): string {
  return { 32: 'float', 16: 'half', 8: 'int8', 4: '4', 2: '2', 1: '1' }[bits]
}

const distinct = <T>(rows: readonly T[], of: (row: T) => string) => [...new Set(rows.map(of))]
