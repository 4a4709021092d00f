import type { EncodedText } from '../encode/encoder.ts'
import type { Ranked } from './topk.ts'
export function meaningful(ranked: readonly Ranked[], query: EncodedText, floor: number): Ranked[] {
  return ranked.filter(({ score }) => score / query.matrix.numTokens >= floor)
}
