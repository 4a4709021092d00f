/** Texts repeat their words, so that most of what is asked of a word has been answered before. */

/** Far more words than the documents of one language use. */
const MAX_WORDS = 65_536
/** Longer runs are data, and hardly one comes twice. */
const MAX_WORD_LENGTH = 48

/** The same function, which keeps its answers. */
export function remembering<T extends object | number>(answer: (word: string) => T): (word: string) => T {
  const known = new Map<string, T>()
  return (word) => {
    const old = known.get(word)
    if (old !== undefined) return old
    const fresh = answer(word)
    if (word.length > MAX_WORD_LENGTH) return fresh
    if (known.size >= MAX_WORDS) known.clear()
    // A copy: part of a string keeps all of it in memory.
    known.set(Array.from(word).join(''), fresh)
    return fresh
  }
}
