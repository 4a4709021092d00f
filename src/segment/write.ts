/** Writes segments. The same documents always give the same bytes. */
import { LateenError } from '../errors.ts'
import { sha256Hex } from '../util/hash.ts'
import type { FileExtension, FileReference, SegmentReference } from './manifest.ts'
import type { SegmentDocument, SegmentOptions } from './segment.ts'
import { textWriter } from './write-text.ts'
import { vectorWriter } from './write-vectors.ts'

export type { SegmentDocument, SegmentOptions }

/** Collects documents into the two files of a segment. Holds little more than the bytes of these files. */
export interface SegmentBuilder {
  readonly numDocuments: number
  readonly numPassages: number
  readonly numVectors: number
  /** Bytes of both files so far, but for headers, the document table and the last block of text. */
  readonly byteLength: number
  /**
   * Adds a document after those before it.
   *
   * @throws LateenError `bad-argument` when passages and vectors do not agree or metadata cannot be
   *         stored, `duplicate-id`; nothing is added then
   */
  add(document: SegmentDocument): void
  /** The finished segment. The builder cannot be used afterwards: `closed`. */
  finish(): WrittenSegment
}

export interface WrittenSegment {
  /** `removed` is empty, `lexicalFile` absent. */
  readonly reference: SegmentReference
  readonly vectorFile: Uint8Array
  readonly textFile: Uint8Array
  /** Where the text file may be divided, see `divide`. */
  readonly textCuts: readonly number[]
  /** Both files by name, ready for `IndexStore.commit`. */
  readonly files: ReadonlyMap<string, Uint8Array>
}

/** @throws LateenError `bad-argument` when a fingerprint is not a SHA-256 or a number does not fit its field */
export function segmentBuilder(options: SegmentOptions): SegmentBuilder {
  assertOptions(options)
  const vectors = vectorWriter(options)
  const text = textWriter(options)
  const ids = new Set<string>()
  let finished = false
  const assertOpen = () => {
    if (finished)
      throw new LateenError(
        'closed',
        'This segment is finished. Expected a new segmentBuilder() for more documents.',
      )
  }
  return {
    get numDocuments() {
      return ids.size
    },
    get numPassages() {
      return vectors.numPassages
    },
    get numVectors() {
      return vectors.numVectors
    },
    get byteLength() {
      return vectors.byteLength + text.byteLength
    },
    add(document) {
      assertOpen()
      if (ids.has(document.id)) {
        throw new LateenError(
          'duplicate-id',
          `Expected distinct document ids, found "${document.id}" twice in one segment.`,
        )
      }
      text.check(document)
      vectors.add(document.passages, document.vectors, document.id)
      text.add(document)
      ids.add(document.id)
    },
    finish() {
      assertOpen()
      finished = true
      const { numPassages, numVectors } = vectors
      const vectorFile = vectors.finish()
      const { bytes: textFile, cuts: textCuts } = text.finish()
      const reference: SegmentReference = {
        passages: numPassages,
        documents: ids.size,
        vectors: numVectors,
        vectorFile: fileReference(vectorFile, 'vectors'),
        textFile: fileReference(textFile, 'text'),
        removed: [],
      }
      const files = new Map([
        [reference.vectorFile.file, vectorFile],
        [reference.textFile.file, textFile],
      ])
      return { reference, vectorFile, textFile, textCuts, files }
    },
  }
}

/** Names a file by its content. */
export function fileReference(bytes: Uint8Array, extension: FileExtension): FileReference {
  const sha256 = sha256Hex(bytes)
  return { file: `${sha256}.${extension}`, bytes: bytes.length, sha256 }
}

function assertOptions({ model, codec, pooling }: SegmentOptions): void {
  const hashes = {
    'model.fingerprint': model.fingerprint,
    'model.tokenizerHash': model.tokenizerHash,
    'codec.fingerprint': codec.fingerprint,
  }
  for (const [name, value] of Object.entries(hashes)) {
    if (!/^[0-9a-f]{64}$/.test(value)) {
      throw new LateenError(
        'bad-argument',
        `Expected a SHA-256 as 64 lower-case hex digits as ${name}, found "${value}".`,
      )
    }
  }
  const numbers = {
    'codec.dim': [codec.dim, 1],
    'pooling.factor': [pooling.factor, 1],
    'pooling.protectedTokens': [pooling.protectedTokens, 0],
  } as const
  for (const [name, [value, min]] of Object.entries(numbers)) {
    if (!Number.isInteger(value) || value < min || value > 0xffff) {
      throw new LateenError(
        'bad-argument',
        `Expected an integer of ${min} to 65535 as ${name}, found ${value}.`,
      )
    }
  }
  if (
    codec.kind === 'residual' &&
    ((codec.dim * codec.bits) % 8 !== 0 || codec.numCentroids < 1 || codec.numCentroids > 65_536)
  ) {
    throw new LateenError(
      'bad-argument',
      `Expected dim × bits to be a multiple of 8 and 1 to 65536 centroids, found ${codec.dim} × ${codec.bits} and ${codec.numCentroids}.`,
    )
  }
}
