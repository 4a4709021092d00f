/** A whole index from documents, on any store that can be written: for the command line and plugins. */
import type { Codec } from '../compress/codec.ts'
import type { Encoder } from '../encode/encoder.ts'
import { LateenError } from '../errors.ts'
import { lexicalWriter } from '../lexical/lexical.ts'
import type { Backend } from '../search/backend.ts'
import { filesOf, type Manifest, type SegmentReference, serializeManifest } from '../segment/manifest.ts'
import { divideSegment } from '../segment/parts.ts'
import type { WritableStore } from '../store/store.ts'
import { PASSAGE_POLICY } from '../text/passages.ts'
import type { ChangeSummary, OnProgress } from '../types.ts'
import { throwIfAborted } from '../util/abort.ts'
import { buildSegments, countPassages } from './build.ts'
import { BITS, type Bits, codecForIndex, indexPooling } from './codec.ts'
import type { Coder } from './coder.ts'
import { fileReference } from './index.ts'
import { newManifest } from './manifest.ts'
import {
  type AnyDocument,
  type PreparedDocument,
  prepareDocuments,
  prepareStream,
  type Skipped,
} from './prepare.ts'

export interface WriteIndexOptions {
  /** What it holds is replaced. */
  readonly store: WritableStore
  /**
   * A list is looked at as a whole before the first document is encoded. Documents that come one by one
   * are written as they come: only a few hundred passages and one segment are held at a time.
   */
  readonly documents: readonly AnyDocument[] | AsyncIterable<AnyDocument>
  readonly backend: {
    readonly encoder: Pick<Encoder, 'spec' | 'countTokens' | 'encodeDocuments'>
    readonly modelCodec: Backend['modelCodec']
  }
  /** Codes passages in place of the encoder, for example on several threads; called once. */
  readonly openCoder?: (codec: Codec, pooling: Manifest['pooling']) => Coder
  readonly bits: Bits
  /** Document tokens per stored vector, a whole number from 1. */
  readonly poolFactor: number
  /** False: one passage per document, cut where the model cuts. @default true */
  readonly split?: boolean
  /** Told of every document that has become part of the index to be. */
  readonly onDocument?: (document: PreparedDocument) => void
  /** Called when everything is stored but the manifest: last chance to fail without a trace. */
  readonly beforeCommit?: () => Promise<void>
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
 * Reads, encodes and stores documents with a keyword index. The same documents give the same bytes, and
 * files that are stored already are not written again.
 *
 * A codec that has to be trained first needs to see all documents: with a model that brings none, the text
 * of a stream is held.
 *
 * @throws LateenError `bad-argument`; `bad-document` when none of the documents holds text;
 *         `duplicate-id`; `aborted`, and then the store still has the index it had; what the store throws
 */
export async function writeIndex(options: WriteIndexOptions): Promise<WrittenIndex> {
  const { documents, backend, bits, poolFactor, split = true, signal, onProgress } = options
  assertOptions(bits, poolFactor)
  const { encoder, modelCodec } = backend
  const events = { ...(signal ? { signal } : {}), ...(onProgress ? { onProgress } : {}) }

  const skipped: Skipped[] = []
  let prepared: PreparedDocument[] | AsyncIterable<PreparedDocument>
  if (isList(documents)) {
    const list = await prepareDocuments(documents, { encoder, split, ...events })
    prepared = list.prepared
    skipped.push(...list.skipped)
  } else {
    prepared = prepareStream(documents, skipped, { encoder, split, ...events })
    if (bits <= 4 && !modelCodec) prepared = await collect(prepared)
  }
  if (Array.isArray(prepared)) assertSome(prepared.length, skipped)
  const pooling = indexPooling(encoder.spec, poolFactor)
  const { codec, file } = await codecForIndex(
    bits,
    encoder,
    modelCodec,
    Array.isArray(prepared) ? prepared : [],
    pooling,
  )
  const policy = split ? PASSAGE_POLICY : 'document'
  return writePrepared({
    ...options,
    prepared,
    skipped,
    codec,
    ...(file ? { codecFile: file } : {}),
    pooling,
    policy,
    ...(options.openCoder ? { coder: options.openCoder(codec, pooling) } : {}),
  })
}

export interface WritePreparedOptions
  extends Pick<
    WriteIndexOptions,
    'store' | 'backend' | 'onDocument' | 'beforeCommit' | 'signal' | 'onProgress'
  > {
  readonly prepared: readonly PreparedDocument[] | AsyncIterable<PreparedDocument>
  /** What was left out so far; documents that come one by one may still add to it. */
  readonly skipped: readonly Skipped[]
  readonly codec: Codec
  /** The file to store with the index when the model does not bring the codec. */
  readonly codecFile?: Uint8Array
  readonly pooling: Manifest['pooling']
  /** Name of the rule that made the passages. */
  readonly policy: string
  /** Codes passages in place of the encoder. */
  readonly coder?: Coder
}

/** The second half of `writeIndex`, for documents that are cut into passages, and perhaps coded, already. */
export async function writePrepared(options: WritePreparedOptions): Promise<WrittenIndex> {
  const { store, prepared, skipped, codec, codecFile: file, pooling, policy, signal, onProgress } = options
  const { encoder } = options.backend
  const references: SegmentReference[] = []
  let written = 0
  /** Keywords of the segment that is being built. */
  let keywords = lexicalWriter()
  const segments = buildSegments(prepared, {
    encoder,
    codec,
    pooling,
    ...(options.coder ? { coder: options.coder } : {}),
    ...(Array.isArray(prepared) ? { total: countPassages(prepared) } : {}),
    onDocument(document) {
      written++
      const { passages } = document
      for (const passage of passages) keywords.add({ passage, passages: passages.length })
      options.onDocument?.(document)
    },
    ...(signal ? { signal } : {}),
    ...(onProgress ? { onProgress } : {}),
  })
  for await (const segment of segments) {
    const { reference, files } = divideSegment(segment, keywords.finish())
    keywords = lexicalWriter()
    references.push(reference)
    await storeFiles(store, files, signal)
  }
  assertSome(written, skipped)

  const codecFile = file && fileReference(file, 'codec')
  if (codecFile) await storeFiles(store, new Map([[codecFile.file, file]]), signal)
  const blank = newManifest({
    spec: encoder.spec,
    codec,
    ...(codecFile ? { codecFile } : {}),
    pooling,
    policy,
  })
  await options.beforeCommit?.()
  const manifest = await replace(store, { ...blank, segments: references }, signal)
  const sum = (key: 'passages' | 'vectors') => references.reduce((n, reference) => n + reference[key], 0)
  return {
    documents: written,
    passages: sum('passages'),
    vectors: sum('vectors'),
    skipped,
    manifest,
    bytes: indexBytes(manifest),
  }
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

/** Stores what is missing or differs; what is there as it should be keeps even its date. */
async function storeFiles(
  store: WritableStore,
  files: ReadonlyMap<string, Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const [file, bytes] of files) {
    throwIfAborted(signal)
    if (!(await isStored(store, file, bytes))) await store.stage(file, bytes)
  }
}

async function isStored(store: WritableStore, file: string, bytes: Uint8Array): Promise<boolean> {
  if (!(await store.has(file))) return false
  const source = await store.open({ file, bytes: bytes.length })
  if (source.byteLength !== bytes.length) return false
  const stored = await source.read(0, bytes.length)
  for (let i = 0; i < bytes.length; i++) if (stored[i] !== bytes[i]) return false
  return true
}

/** Puts the manifest in place, unless the one that is there says the same. */
async function replace(
  store: WritableStore,
  manifest: Manifest,
  signal: AbortSignal | undefined,
): Promise<Manifest> {
  const existing = await store.readManifest(signal)
  const revision = existing?.revision ?? 0
  throwIfAborted(signal)
  if (existing && serializeManifest({ ...manifest, revision }) === serializeManifest(existing)) {
    return existing
  }
  const next = { ...manifest, revision: revision + 1 }
  await store.commit(next, new Map(), revision)
  return next
}

function isList(documents: WriteIndexOptions['documents']): documents is readonly AnyDocument[] {
  return typeof documents !== 'object' || documents === null || !(Symbol.asyncIterator in documents)
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

function assertSome(documents: number, skipped: readonly Skipped[]) {
  if (documents > 0) return
  const [first] = skipped
  throw new LateenError(
    'bad-document',
    `Expected at least one document with text, found none among ${skipped.length}${first ? ` ("${first.id}": ${first.reason})` : ''}.`,
  )
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
