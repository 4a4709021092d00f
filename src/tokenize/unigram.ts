/**
 * Cuts a word into the pieces that are likeliest together (Kudo 2018), in time and memory that grow with its
 * length only.
 */
import type { Unigram } from '@huggingface/tokenizers'

/** How much less likely an unknown character is than the unlikeliest piece. */
const UNKNOWN_PENALTY = 10

/** Returns a function from a word to its pieces; neighbouring unknown characters are one piece. */
export function unigramPieces(model: Unigram): (word: string) => string[] {
  // The library overwrites the score of the unknown token after it has taken the least.
  const unknownScore = model.min_score - UNKNOWN_PENALTY

  return (word) => {
    const best = new Float64Array(word.length + 1)
    const from = new Int32Array(word.length + 1).fill(NONE)
    const isUnknown = new Uint8Array(word.length + 1)
    const offer = (start: number, end: number, score: number, unknown: boolean) => {
      const through = best[start]! + score
      if (from[end] !== NONE && through <= best[end]!) return
      best[end] = through
      from[end] = start
      isUnknown[end] = unknown ? 1 : 0
    }

    for (let start = 0; start < word.length; ) {
      const next = start + widthAt(word, start)
      let hasSingle = false
      let node: Node | undefined = model.trie.root
      for (let end = start; end < word.length; ) {
        const width = widthAt(word, end)
        node = node.children.get(width === 1 ? word[end]! : word.slice(end, end + width))
        if (!node) break
        end += width
        if (!node.is_leaf) continue
        hasSingle ||= end === next
        offer(start, end, model.scores[model.tokens_to_ids.get(word.slice(start, end))!]!, false)
      }
      if (!hasSingle) offer(start, next, unknownScore, true)
      start = next
    }

    const pieces: string[] = []
    for (let end = word.length; end > 0; ) {
      let start = from[end]!
      if (isUnknown[end]) while (start > 0 && isUnknown[start]) start = from[start]!
      pieces.push(word.slice(start, end))
      end = start
    }
    return pieces.reverse()
  }
}

const NONE = -1

interface Node {
  readonly is_leaf: boolean
  readonly children: ReadonlyMap<string, Node>
}

function widthAt(text: string, at: number): number {
  return text.codePointAt(at)! > 0xffff ? 2 : 1
}
