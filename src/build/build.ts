/**
 * Documents to segments: the same function for the command line, plugins and `add` in a browser.
 */
import { bytesPerVector, type Codec, type CodedVectors } from '../compress/codec.ts'
import type { Encoder } from '../encode/encoder.ts'
import type { Manifest } from '../segment/manifest.ts'
import { segmentBuilder, type WrittenSegment } from '../segment/write.ts'
import { encodedText } from '../text/passages.ts'
import type { ChangeSummary, OnProgress } from '../types.ts'
import { throwIfAborted } from '../util/abort.ts'
import { breathe } from '../util/breathe.ts'
import { type Coder, joinVectors, passageCoder } from './coder.ts'
import type { PreparedDocument } from './prepare.ts'
import { progressMeter } from './progress.ts'

/**
 * Every reader pays for the head of every segment, and one change replaces all of a segment: large ones suit
 * searching, small ones changing. While it is built, a segment is held in memory.
 */
const MAX_SEGMENT_PASSAGES = 50_000
/** Vectors of a segment are bound as one buffer: 128 MiB is what WebGPU allows by default. */
const MAX_SEGMENT_VECTOR_BYTES = 128 * 1024 * 1024
/** Passages encoded at a time: enough for full batches of equal length, few enough to bound memory. */
const ENCODE_WINDOW = 256
/** Windows in work: while one is written, encoders on other threads have the next. */
const WINDOWS_AHEAD = 2

export interface SegmentsOptions {
  readonly encoder: Pick<Encoder, 'spec' | 'encodeDocuments'>
  readonly codec: Codec
  readonly pooling: Manifest['pooling']
  /** Codes passages in place of `encoder`. */
  readonly coder?: Coder
  /** Number of passages, when it is known. */
  readonly total?: number
  /** Told of every document when it is in a segment. */
  readonly onDocument?: (document: PreparedDocument) => void
  readonly signal?: AbortSignal
  readonly onProgress?: OnProgress
}

export interface BuildResult {
  readonly segments: readonly WrittenSegment[]
  readonly summary: ChangeSummary
}

/**
 * Encodes, pools and quantises the passages of a list of documents.
 *
 * @throws LateenError `aborted`, and what the encoder throws
 */
export async function encodeSegments(
  prepared: readonly PreparedDocument[],
  skipped: ChangeSummary['skipped'],
  options: SegmentsOptions,
): Promise<BuildResult> {
  const segments: WrittenSegment[] = []
  for await (const segment of buildSegments(prepared, { total: countPassages(prepared), ...options })) {
    segments.push(segment)
  }
  const sum = (key: 'passages' | 'vectors') => segments.reduce((n, { reference }) => n + reference[key], 0)
  return {
    segments,
    summary: { documents: prepared.length, passages: sum('passages'), vectors: sum('vectors'), skipped },
  }
}

/**
 * Segments of at most 50,000 passages and 128 MiB of vectors, each as soon as it is full. Two windows of
 * documents and one segment are held at a time.
 *
 * @throws LateenError `aborted`, and what the encoder throws
 */
export async function* buildSegments(
  prepared: AsyncIterable<PreparedDocument> | Iterable<PreparedDocument>,
  options: SegmentsOptions,
): AsyncGenerator<WrittenSegment> {
  const { encoder, codec, pooling, signal, total, onDocument, onProgress } = options
  const { coder = passageCoder(encoder, codec, pooling) } = options
  const meter = progressMeter(
    { job: 'indexing', stage: 'encode', unit: 'passages', ...(total === undefined ? {} : { total }) },
    onProgress,
  )
  const segment = () => segmentBuilder({ model: encoder.spec, codec, pooling })
  const code = async (window: readonly PreparedDocument[]) => {
    const texts = window.flatMap(({ passages }) => passages.map((passage) => encodedText(passage).text))
    let reported = 0
    const onBatch = (done: number) => {
      meter.update(meter.done + done - reported)
      reported = done
    }
    const coded = await coder(texts, { ...(signal ? { signal } : {}), onBatch })
    onBatch(texts.length)
    return { window, coded }
  }

  let builder = segment()
  for await (const { window, coded } of ahead(windows(prepared, ENCODE_WINDOW), code)) {
    let next = 0
    for (const document of window) {
      await breathe()
      throwIfAborted(signal)
      const added = stored(document, coded.slice(next, (next += document.passages.length)), codec)
      const passages = builder.numPassages + added.passages.length
      const vectorBytes = (builder.numVectors + added.vectors.numVectors) * bytesPerVector(codec)
      const isFull = passages > MAX_SEGMENT_PASSAGES || vectorBytes > MAX_SEGMENT_VECTOR_BYTES
      if (isFull && builder.numPassages > 0) {
        yield builder.finish()
        builder = segment()
      }
      builder.add(added)
      onDocument?.(document)
    }
  }
  if (builder.numPassages > 0) yield builder.finish()
}

export function countPassages(documents: readonly PreparedDocument[]): number {
  return documents.reduce((sum, { passages }) => sum + passages.length, 0)
}

function stored(document: PreparedDocument, coded: readonly CodedVectors[], codec: Codec) {
  return {
    ...document,
    passages: document.passages.map((passage, i) => ({
      passage,
      numVectors: coded[i]!.numVectors,
    })),
    vectors: joinVectors(codec, coded),
  }
}

/** Whole documents gathered until they hold at least `size` passages. */
async function* windows(
  documents: AsyncIterable<PreparedDocument> | Iterable<PreparedDocument>,
  size: number,
): AsyncGenerator<PreparedDocument[]> {
  let window: PreparedDocument[] = []
  let passages = 0
  for await (const document of documents) {
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

/** Results in order, a few of them worked on at a time. When one fails, the others have ended too. */
async function* ahead<T, R>(items: AsyncIterable<T>, work: (item: T) => Promise<R>): AsyncGenerator<R> {
  const running: Promise<R>[] = []
  try {
    for await (const item of items) {
      const result = work(item)
      // Its failure is met when its turn comes.
      result.catch(() => undefined)
      running.push(result)
      if (running.length >= WINDOWS_AHEAD) yield await running.shift()!
    }
    while (running.length > 0) yield await running.shift()!
  } finally {
    await Promise.allSettled(running)
  }
}
