/**
 * Where tokens stand in a text. The tokenizer library gives none, so its own stages are run again,
 * each over a string that remembers where its units came from. Nothing here knows a model family by
 * name: added tokens, normaliser, pre-tokenizer and model are those of the `tokenizer.json`.
 */
import type { Tokenizer as Library } from '@huggingface/tokenizers'
import type { Span } from '../types.ts'
import { joinTraced, sliceTraced, type Traced, trace, transformTraced } from './tokenize-traced.ts'

export interface AlignedTokens {
  readonly tokens: readonly string[]
  readonly spans: readonly (Span | undefined)[]
}

/** Returns a function from a text to its tokens, without special tokens around it, and their spans. */
export function spanAligner(
  library: Library,
  tokenizerJson: object,
  lowercase: boolean,
): (text: string) => AlignedTokens {
  const { normalizer, pre_tokenizer: preTokenizer, model } = library
  const normalize = (text: string) => (normalizer ? normalizer(text) : text)
  const added = [...library.get_added_tokens_decoder().values()]
  const rawAdded = contentsPattern(added.filter((t) => !normalizer || !t.normalized).map((t) => t.content))
  const normalizedAdded = contentsPattern(
    added.filter((t) => normalizer && t.normalized).map((t) => normalize(t.content)),
  )
  const alphabet = alphabetOf(tokenizerJson)
  const unknown = model?.unk_token
  const continuing = stringField(model?.config, 'continuing_subword_prefix')
  const endOfWord = model?.end_of_word_suffix ?? ''

  return (text) => {
    const tokens: string[] = []
    const spans: (Span | undefined)[] = []
    const push = (token: string, start: number | undefined, end: number | undefined) => {
      tokens.push(token)
      spans.push(trimmedSpan(text, start, end))
    }

    const source = lowercase ? transformTraced(trace(text), (s) => s.toLowerCase()) : trace(text)
    for (const [sectionIndex, section] of splitAt(source, rawAdded).entries()) {
      if (section.added) pushWhole(section.part)
      else
        for (const { part, added } of splitAt(transformTraced(section.part, normalize), normalizedAdded)) {
          if (added) pushWhole(part)
          else pushWords(part, sectionIndex)
        }
    }
    return { tokens, spans }

    function pushWhole(part: Traced) {
      push(part.text, part.start[0], part.end.at(-1))
    }

    function pushWords(part: Traced, sectionIndex: number) {
      const words = preTokenizer ? preTokenizer(part.text, { section_index: sectionIndex }) : [part.text]
      const written = alphabet.write(part)
      const first = tokens.length
      let cursor = 0
      for (const word of words) {
        const { at, next } = findWord(written.text, word, cursor, alphabet.space)
        cursor = next
        pushPieces(written, word, at)
      }
      if (model?.fuse_unk) fuse(first)
    }

    /** The tokens of one word; `at` is where it begins, −1 more when a space was put in front of it. */
    function pushPieces(written: Traced, word: string, at: number | undefined) {
      const pieces = model ? model([word]) : [word]
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
        push(piece, ...sourceRange(written, from, at === undefined ? 0 : at + offset + length))
        offset += advance
      }
    }

    function bareLength(piece: string, inside: boolean): number {
      let length = piece.length
      if (inside && continuing && piece.startsWith(continuing)) length -= continuing.length
      if (endOfWord && piece.endsWith(endOfWord)) length -= endOfWord.length
      return length
    }

    /** Neighbouring unknown tokens are one token in models that say so. */
    function fuse(first: number) {
      for (let i = tokens.length - 1; i > first; i--) {
        if (tokens[i] !== unknown || tokens[i - 1] !== unknown) continue
        spans[i - 1] = trimmedSpan(text, spans[i - 1]?.start ?? spans[i]?.start, spans[i]?.end)
        tokens.splice(i, 1)
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

function stringField(config: unknown, key: string): string {
  const value = (config as Record<string, unknown> | undefined)?.[key]
  return typeof value === 'string' ? value : ''
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
    while (from < text.length && (text.startsWith(space, from) || text[from]!.trim() === '')) from++
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
  const slice = text.slice(start, end)
  const lead = slice.length - slice.trimStart().length
  if (lead === slice.length) return { start, end }
  return { start: start + lead, end: end - (slice.length - slice.trimEnd().length) }
}

/** Leftmost, then longest, of some literal strings; undefined when there are none. */
function contentsPattern(contents: readonly string[]): RegExp | undefined {
  const literals = contents
    .filter((content) => content !== '')
    .sort((a, b) => b.length - a.length)
    .map((content) => content.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
  return literals.length === 0 ? undefined : new RegExp(literals.join('|'), 'g')
}

function splitAt(source: Traced, pattern: RegExp | undefined): { part: Traced; added: boolean }[] {
  const parts: { part: Traced; added: boolean }[] = []
  const take = (from: number, to: number, added: boolean) => {
    if (to > from) parts.push({ part: sliceTraced(source, from, to), added })
  }
  let cursor = 0
  for (const match of pattern ? source.text.matchAll(pattern) : []) {
    take(cursor, match.index, false)
    take(match.index, match.index + match[0].length, true)
    cursor = match.index + match[0].length
  }
  take(cursor, source.text.length, false)
  return parts
}

/** How a pre-tokenizer writes the words it hands on. */
interface Alphabet {
  readonly write: (text: Traced) => Traced
  /** How it writes a space; empty when words carry none. */
  readonly space: string
}

function alphabetOf(tokenizerJson: object): Alphabet {
  const stage = (tokenizerJson as { pre_tokenizer?: unknown }).pre_tokenizer
  const byteLevel = findStage(stage, 'ByteLevel')
  if (byteLevel) return { write: writeBytes, space: BYTE_CHARACTERS[0x20]! }
  const metaspace = findStage(stage, 'Metaspace')
  if (metaspace) {
    const space = stringField(metaspace, 'replacement') || '\u2581'
    return { write: (text) => ({ ...text, text: text.text.replaceAll(' ', space) }), space }
  }
  return { write: (text) => text, space: '' }
}

function findStage(stage: unknown, type: string): object | undefined {
  if (typeof stage !== 'object' || stage === null) return undefined
  const { type: own, pretokenizers } = stage as { type?: unknown; pretokenizers?: unknown }
  if (own === type) return stage
  if (!Array.isArray(pretokenizers)) return undefined
  return pretokenizers.map((inner) => findStage(inner, type)).find((found) => found !== undefined)
}

/** GPT-2's alphabet: printable bytes stand for themselves, the others for code points from 256 on. */
const BYTE_CHARACTERS: readonly string[] = (() => {
  const isPrintable = (byte: number) =>
    (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte < 0xad) || byte > 0xad
  let next = 256
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isPrintable(byte) ? byte : next++))
})()

function writeBytes(source: Traced): Traced {
  const encoder = new TextEncoder()
  const parts: Traced[] = []
  let at = 0
  for (const character of source.text) {
    const text = Array.from(encoder.encode(character), (byte) => BYTE_CHARACTERS[byte]!).join('')
    const start = source.start[at]!
    const end = source.end[at + character.length - 1]!
    parts.push({ text, start: Array(text.length).fill(start), end: Array(text.length).fill(end) })
    at += character.length
  }
  return joinTraced(parts)
}
