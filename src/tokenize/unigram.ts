/**
 * Cuts a word into the pieces that are likeliest together (Kudo 2018), in time and memory that grow with its
 * length only.
 */

/** How much less likely an unknown character is than the unlikeliest piece. */
const UNKNOWN_PENALTY = 10

/**
 * Returns a function from a word to its pieces; neighbouring unknown characters are one piece.
 *
 * @param vocab pieces with their log probabilities
 */
export function unigramPieces(
  vocab: readonly (readonly [piece: string, score: number])[],
): (word: string) => string[] {
  const root: Node = { children: new Map() }
  let least = Number.POSITIVE_INFINITY
  for (const [piece, score] of vocab) {
    least = Math.min(least, score)
    add(root, piece, score)
  }
  const unknownScore = least - UNKNOWN_PENALTY

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
      let node: Node | undefined = root
      for (let end = start; end < word.length; ) {
        const width = widthAt(word, end)
        node = node.children.get(width === 1 ? word[end]! : word.slice(end, end + width))
        if (!node) break
        end += width
        if (node.score === undefined) continue
        hasSingle ||= end === next
        offer(start, end, node.score, false)
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

/** A place in the tree of all pieces; `score` when one ends there. */
interface Node {
  readonly children: Map<string, Node>
  score?: number
}

function add(root: Node, piece: string, score: number): void {
  let node = root
  for (const character of piece) {
    let child = node.children.get(character)
    if (!child) node.children.set(character, (child = { children: new Map() }))
    node = child
  }
  if (piece !== '') node.score = score
}

function widthAt(text: string, at: number): number {
  return text.codePointAt(at)! > 0xffff ? 2 : 1
}
