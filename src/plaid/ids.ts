/** Ids of passages: PyLate numbers passages and keeps its users' ids in a file beside the index. */
import { readPickle } from './pickle.ts'
import { damaged } from './tensor.ts'

/**
 * PyLate's dictionary from passage numbers to ids. Numbers without an id were removed.
 *
 * @param name for messages
 * @throws LateenError `segment-corrupt`
 */
export function parseIdPickle(bytes: Uint8Array, numPassages: number, name: string): (string | undefined)[] {
  const value = readPickle(bytes, name)
  if (!(value instanceof Map)) throw damaged(name, 'a dictionary', typeof value)
  return idsOf(value, numPassages, name)
}

/**
 * @param entries numbers of passages and their ids
 * @param name    for messages
 * @throws LateenError `segment-corrupt`
 */
export function idsOf(
  entries: Iterable<readonly [unknown, unknown]>,
  numPassages: number,
  name: string,
): (string | undefined)[] {
  const ids = new Array<string | undefined>(numPassages).fill(undefined)
  for (const [number, id] of entries) {
    if (!(typeof number === 'number' && Number.isInteger(number) && number >= 0 && number < numPassages)) {
      throw damaged(name, `passage numbers below ${numPassages}`, String(number))
    }
    if (typeof id !== 'string' && typeof id !== 'number') {
      throw damaged(name, 'ids that are strings or numbers', typeof id)
    }
    ids[number] = String(id)
  }
  return ids
}
