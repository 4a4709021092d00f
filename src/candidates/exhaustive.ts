import type { Candidates } from './candidates.ts'

/** Every allowed passage: nothing can be missed. Scanning codes is fast enough for tens of thousands of passages. */
export function exhaustive(): Candidates {
  return {
    select(numPassages, allows) {
      const passages = Uint32Array.from({ length: numPassages }, (_, i) => i)
      return allows ? passages.filter((passage) => allows(passage)) : passages
    },
  }
}
