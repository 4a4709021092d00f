/** Compaction: several segments become one without encoding anything again. */
import { LateenError } from '../errors.ts'
import { throwIfAborted } from '../util/abort.ts'
import { readVectors } from './read.ts'
import type { SegmentOptions, SegmentPassage, TextSegment, VectorSegment } from './segment.ts'
import { segmentBuilder, type WrittenSegment } from './write.ts'

export interface MergeSource {
  readonly vectors: VectorSegment
  readonly text: TextSegment
  /** Numbers of the documents to leave out. */
  readonly removed: readonly number[]
}

/**
 * Writes the surviving documents of several segments, in order, into one; codes are copied as they are.
 *
 * @param options of the new segment; the codec must be that of all sources, the pool factor is the largest of theirs
 * @throws LateenError `duplicate-id` when an id survives twice, `bad-argument` when codecs differ, `aborted`
 */
export async function mergeSegments(
  sources: readonly MergeSource[],
  options: SegmentOptions,
  signal?: AbortSignal,
): Promise<WrittenSegment> {
  // What was pooled stays so, whatever is set for new documents by now.
  const factor = Math.max(1, ...sources.map(({ vectors }) => vectors.poolFactor))
  const builder = segmentBuilder({ ...options, pooling: { ...options.pooling, factor } })
  for (const { vectors, text, removed } of sources) {
    assertSameCodec(vectors, options)
    const offsets = await vectors.readOffsets()
    const gone = new Set(removed)
    for (const [number, document] of text.documents.entries()) {
      if (gone.has(number)) continue
      throwIfAborted(signal)
      const { firstPassage, numPassages } = document
      const passages: SegmentPassage[] = []
      for (let p = firstPassage; p < firstPassage + numPassages; p++) {
        passages.push({
          passage: await text.readPassage(p),
          numVectors: offsets[p + 1]! - offsets[p]!,
        })
      }
      const rows = await readVectors(vectors, offsets[firstPassage]!, offsets[firstPassage + numPassages]!)
      builder.add({ ...document, passages, vectors: rows })
    }
  }
  return builder.finish()
}

function assertSameCodec({ codec }: VectorSegment, options: SegmentOptions): void {
  if (codec.fingerprint === options.codec.fingerprint) return
  throw new LateenError(
    'bad-argument',
    `Segments can only be merged under one codec: expected ${options.codec.fingerprint}, found ${codec.fingerprint}.`,
  )
}
