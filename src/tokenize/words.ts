/** How a tokenizer parts a text into words, with the reference's Unicode. */
import { literally, type PatternConfig, patternOf } from './patterns.ts'
import { PUNCTUATION_BEFORE, PUNCTUATION_LATER } from './unicode.ts'

/** `isFirst` tells that the text begins where the whole one does. */
export type SplitWords = (text: string, isFirst: boolean) => readonly string[]

/** The `pre_tokenizer` of a `tokenizer.json`. */
export interface WordsConfig {
  readonly type?: string
  readonly pretokenizers?: readonly WordsConfig[]
  readonly pattern?: PatternConfig
  readonly delimiter?: string
  readonly length?: number
  readonly behavior?: string
  readonly invert?: boolean
  readonly individual_digits?: boolean
  readonly add_prefix_space?: boolean
  readonly use_regex?: boolean
  readonly replacement?: string
  readonly prepend_scheme?: string
  readonly split?: boolean
}

/** @throws Error when the kind is unknown */
export function splitterOf(config: WordsConfig | null | undefined): SplitWords {
  if (!config) return (text) => [text]
  switch (config.type) {
    case 'Sequence': {
      const stages = (config.pretokenizers ?? []).map(splitterOf)
      return (text, isFirst) =>
        stages.reduce<readonly string[]>(
          (words, stage) => words.flatMap((word, i) => stage(word, isFirst && i === 0)),
          [text],
        )
    }
    case 'BertPreTokenizer':
      return bertWords
    case 'ByteLevel':
      return byteLevel(config)
    case 'Metaspace':
      return metaspace(config)
    case 'WhitespaceSplit':
      return (text) => text.match(/\P{White_Space}+/gu) ?? []
    case 'Whitespace':
      return (text) => text.match(WORDS_AND_SYMBOLS) ?? []
    case 'Punctuation':
      return (text) => partAt(text, ONE_PUNCTUATION, config.behavior ?? 'Isolated')
    case 'Digits':
      return (text) => partAt(text, /\p{N}/gu, config.individual_digits ? 'Isolated' : 'Contiguous')
    case 'Split': {
      const pattern = patternOf(config.pattern)
      return (text) => partAt(text, pattern, config.behavior ?? 'Isolated', config.invert)
    }
    case 'CharDelimiterSplit': {
      const delimiter = patternOf({ String: config.delimiter ?? '' })
      return (text) => partAt(text, delimiter, 'Removed')
    }
    case 'FixedLength': {
      const part = new RegExp(`[^]{1,${config.length ?? 5}}`, 'gu')
      return (text) => text.match(part) ?? []
    }
    default:
      throw new Error(`Unknown pre-tokenizer: ${config.type}`)
  }
}

const PUNCTUATION = `\\p{P}!-/:-@\\[-\`{-~${PUNCTUATION_BEFORE}`
const ONE_PUNCTUATION = new RegExp(`(?![${PUNCTUATION_LATER}])[${PUNCTUATION}]`, 'gu')
const LATER = new RegExp(`[${PUNCTUATION_LATER}]`, 'u')
const BERT_WORDS = new RegExp(`[^\\p{White_Space}${PUNCTUATION}]+|[${PUNCTUATION}]`, 'gu')
const BERT_WORDS_LATER = new RegExp(
  `(?:[${PUNCTUATION_LATER}]|[^\\p{White_Space}${PUNCTUATION}])+|[${PUNCTUATION}]`,
  'gu',
)

function bertWords(text: string): readonly string[] {
  return text.match(LATER.test(text) ? BERT_WORDS_LATER : BERT_WORDS) ?? []
}

const WORD = '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\u200c\\u200d'
const WORDS_AND_SYMBOLS = new RegExp(`[${WORD}]+|[^${WORD}\\p{White_Space}]+`, 'gu')
export const WORD_CHARACTER = new RegExp(`[${WORD}]`, 'u')

const GPT2_WORDS =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu

function byteLevel({ add_prefix_space: prefix = true, use_regex: parts = true }: WordsConfig): SplitWords {
  return (text) => {
    const whole = prefix && !text.startsWith(' ') ? ` ${text}` : text
    return (parts ? (whole.match(GPT2_WORDS) ?? []) : [whole]).map(inByteCharacters)
  }
}

/** GPT-2's alphabet: printable bytes stand for themselves, the others for code points from 256 on. */
const BYTE_CHARACTERS: readonly string[] = (() => {
  const isPrintable = (byte: number) =>
    (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte < 0xad) || byte > 0xad
  let next = 256
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isPrintable(byte) ? byte : next++))
})()

const encoder = new TextEncoder()

/** The UTF-8 bytes of a text, one character each. */
export function inByteCharacters(text: string): string {
  // Bytes that stand for themselves.
  if (/^[!-~]*$/.test(text)) return text
  let written = ''
  for (const byte of encoder.encode(text)) written += BYTE_CHARACTERS[byte]
  return written
}

/** What SentencePiece writes for a space. */
export const SPACE_PIECE = '\u2581'

function metaspace(config: WordsConfig): SplitWords {
  const space = config.replacement ?? SPACE_PIECE
  const prepend = config.prepend_scheme ?? (config.add_prefix_space === false ? 'never' : 'always')
  const split = config.split ?? true
  const spaces = new RegExp(literally(space), 'gu')
  return (text, isFirst) => {
    const written = text.replaceAll(' ', space)
    const wants = prepend === 'always' || (prepend === 'first' && isFirst)
    const whole = wants && !written.startsWith(space) ? space + written : written
    return split && whole.lastIndexOf(space) > 0 ? partAt(whole, spaces, 'MergedWithNext') : [whole]
  }
}

/** What becomes of the matches a text is parted at. */
function partAt(text: string, pattern: RegExp, behavior: string, invert = false): readonly string[] {
  const parts: { text: string; isMatch: boolean }[] = []
  const take = (from: number, to: number, isMatch: boolean) => {
    if (to > from) parts.push({ text: text.slice(from, to), isMatch: isMatch !== invert })
  }
  let cursor = 0
  for (const match of text.matchAll(pattern)) {
    take(cursor, match.index, false)
    cursor = match.index + match[0].length
    take(match.index, cursor, true)
  }
  take(cursor, text.length, false)

  const joins: Record<string, (before: boolean, after: boolean) => boolean> = {
    Contiguous: (before, after) => before === after,
    MergedWithPrevious: (before, after) => after && !before,
    MergedWithNext: (before, after) => before && !after,
  }
  if (behavior === 'Removed') return parts.filter(({ isMatch }) => !isMatch).map((part) => part.text)
  const isJoined = joins[behavior]
  if (!isJoined) return parts.map((part) => part.text)
  const words: string[] = []
  parts.forEach((part, i) => {
    const before = parts[i - 1]
    if (before && isJoined(before.isMatch, part.isMatch)) words[words.length - 1] += part.text
    else words.push(part.text)
  })
  return words
}
