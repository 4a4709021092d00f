/** Divides a file into parts, so that a reader on any static host transfers only what it needs. */
import { LateenError } from '../errors.ts'
import { type FileReference, MAX_PARTS, type SegmentReference, storedFiles } from './manifest.ts'
import { fileReference, type WrittenSegment } from './write.ts'

/** One request costs about as much as this many bytes: smaller parts save nothing. */
const PART_BYTES = 8192
/** Vectors are read all at once, but hosts refuse large files, some of 25 MB. */
const HOST_BYTES = 16 * 1024 * 1024

/** A file and where it may be cut: offsets into it, ascending. */
export interface CuttableFile {
  readonly bytes: Uint8Array
  readonly cuts: readonly number[]
}

export interface DividedFile {
  readonly reference: FileReference
  /** The parts by name, or the whole file; views of the bytes handed in. */
  readonly files: ReadonlyMap<string, Uint8Array>
}

/**
 * The first part ends at the first cut: it is what every reader needs. Then come as many cuts to a part
 * as fit into 8 KB, or into more where the file would have over 1,024 parts otherwise. A file of up to
 * 8 KB stays whole. The same file always falls into the same parts.
 *
 * @throws LateenError `bad-argument` when the cuts are not ascending offsets within the file
 */
export function divide(reference: FileReference, bytes: Uint8Array, cuts: readonly number[]): DividedFile {
  const ends = cuts.at(-1) === bytes.length ? cuts : [...cuts, bytes.length]
  if (ends.some((end, i) => !Number.isSafeInteger(end) || end <= (ends[i - 1] ?? 0))) {
    throw new LateenError(
      'bad-argument',
      `Expected cuts as distinct offsets within ${reference.file}, ascending, found ${cuts.slice(0, 8).join(', ')}.`,
    )
  }
  if (bytes.length <= PART_BYTES || ends.length === 1) {
    return { reference, files: new Map([[reference.file, bytes]]) }
  }
  let size = PART_BYTES
  let parts = partsOf(ends, size)
  while (parts.length > MAX_PARTS) {
    size *= 1.25
    parts = partsOf(ends, size)
  }
  const divided = { ...reference, parts }
  let start = 0
  const files = storedFiles(divided).map(
    ({ file, bytes: length }) => [file, bytes.subarray(start, (start += length))] as const,
  )
  return { reference: divided, files: new Map(files) }
}

/** A segment as a prebuilt index stores it: text and keywords in small parts, vectors in as few as hosts take. */
export function divideSegment(
  { reference, vectorFile, textFile, textCuts }: WrittenSegment,
  lexical: CuttableFile,
): { reference: SegmentReference; files: ReadonlyMap<string, Uint8Array> } {
  const numCuts = Math.floor(vectorFile.length / HOST_BYTES)
  const vectorCuts = Array.from({ length: numCuts }, (_, i) => (i + 1) * HOST_BYTES)
  const vectors = divide(reference.vectorFile, vectorFile, vectorCuts)
  const text = divide(reference.textFile, textFile, textCuts)
  const keywords = divide(fileReference(lexical.bytes, 'lexical'), lexical.bytes, lexical.cuts)
  return {
    reference: {
      ...reference,
      vectorFile: vectors.reference,
      textFile: text.reference,
      lexicalFile: keywords.reference,
    },
    files: new Map([...vectors.files, ...text.files, ...keywords.files]),
  }
}

/** Lengths of the parts when none but the first, and none that cannot be cut, is longer than `size`. */
function partsOf([first, ...ends]: readonly number[], size: number): number[] {
  const parts = [first!]
  let start = first!
  let end = start
  for (const next of ends) {
    if (end > start && next - start > size) {
      parts.push(end - start)
      start = end
    }
    end = next
  }
  return end > start ? [...parts, end - start] : parts
}
