/** Tokens that are found in a text as they stand, before its words are: markers, special tokens and their like. */
import { literally } from './patterns.ts'
import { WORD_CHARACTER } from './words.ts'

/** An entry of `added_tokens` in a `tokenizer.json`. */
export interface AddedToken {
  readonly id: number
  readonly content: string
  /** Not as part of a longer word. */
  readonly single_word?: boolean
  /** With the white space before it, after it. */
  readonly lstrip?: boolean
  readonly rstrip?: boolean
  /** Looked for in the normalised text. */
  readonly normalized?: boolean
  readonly special?: boolean
}

/** What a token of a settings file reads as: they are stored as strings or as objects, null where there is none. */
export function tokenText(token: unknown): string | undefined {
  const text = typeof token === 'object' ? (token as { content?: unknown } | null)?.content : token
  return typeof text === 'string' ? text : undefined
}

/** A part of a text; `id` when it is an added token, white space that it takes in included. */
export interface Part {
  readonly from: number
  readonly to: number
  readonly id: number | undefined
}

export type FindAdded = (text: string) => Part[]

/** Finds, from the left, the longest of the tokens as `written`. */
export function addedFinder(
  tokens: readonly AddedToken[],
  written: (token: AddedToken) => string,
): FindAdded {
  const byText = new Map(tokens.map((token) => [written(token), token]))
  byText.delete('')
  const literals = [...byText.keys()].sort((a, b) => b.length - a.length).map(literally)
  if (literals.length === 0)
    return (text) => (text === '' ? [] : [{ from: 0, to: text.length, id: undefined }])
  const pattern = new RegExp(literals.join('|'), 'g')

  return (text) => {
    const parts: Part[] = []
    let cursor = 0
    for (const match of text.matchAll(pattern)) {
      const token = byText.get(match[0])!
      let from = match.index
      let to = from + match[0].length
      if (token.single_word && (endsInWord(text.slice(0, from)) || beginsWithWord(text.slice(to)))) continue
      if (token.lstrip) while (from > cursor && WHITE_SPACE.test(text[from - 1]!)) from--
      if (token.rstrip) while (to < text.length && WHITE_SPACE.test(text[to]!)) to++
      if (from > cursor) parts.push({ from: cursor, to: from, id: undefined })
      parts.push({ from, to, id: token.id })
      cursor = to
    }
    if (cursor < text.length) parts.push({ from: cursor, to: text.length, id: undefined })
    return parts
  }
}

const WHITE_SPACE = /\p{White_Space}/u

function endsInWord(text: string): boolean {
  const last = Array.from(text.slice(-2)).at(-1)
  return last !== undefined && WORD_CHARACTER.test(last)
}

function beginsWithWord(text: string): boolean {
  const [first] = text.slice(0, 2)
  return first !== undefined && WORD_CHARACTER.test(first)
}
