/**
 * From a text to what the model sees: cut to the length, marker by id at position 1, query expansion,
 * and which vectors survive. Layouts differ in the settings only.
 */

import type { ResolvedSettings } from '../model/resolve.ts'
import type { TextKind } from '../model/spec.ts'
import type { Tokenizer } from '../tokenize/tokenize.ts'
import type { TokenizedText } from './encoder.ts'

/** The part of a model that decides its input. */
export type InputSpec = Omit<ResolvedSettings, 'lowercase' | 'padTokenId'>

interface Row {
  readonly id: number
  readonly attention: 0 | 1
  /** Position in the tokenised text; undefined for marker and expansion. */
  readonly origin?: number
}

const MARKER_POSITION = 1

/**
 * Lengths count everything: special tokens, marker and expansion. What is too long loses its last
 * words, never its closing special tokens. The marker stands at position 1 whatever position 0 holds.
 */
export function modelInput(
  spec: InputSpec,
  tokenizer: Tokenizer,
  text: string,
  kind: TextKind,
): TokenizedText {
  const isQuery = kind === 'query'
  const marker = isQuery ? spec.queryMarkerId : spec.documentMarkerId
  const expansion = isQuery ? spec.expansion : undefined
  const maxLength = isQuery ? spec.queryLength : spec.documentLength
  const limit = expansion?.strategy === 'fixed' ? expansion.length : maxLength
  const forMarker = marker === undefined ? 0 : 1

  const whole = tokenizer.tokenize(text, isQuery ? spec.queryPrompt : spec.documentPrompt)
  const rows = keptPositions(whole.ids.length, limit - forMarker, tokenizer.numTrailing).map(
    (origin): Row => {
      const id = whole.ids[origin]!
      return { id: expansion?.replaces === id ? expansion.tokenId : id, attention: 1, origin }
    },
  )
  if (expansion) {
    const added: Row = { id: expansion.tokenId, attention: expansion.attend ? 1 : 0 }
    const missing = Math.max(0, expansion.length - forMarker - rows.length)
    rows.splice(expansion.side === 'left' ? 0 : rows.length, 0, ...Array<Row>(missing).fill(added))
  }
  if (marker !== undefined) rows.splice(MARKER_POSITION, 0, { id: marker, attention: 1 })

  const { skip, only } = spec.kept[kind]
  const isKept = ({ id }: Row) => !skip.has(id) && (only?.has(id) ?? true)
  return {
    ids: Int32Array.from(rows, (row) => row.id),
    attention: Uint8Array.from(rows, (row) => row.attention),
    tokens: rows.map((row) =>
      row.origin === undefined ? tokenizer.tokenOf(row.id) : whole.tokens[row.origin]!,
    ),
    get spans() {
      return rows.map((row) => (row.origin === undefined ? undefined : whole.spans[row.origin]))
    },
    kept: Uint32Array.from(rows.flatMap((row, position) => (isKept(row) ? [position] : []))),
  }
}

/** Tokens of a document before it is cut: special tokens, prompt and marker included. */
export function countDocumentTokens(spec: InputSpec, tokenizer: Tokenizer, text: string): number {
  return tokenizer.count(text, spec.documentPrompt) + (spec.documentMarkerId === undefined ? 0 : 1)
}

/** Positions that stay when `length` tokens have to fit into `limit`. */
function keptPositions(length: number, limit: number, numTrailing: number): number[] {
  const positions = Array.from({ length }, (_, position) => position)
  if (length <= limit) return positions
  const numTail = Math.min(numTrailing, Math.max(0, limit))
  return [...positions.slice(0, Math.max(0, limit - numTail)), ...positions.slice(length - numTail)]
}
