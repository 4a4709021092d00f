/** The k best of many scores. */

/** A passage and its score; ids are global passage numbers. Lists of them run from best to worst. */
export interface Ranked {
  readonly id: number
  readonly score: number
}

/**
 * The k highest scores, best first, ties by lower position; NaN ranks below everything.
 *
 * Keeps a binary heap of k entries whose root is the worst kept one: n log k at most, and about n when
 * few late scores make it.
 *
 * @param k how many at most; 0 or less gives none
 * @param idOf id of the score at a position; must grow with the position, so that ties go to the lower id @default the position
 */
export function topK(
  scores: ArrayLike<number>,
  k: number,
  idOf: (position: number) => number = (i) => i,
): Ranked[] {
  const heap: number[] = []
  const size = Math.min(k, scores.length)
  if (!(size > 0)) return []
  const scoreAt = (position: number) => {
    const score = scores[position]!
    return Number.isNaN(score) ? Number.NEGATIVE_INFINITY : score
  }
  const worse = (a: number, b: number) => scoreAt(a) < scoreAt(b) || (scoreAt(a) === scoreAt(b) && a > b)

  for (let position = 0; position < scores.length; position++) {
    if (heap.length < size) siftUp(heap, position, worse)
    else if (worse(heap[0]!, position)) replaceRoot(heap, position, worse)
  }
  return heap
    .sort((a, b) => (worse(a, b) ? 1 : -1))
    .map((position) => ({ id: idOf(position), score: scores[position]! }))
}

type Before = (a: number, b: number) => boolean

function siftUp(heap: number[], value: number, before: Before) {
  let i = heap.push(value) - 1
  while (i > 0) {
    const parent = (i - 1) >> 1
    if (!before(value, heap[parent]!)) break
    heap[i] = heap[parent]!
    i = parent
  }
  heap[i] = value
}

function replaceRoot(heap: number[], value: number, before: Before) {
  let i = 0
  for (;;) {
    let child = 2 * i + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++
    if (!before(heap[child]!, value)) break
    heap[i] = heap[child]!
    i = child
  }
  heap[i] = value
}
