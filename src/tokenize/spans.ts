/**
 * Where tokens stand in a text. The stages of the tokenizer are run again, each over a string that
 * remembers where its units came from. Nothing here knows a model family by name.
 */
import type { Span } from '../types.ts'
import type { FindAdded } from './added.ts'
import type { Stages, TokenizerFields } from './stages.ts'
import { joinTraced, sliceTraced, type Traced, trace, transformTraced } from './traced.ts'
import type { Model } from './vocabulary.ts'
import { inByteCharacters, SPACE_PIECE, type WordsConfig } from './words.ts'

export interface AlignedTokens {
  readonly ids: readonly number[]
  readonly spans: readonly (Span | undefined)[]
}

/** Returns a function from a text to its tokens, without special tokens around it, and their spans. */
export function spanAligner(
  stages: Stages,
  { unknown, prefix, suffix }: Pick<Model, 'unknown' | 'prefix' | 'suffix'>,
  fields: Pick<TokenizerFields, 'pre_tokenizer'>,
  lowercase: boolean,
): (text: string) => AlignedTokens {
  const alphabet = alphabetOf(fields.pre_tokenizer)

  return (text) => {
    const ids: number[] = []
    const spans: (Span | undefined)[] = []
    const push = (id: number, start: number | undefined, end: number | undefined) => {
      ids.push(id)
      spans.push(trimmedSpan(text, start, end))
    }

    const source = lowercase ? transformTraced(trace(text), (s) => s.toLowerCase()) : trace(text)
    for (const raw of tracedParts(source, stages.findRaw)) {
      if (raw.id !== undefined) pushWhole(raw.part, raw.id)
      else {
        const normalized = transformTraced(raw.part, stages.normalize)
        for (const { part, from, id } of tracedParts(normalized, stages.findNormalized)) {
          if (id !== undefined) pushWhole(part, id)
          else pushWords(part, raw.from + from === 0)
        }
      }
    }
    return { ids, spans }

    function pushWhole(part: Traced, id: number) {
      push(id, part.start[0], part.end.at(-1))
    }

    function pushWords(part: Traced, isFirst: boolean) {
      const written = alphabet.write(part)
      let cursor = 0
      for (const word of stages.words(part.text, isFirst)) {
        const { at, next } = findWord(written.text, word, cursor, alphabet.space)
        cursor = next
        const first = ids.length
        pushPieces(written, word, at)
        if (stages.fusesUnknown) fuse(first)
      }
    }

    /** The tokens of one word; `at` is where it begins, −1 more when a space was put in front of it. */
    function pushPieces(written: Traced, word: string, at: number | undefined) {
      const pieces = stages.pieces(word)
      let offset = 0
      let pendingBytes = 0
      for (const piece of pieces) {
        const rest = word.slice(offset)
        let length: number
        let advance: number
        if (pieces.length === 1) length = advance = word.length
        else if (piece === unknown) length = advance = firstCodePoint(rest).length
        else if (BYTE_TOKEN.test(piece) && !rest.startsWith(piece)) {
          const character = firstCodePoint(rest)
          length = character.length
          const complete = ++pendingBytes === utf8Length(character)
          advance = complete ? length : 0
          if (complete) pendingBytes = 0
        } else length = advance = bareLength(piece, offset > 0)
        const from = at === undefined ? undefined : Math.max(0, at + offset)
        push(stages.idOf(piece), ...sourceRange(written, from, at === undefined ? 0 : at + offset + length))
        offset += advance
      }
    }

    function bareLength(piece: string, inside: boolean): number {
      let length = piece.length
      if (inside && piece.startsWith(prefix)) length -= prefix.length
      if (piece.endsWith(suffix)) length -= suffix.length
      return length
    }

    /** Neighbouring unknown tokens, from the `first` on, become one. */
    function fuse(first: number) {
      for (let i = ids.length - 1; i > first; i--) {
        if (ids[i] !== stages.unknownId || ids[i - 1] !== stages.unknownId) continue
        spans[i - 1] = trimmedSpan(text, spans[i - 1]?.start ?? spans[i]?.start, spans[i]?.end)
        ids.splice(i, 1)
        spans.splice(i, 1)
      }
    }
  }
}

const BYTE_TOKEN = /^<0x[0-9A-F]{2}>$/

function firstCodePoint(text: string): string {
  return String.fromCodePoint(text.codePointAt(0) ?? 0)
}

function utf8Length(character: string): number {
  return new TextEncoder().encode(character).length
}

/** Where `word` stands at or after `cursor`; a space the pre-tokenizer put in front of it is not there. */
function findWord(
  text: string,
  word: string,
  cursor: number,
  space: string,
): { at: number | undefined; next: number } {
  if (!text.startsWith(word, cursor) && space !== '' && word.startsWith(space)) {
    const bare = word.slice(space.length)
    let from = cursor
    while (from < text.length && (text.startsWith(space, from) || isWhiteSpace(text[from]!))) from++
    if (text.startsWith(bare, from)) return { at: from - space.length, next: from + bare.length }
  }
  const at = text.indexOf(word, cursor)
  return at < 0 ? { at: undefined, next: cursor } : { at, next: at + word.length }
}

function sourceRange(
  written: Traced,
  from: number | undefined,
  to: number,
): [number | undefined, number | undefined] {
  if (from === undefined || to <= from) return [undefined, undefined]
  return [written.start[from], written.end[to - 1]]
}

/** Without the white space a piece carries in front, unless it is nothing else. */
function trimmedSpan(text: string, start: number | undefined, end: number | undefined): Span | undefined {
  if (start === undefined || end === undefined || end <= start) return undefined
  let from = start
  let to = end
  while (from < end && isWhiteSpace(text[from]!)) from++
  if (from === end) return { start, end }
  while (isWhiteSpace(text[to - 1]!)) to--
  return { start: from, end: to }
}

function isWhiteSpace(character: string): boolean {
  return /\p{White_Space}/u.test(character)
}

function tracedParts(source: Traced, find: FindAdded) {
  return find(source.text).map(({ from, to, id }) => ({ from, id, part: sliceTraced(source, from, to) }))
}

/** How a pre-tokenizer writes the words it hands on. */
interface Alphabet {
  readonly write: (text: Traced) => Traced
  /** How it writes a space; empty when words carry none. */
  readonly space: string
}

function alphabetOf(stage: WordsConfig | null | undefined): Alphabet {
  const byteLevel = findStage(stage, 'ByteLevel')
  if (byteLevel) return { write: writeBytes, space: inByteCharacters(' ') }
  const metaspace = findStage(stage, 'Metaspace')
  if (metaspace) {
    const space = metaspace.replacement ?? SPACE_PIECE
    return { write: (text) => ({ ...text, text: text.text.replaceAll(' ', space) }), space }
  }
  return { write: (text) => text, space: '' }
}

function findStage(stage: WordsConfig | null | undefined, type: string): WordsConfig | undefined {
  if (stage?.type === type) return stage
  return stage?.pretokenizers?.map((inner) => findStage(inner, type)).find((found) => found !== undefined)
}

function writeBytes(source: Traced): Traced {
  const parts: Traced[] = []
  let at = 0
  for (const character of source.text) {
    const text = inByteCharacters(character)
    const start = source.start[at]!
    const end = source.end[at + character.length - 1]!
    parts.push({ text, start: Array(text.length).fill(start), end: Array(text.length).fill(end) })
    at += character.length
  }
  return joinTraced(parts)
}
