/**
 * What a segment offers once its header is validated. A segment is a pair of immutable files: the
 * vectors (read by scorers) and the text (read by search for filters, hits and explanations).
 * Byte offsets are known to `layout.ts` only.
 */
import type { Codec, CodedVectors } from '../compress/codec.ts'
import type { Metadata, Passage } from '../types.ts'
import type { Manifest } from './manifest.ts'

/** The vectors of a segment, readable in parts without holding them all. */
export interface VectorSegment {
  readonly numPassages: number
  readonly numVectors: number
  readonly codec: Codec
  /** Tokens per vector on average; at 1 every kept token has a vector of its own. */
  readonly poolFactor: number
  /** Length of the file in bytes. */
  readonly byteLength: number
  /** numPassages + 1 running vector counts: vectors of passage p are rows `offsets[p]` to `offsets[p + 1]`. */
  readOffsets(): Promise<Uint32Array>
  /** Bytes [offset, offset + length) of a section; the sections are laid out as `CodedVectors` says. */
  read(section: VectorSectionName, offset: number, length: number): Promise<Uint8Array>
  /** Total bytes of a section. */
  sectionLength(section: VectorSectionName): number
}

export type VectorSectionName = 'codes' | 'centroidIds' | 'scales'

/** A document as the document table of a segment lists it. */
export interface DocumentEntry {
  readonly id: string
  readonly metadata: Metadata
  /** Hash of the document's content in hex digits: what is unchanged is not encoded again. */
  readonly contentHash: string
  readonly firstPassage: number
  readonly numPassages: number
}

/** The text of a segment: the document table is resident, passages are read in blocks. */
export interface TextSegment {
  readonly numPassages: number
  readonly documents: readonly DocumentEntry[]
  /** Number of the document a passage belongs to. */
  documentOf(passage: number): number
  readPassage(passage: number): Promise<Passage>
  /** Whether its text is here: the file is not in parts, or this part of it has been read. */
  isHere(passage: number): boolean
  /** All passages in order, block by block. */
  passages(): AsyncIterable<Passage>
}

/** What the writer needs for one passage. */
export interface SegmentPassage {
  readonly passage: Passage
  /** Number of stored vectors. */
  readonly numVectors: number
}

/** What all vectors of a segment share. */
export interface SegmentOptions {
  readonly model: Pick<Manifest['model'], 'fingerprint' | 'tokenizerHash'>
  readonly codec: Codec
  readonly pooling: Manifest['pooling']
}

/** A document with everything that is stored of it. */
export interface SegmentDocument {
  readonly id: string
  readonly metadata: Metadata
  /** Hash of the document's content, lower-case hex; short, as every reader downloads it. */
  readonly contentHash: string
  /** In order; `passage.ordinal` counts from 0. May be empty. */
  readonly passages: readonly SegmentPassage[]
  /** The stored vectors of all passages, one after the other. */
  readonly vectors: CodedVectors
}
