import type { Command } from 'commander'
import { noIndex } from '../build/index-folder.node.ts'
import { indexBytes } from '../build/write-index.ts'
import { decodeVectorHeader, HEADER_BYTES, vectorLayout } from '../segment/layout.ts'
import { filesOf, type Manifest, type SegmentReference, storedFilesOf } from '../segment/manifest.ts'
import { fileStore } from '../store/file.node.ts'
import { verifySource } from '../store/source.ts'
import type { IndexStore } from '../store/store.ts'
import { jsonOption } from './arguments.ts'
import { createOutput, formatBytes, plural, table } from './output.ts'

interface Options {
  readonly verify?: boolean
  readonly json?: boolean
}

export function addInspectCommand(program: Command, signal: AbortSignal): void {
  program
    .command('inspect')
    .description('Describe an index folder: model, codec, counts, and where its bytes go')
    .argument('<index>', 'folder written by lateen index')
    .option('--verify', 'compare every file with its hash')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
With --json:
  version, revision   of the format, and how often the index was changed
  model               name, fingerprint, tokenizerHash, dim, documentLength
  codec               kind, bits, fingerprint, file when the index brings its own
  pooling, passages_policy
  documents, passages, vectors, removed_documents
  bytes               total, and by kind of file: manifest, vectors, text, lexical, codec
  bytes_per_vector    codes, centroid_ids, scales, and rest: counts, header, alignment
  bytes_per_passage   total, and by kind of file
  files               number of files of the index on a host, parts of files each
  segments            documents, passages, vectors, removed_documents and bytes of each
  verified            number of files compared with their hashes; null without --verify

Examples:
  $ lateen inspect public/search
  $ lateen inspect public/search --verify --json`,
    )
    .action(async (index: string, options: Options) => {
      const output = createOutput(options)
      const store = fileStore(index)
      const manifest = await store.readManifest(signal)
      if (!manifest) throw noIndex(index)
      const verified = options.verify ? await verify(store, manifest, signal) : null
      const description = { index, ...(await summarise(store, manifest)), verified }
      output.result(description, () => text(description))
    })
}

async function verify(store: IndexStore, manifest: Manifest, signal: AbortSignal): Promise<number> {
  const files = filesOf(manifest)
  for (const file of files) await verifySource(await store.open(file, signal), file, signal)
  return files.length
}

type Description = Awaited<ReturnType<typeof summarise>> & { index: string; verified: number | null }

async function summarise(store: IndexStore, manifest: Manifest) {
  const { version, revision, model, codec, pooling, passages: policy, segments } = manifest
  const bytes = indexBytes(manifest)
  const passages = sum(segments, ({ passages }) => passages)
  const vectors = sum(segments, ({ vectors }) => vectors)
  const sections = await Promise.all(segments.map((segment) => sectionBytes(store, segment)))
  const codes = sum(sections, (section) => section.codes)
  const centroidIds = sum(sections, (section) => section.centroidIds)
  const scales = sum(sections, (section) => section.scales)
  const perVector = (part: number) => ratio(part, vectors)
  return {
    version: version.join('.'),
    revision,
    model,
    codec,
    pooling,
    passages_policy: policy,
    documents: sum(segments, ({ documents }) => documents),
    passages,
    vectors,
    removed_documents: sum(segments, ({ removed }) => removed.length),
    bytes,
    bytes_per_vector: {
      codes: perVector(codes),
      centroid_ids: perVector(centroidIds),
      scales: perVector(scales),
      rest: perVector(bytes.vectors - codes - centroidIds - scales),
    },
    bytes_per_passage: Object.fromEntries(
      Object.entries(bytes).map(([kind, length]) => [kind, ratio(length, passages)]),
    ),
    files: storedFilesOf(manifest).length + 1,
    segments: segments.map((segment) => ({
      documents: segment.documents,
      passages: segment.passages,
      vectors: segment.vectors,
      removed_documents: segment.removed.length,
      vector_bytes: segment.vectorFile.bytes,
      text_bytes: segment.textFile.bytes,
      lexical_bytes: segment.lexicalFile?.bytes ?? 0,
    })),
  }
}

async function sectionBytes(store: IndexStore, { vectorFile }: SegmentReference) {
  const source = await store.open(vectorFile)
  const header = await source.read(0, Math.min(HEADER_BYTES, source.byteLength))
  const layout = vectorLayout(decodeVectorHeader(header, source.byteLength, vectorFile.file))
  return {
    codes: layout.codes.length,
    centroidIds: layout.centroidIds.length,
    scales: layout.scales.length,
  }
}

function text(it: Description): string {
  const { model, codec, bytes } = it
  const perVector = Object.entries(it.bytes_per_vector).map(
    ([part, length]) => `${part.replace('_', ' ')} ${length}`,
  )
  return [
    `${it.index}: index format ${it.version}, revision ${it.revision}`,
    table([
      ['documents', it.documents.toLocaleString('en')],
      ['passages', it.passages.toLocaleString('en')],
      ['vectors', it.vectors.toLocaleString('en')],
      ['removed documents', it.removed_documents.toLocaleString('en')],
      ['files', it.files.toLocaleString('en')],
    ]),
    `Model ${model.name}, ${model.dim} dimensions, ${model.documentLength} tokens a passage, fingerprint ${model.fingerprint.slice(0, 12)}`,
    `Codec ${codec.kind}, ${codec.bits} bits a dimension${codec.file ? ', trained for this index' : ''}; pool factor ${it.pooling.factor}; passages by ${it.passages_policy.policy}`,
    'Bytes, and bytes per passage:',
    table(
      Object.entries(bytes).map(([kind, length]) => [
        kind,
        formatBytes(length),
        it.bytes_per_passage[kind]!.toFixed(1),
      ]),
    ),
    `Bytes per vector: ${perVector.join(', ')}`,
    `${plural(it.segments.length, 'segment')}:`,
    ...it.segments.map(
      (segment, i) =>
        `  ${i + 1}. ${plural(segment.documents, 'document')}, ${plural(segment.passages, 'passage')}, ${formatBytes(segment.vector_bytes + segment.text_bytes + segment.lexical_bytes)}`,
    ),
    ...(it.verified === null ? [] : [`${plural(it.verified, 'file')} verified.`]),
  ].join('\n')
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0)
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((part / whole) * 100) / 100
}
