/** A whole index from documents, on any store that can be written: for the command line and plugins. */
import { LateenError } from '../errors.ts'
import { createLexicalIndex } from '../lexical/lexical.ts'
import type { Backend } from '../search/backend.ts'
import { filesOf, type Manifest, type SegmentReference, serializeManifest } from '../segment/manifest.ts'
import type { WritableStore } from '../store/store.ts'
import type { ChangeSummary, DocumentInput, OnProgress } from '../types.ts'
import { throwIfAborted } from '../util/abort.ts'
import { encodeSegments, type PreparedDocument, prepareDocuments } from './build.ts'
import { BITS, type Bits, codecForIndex } from './codec.ts'
import { fileReference } from './index.ts'
import { newManifest } from './manifest.ts'

export interface WriteIndexOptions {
  /** What it holds is replaced. */
  readonly store: WritableStore
  readonly documents: readonly DocumentInput[]
  readonly backend: Pick<Backend, 'encoder' | 'modelCodec'>
  readonly bits: Bits
  /** Document tokens per stored vector, a whole number from 1. */
  readonly poolFactor: number
  /** False: one passage per document, cut where the model cuts. @default true */
  readonly split?: boolean
  readonly signal?: AbortSignal
  readonly onProgress?: OnProgress
}

export interface WrittenIndex extends ChangeSummary {
  readonly manifest: Manifest
  readonly bytes: IndexBytes
}

/** Bytes of an index by kind of file. */
export interface IndexBytes {
  readonly total: number
  readonly manifest: number
  readonly vectors: number
  readonly text: number
  readonly lexical: number
  /** 0 when the codec comes with the model. */
  readonly codec: number
}

/**
 * Reads, encodes and stores documents with a keyword index. The same documents give the same bytes.
 *
 * @throws LateenError `bad-argument`; `bad-document` when none of the documents holds text;
 *         `duplicate-id`; `aborted`, and then the store has changed nothing; what the store throws
 */
export async function writeIndex(options: WriteIndexOptions): Promise<WrittenIndex> {
  const { store, documents, backend, bits, poolFactor, split = true, signal, onProgress } = options
  assertOptions(bits, poolFactor)
  const { encoder, modelCodec } = backend
  const events = { ...(signal ? { signal } : {}), ...(onProgress ? { onProgress } : {}) }
  const { prepared, skipped } = await prepareDocuments(documents, { encoder, split, ...events })
  if (prepared.length === 0) {
    throw new LateenError(
      'bad-document',
      `Expected at least one document with text, found none among ${documents.length}${skipped[0] ? ` ("${skipped[0].id}": ${skipped[0].reason})` : ''}.`,
    )
  }

  const pooling = { factor: poolFactor, protectedTokens: 1 }
  const { codec, file } = await codecForIndex(bits, encoder, modelCodec, prepared, pooling)
  const { segments, summary } = await encodeSegments(prepared, skipped, {
    encoder,
    codec,
    pooling,
    ...events,
  })

  const files = new Map(segments.flatMap((segment) => [...segment.files]))
  let firstDocument = 0
  const references = segments.map(({ reference }): SegmentReference => {
    const keywords = keywordIndex(prepared.slice(firstDocument, (firstDocument += reference.documents)))
    const lexicalFile = fileReference(keywords, 'lexical')
    files.set(lexicalFile.file, keywords)
    return { ...reference, lexicalFile }
  })
  const codecFile = file && fileReference(file, 'codec')
  if (codecFile) files.set(codecFile.file, file!)

  const blank = newManifest({
    spec: encoder.spec,
    codec,
    ...(codecFile ? { codecFile } : {}),
    pooling,
    split,
  })
  const manifest = await replace(store, { ...blank, segments: references }, files, signal)
  return { ...summary, manifest, bytes: indexBytes(manifest) }
}

export function indexBytes(manifest: Manifest): IndexBytes {
  const bytes = { vectors: 0, text: 0, lexical: 0, codec: 0 }
  for (const { file, bytes: length } of filesOf(manifest)) {
    bytes[file.slice(file.lastIndexOf('.') + 1) as keyof typeof bytes] += length
  }
  const manifestBytes = new TextEncoder().encode(serializeManifest(manifest)).length
  const total = manifestBytes + bytes.vectors + bytes.text + bytes.lexical + bytes.codec
  return { total, manifest: manifestBytes, ...bytes }
}

/** The keyword index of one segment; its passages are numbered from 0. */
function keywordIndex(documents: readonly PreparedDocument[]): Uint8Array {
  const lexical = createLexicalIndex()
  let id = 0
  for (const { passages } of documents) {
    lexical.add(passages.map((passage) => ({ id: id++, passage, passages: passages.length })))
  }
  return lexical.serialize()
}

async function replace(
  store: WritableStore,
  manifest: Manifest,
  files: ReadonlyMap<string, Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<Manifest> {
  const existing = await store.readManifest(signal)
  const revision = existing?.revision ?? 0
  throwIfAborted(signal)
  if (existing && serializeManifest({ ...manifest, revision }) === serializeManifest(existing)) {
    // The same index again: its manifest stands, and files that were lost or damaged are mended.
    for (const [file, bytes] of files) await store.stage(file, bytes)
    return existing
  }
  const next = { ...manifest, revision: revision + 1 }
  await store.commit(next, files, revision)
  return next
}

function assertOptions(bits: Bits, poolFactor: number) {
  if (!BITS.includes(bits)) {
    throw new LateenError('bad-argument', `Expected bits as one of ${BITS.join(', ')}, found ${bits}.`)
  }
  if (!Number.isInteger(poolFactor) || poolFactor < 1) {
    throw new LateenError(
      'bad-argument',
      `Expected the pool factor as a whole number from 1, found ${poolFactor}.`,
    )
  }
}
