/**
 * Documents to segments: the same function for the command line, plugins and `add` in a browser.
 */
import type { Codec, CodedVectors } from '../compress/codec.ts'
import { encodeVectors } from '../compress/encode.ts'
import { poolTokens } from '../compress/pool.ts'
import type { EncodedText, Encoder } from '../encode/encoder.ts'
import { isLateenError, LateenError } from '../errors.ts'
import type { Manifest } from '../segment/manifest.ts'
import type { SegmentPassage } from '../segment/segment.ts'
import { segmentBuilder, type WrittenSegment } from '../segment/write.ts'
import { parseDocument } from '../text/parse.ts'
import { encodedText, splitDocument } from '../text/passages.ts'
import type { ChangeSummary, DocumentInput, Metadata, OnProgress, Passage } from '../types.ts'
import { throwIfAborted } from '../util/abort.ts'
import { breathe } from '../util/breathe.ts'
import { sha256Hex } from '../util/hash.ts'
import { progressMeter } from './progress.ts'

/** A segment this large stays inside the default 128 MiB binding limit of WebGPU at any codec we write. */
const MAX_SEGMENT_PASSAGES = 20_000
/** Passages encoded at a time: enough for full batches of equal length, few enough to bound memory. */
const ENCODE_WINDOW = 256

export interface BuildOptions {
  readonly encoder: Encoder
  readonly codec: Codec
  readonly pooling: Manifest['pooling']
  /** False: one passage per document, cut where the model cuts. @default true */
  readonly split?: boolean
  readonly signal?: AbortSignal
  readonly onProgress?: OnProgress
}

export interface BuildResult {
  readonly segments: readonly WrittenSegment[]
  readonly summary: ChangeSummary
}

/** A document read and cut, ready to be encoded. */
export interface PreparedDocument {
  readonly id: string
  readonly metadata: Metadata
  readonly contentHash: string
  readonly passages: readonly Passage[]
}

/**
 * Parses and splits: the cheap half of a build, and all that is needed to see what changed. A document
 * that cannot be read or holds no text is left out and named in `skipped`.
 *
 * @throws LateenError `bad-argument` on malformed input, `duplicate-id`, `aborted`
 */
export async function prepareDocuments(
  documents: readonly DocumentInput[],
  options: Pick<BuildOptions, 'encoder' | 'split' | 'signal'>,
): Promise<{ prepared: PreparedDocument[]; skipped: ChangeSummary['skipped'][number][] }> {
  assertDocuments(documents)
  const { encoder, split = true } = options
  const prepared: PreparedDocument[] = []
  const skipped: ChangeSummary['skipped'][number][] = []
  for (const input of documents) {
    await breathe()
    throwIfAborted(options.signal)
    try {
      const document = parseDocument(input)
      const passages = splitDocument(document, {
        countTokens: encoder.countTokens,
        maxTokens: encoder.spec.documentLength,
        split,
      })
      if (passages.length === 0) {
        skipped.push({ id: input.id, reason: 'It holds no text.' })
        continue
      }
      const { id, metadata } = document
      prepared.push({ id, metadata, contentHash: contentHash(passages), passages })
    } catch (error) {
      if (!isLateenError(error, 'bad-document')) throw error
      skipped.push({ id: input.id, reason: error.message })
    }
  }
  return { prepared, skipped }
}

/**
 * The expensive half: encodes, pools and quantises passages, window by window, into segments of at most
 * 20,000 passages.
 *
 * @throws LateenError `aborted`, and what the encoder throws
 */
export async function encodeSegments(
  prepared: readonly PreparedDocument[],
  skipped: ChangeSummary['skipped'],
  options: BuildOptions,
): Promise<BuildResult> {
  const { encoder, codec, pooling, signal } = options
  const total = prepared.reduce((sum, { passages }) => sum + passages.length, 0)
  const meter = progressMeter(
    { job: 'indexing', stage: 'encode', unit: 'passages', total },
    options.onProgress,
  )
  const segments: WrittenSegment[] = []
  let builder = segmentBuilder({ model: encoder.spec, codec, pooling })
  for (const window of windows(prepared, ENCODE_WINDOW)) {
    const texts = window.flatMap(({ passages }) => passages.map((passage) => encodedText(passage).text))
    const before = meter.done
    const encoded = await encoder.encodeDocuments(texts, {
      ...(signal ? { signal } : {}),
      onBatch: (done) => meter.update(before + done),
    })
    let next = 0
    for (const document of window) {
      await breathe()
      throwIfAborted(signal)
      if (builder.numPassages > 0 && builder.numPassages + document.passages.length > MAX_SEGMENT_PASSAGES) {
        segments.push(builder.finish())
        builder = segmentBuilder({ model: encoder.spec, codec, pooling })
      }
      const own = encoded.slice(next, (next += document.passages.length))
      builder.add({ ...document, ...storePassages(document.passages, own, codec, pooling) })
    }
    meter.update(before + texts.length)
  }
  if (builder.numPassages > 0) segments.push(builder.finish())
  const sum = (key: 'passages' | 'vectors') => segments.reduce((n, { reference }) => n + reference[key], 0)
  return {
    segments,
    summary: { documents: prepared.length, passages: sum('passages'), vectors: sum('vectors'), skipped },
  }
}

function storePassages(
  passages: readonly Passage[],
  encoded: readonly EncodedText[],
  codec: Codec,
  pooling: Manifest['pooling'],
): { passages: SegmentPassage[]; vectors: CodedVectors } {
  const pooled = encoded.map(({ matrix }) => poolTokens(matrix, pooling))
  const rows = pooled.reduce((sum, { matrix }) => sum + matrix.numTokens, 0)
  const data = new Float32Array(rows * codec.dim)
  let row = 0
  for (const { matrix } of pooled) {
    data.set(matrix.data.subarray(0, matrix.numTokens * codec.dim), row * codec.dim)
    row += matrix.numTokens
  }
  return {
    passages: passages.map((passage, i) => ({
      passage,
      numVectors: pooled[i]!.matrix.numTokens,
      tokenMap: pooled[i]!.tokenMap,
    })),
    vectors: encodeVectors(codec, { data, numTokens: rows, dim: codec.dim }),
  }
}

/** Whole documents gathered until they hold at least `size` passages. */
function* windows(documents: readonly PreparedDocument[], size: number): Generator<PreparedDocument[]> {
  let window: PreparedDocument[] = []
  let passages = 0
  for (const document of documents) {
    window.push(document)
    passages += document.passages.length
    if (passages >= size) {
      yield window
      window = []
      passages = 0
    }
  }
  if (window.length > 0) yield window
}

/** Everything that is stored or encoded decides the hash, so equal hashes need no new work. */
function contentHash(passages: readonly Passage[]): string {
  return sha256Hex(new TextEncoder().encode(JSON.stringify(passages)))
}

function assertDocuments(documents: readonly DocumentInput[]) {
  if (!Array.isArray(documents)) {
    throw new LateenError('bad-argument', `Expected a list of documents, found ${typeof documents}.`)
  }
  const seen = new Set<string>()
  for (const [i, document] of documents.entries()) {
    if (typeof document?.id !== 'string' || document.id === '') {
      throw new LateenError(
        'bad-argument',
        `Document ${i} has no id: every document needs a non-empty string.`,
      )
    }
    if (typeof document.text !== 'string') {
      throw new LateenError(
        'bad-argument',
        `Document "${document.id}" has no text: expected a string, found ${typeof document.text}.`,
      )
    }
    if (seen.has(document.id)) {
      throw new LateenError(
        'duplicate-id',
        `The id "${document.id}" is given twice; ids are unique within an index.`,
      )
    }
    seen.add(document.id)
  }
}
