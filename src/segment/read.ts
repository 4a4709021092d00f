/** Opens the files of a segment: everything is checked before the first byte is handed out. */
export type { SegmentContext } from './common.ts'
export { openTextSegment } from './read-text.ts'
export { openVectorSegment, readVectors } from './read-vectors.ts'
