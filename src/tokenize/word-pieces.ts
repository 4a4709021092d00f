/** WordPiece (Wu et al. 2016): from the left, the longest piece there is. */
import type { Model } from './vocabulary.ts'

/** Returns a function from a word to its pieces; a word that is not made of pieces, or too long, is unknown as a whole. */
export function wordPieces(
  { ids, unknown = '', prefix }: Pick<Model, 'ids' | 'unknown' | 'prefix'>,
  maxCharacters = 100,
): (word: string) => readonly string[] {
  return (word) => {
    if (word.length > maxCharacters && Array.from(word).length > maxCharacters) return [unknown]
    const pieces: string[] = []
    for (let start = 0; start < word.length; ) {
      const before = start === 0 ? '' : prefix
      let end = word.length
      while (end > start && !ids.has(before + word.slice(start, end))) end--
      if (end === start) return [unknown]
      pieces.push(before + word.slice(start, end))
      start = end
    }
    return pieces
  }
}
