import { LateenError } from '../errors.ts'
import type { VectorSegment } from '../segment/segment.ts'
import type { LoadedSegment } from './scorer.ts'

/** The segments a scorer holds, each with what the scorer needs to score it. */
export interface Residents<T> {
  /** @throws LateenError `closed` when the scorer was disposed meanwhile; `value` is freed then */
  add(segment: VectorSegment, bytes: number, value: T): LoadedSegment
  /** @throws LateenError `closed` after either was disposed, `bad-argument` for a segment of another scorer */
  get(loaded: LoadedSegment): T
  /** @throws LateenError `closed` */
  assertOpen(): void
  dispose(): void
}

/** @param free releases what garbage collection does not */
export function residents<T>(free: (value: T) => void = () => {}): Residents<T> {
  const held = new Map<LoadedSegment, T>()
  const freed = new WeakSet<LoadedSegment>()
  let open = true

  function release(loaded: LoadedSegment) {
    const value = held.get(loaded)
    if (value === undefined) return
    held.delete(loaded)
    freed.add(loaded)
    free(value)
  }

  function assertOpen() {
    if (!open) throw new LateenError('closed', 'The scorer was used after dispose().')
  }

  return {
    add({ numPassages, numVectors }, bytes, value) {
      if (!open) free(value)
      assertOpen()
      const loaded: LoadedSegment = { numPassages, numVectors, bytes, dispose: () => release(loaded) }
      held.set(loaded, value)
      return loaded
    },
    get(loaded) {
      assertOpen()
      const value = held.get(loaded)
      if (value !== undefined) return value
      if (freed.has(loaded)) throw new LateenError('closed', 'The segment was used after dispose().')
      throw new LateenError('bad-argument', 'Expected a segment loaded by this scorer, found one of another.')
    },
    assertOpen,
    dispose() {
      open = false
      for (const loaded of [...held.keys()]) release(loaded)
    },
  }
}
