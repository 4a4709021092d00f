/** What a tokenizer does to a text before it looks for words, with the reference's Unicode. */
import { readCharsmap } from './charsmap.ts'
import { type PatternConfig, patternOf } from './patterns.ts'
import { DECOMPOSED_LATER, FORMAT_LATER, MARKS_BEFORE, MARKS_LATER } from './unicode.ts'

export type Normalize = (text: string) => string

/** The `normalizer` of a `tokenizer.json`. */
export interface NormalizerConfig {
  readonly type?: string
  readonly normalizers?: readonly NormalizerConfig[]
  readonly clean_text?: boolean
  readonly handle_chinese_chars?: boolean
  readonly strip_accents?: boolean | null
  readonly lowercase?: boolean
  readonly strip_left?: boolean
  readonly strip_right?: boolean
  readonly pattern?: PatternConfig
  readonly content?: string
  readonly prepend?: string
  readonly precompiled_charsmap?: string | null
}

/** @throws Error when the kind is unknown */
export function normalizerOf(config: NormalizerConfig | null | undefined): Normalize {
  if (!config) return (text) => text
  switch (config.type) {
    case 'Sequence': {
      const stages = (config.normalizers ?? []).map(normalizerOf)
      return (text) => stages.reduce((changed, stage) => stage(changed), text)
    }
    case 'BertNormalizer':
      return bertNormalizer(config)
    case 'Lowercase':
      return lowercased
    case 'NFC':
    case 'NFD':
    case 'NFKC':
    case 'NFKD': {
      const form = config.type
      return (text) => normalized(text, form)
    }
    case 'Strip':
      return (text) => stripped(text, config.strip_left ?? true, config.strip_right ?? true, WHITE_SPACE)
    case 'StripAccents':
      return (text) => text.replace(/\p{M}/gu, '')
    case 'Replace': {
      const { content = '' } = config
      const pattern = patternOf(config.pattern)
      // A function: a dollar sign is one.
      return (text) => text.replace(pattern, () => content)
    }
    case 'Prepend':
      return (text) => (text === '' ? text : (config.prepend ?? '') + text)
    case 'Precompiled':
      return config.precompiled_charsmap ? readCharsmap(config.precompiled_charsmap) : (text) => text
    default:
      throw new Error(`Unknown normalizer: ${config.type}`)
  }
}

/** Lower case letter by letter: Σ becomes σ also at the end of a word. */
function lowercased(text: string): string {
  return text.replaceAll('Σ', 'σ').toLowerCase()
}

/** For character classes: what `str.strip` and `str.split` take for white space. A byte order mark is not. */
export const PYTHON_SPACE = '\\p{White_Space}\\u001c-\\u001f'

const WHITE_SPACE = /\p{White_Space}/u
const ANY_PYTHON_SPACE = new RegExp(`[${PYTHON_SPACE}]`, 'u')

/** `str.strip`, or one half of it. */
export function pythonStripped(text: string, side: 'left' | 'both' = 'both'): string {
  return stripped(text, true, side === 'both', ANY_PYTHON_SPACE)
}

function stripped(text: string, left: boolean, right: boolean, space: RegExp): string {
  let from = 0
  let to = text.length
  while (left && from < to && space.test(text[from]!)) from++
  while (right && to > from && space.test(text[to - 1]!)) to--
  return text.slice(from, to)
}

const BETWEEN_LATER = new RegExp(`[^${DECOMPOSED_LATER}]+`, 'gu')
const ANY_LATER = new RegExp(`[${DECOMPOSED_LATER}]`, 'u')

function normalized(text: string, form: 'NFC' | 'NFD' | 'NFKC' | 'NFKD'): string {
  if (!ANY_LATER.test(text)) return text.normalize(form)
  return text.replace(BETWEEN_LATER, (part) => part.normalize(form))
}

const REMOVED = new RegExp(`(?![\\t\\n\\r${FORMAT_LATER}])[\\0\\ufffd\\p{Cc}\\p{Cf}\\p{Co}\\p{Cs}]`, 'gu')
/** As the reference has them: the end of the second block is missing there. */
const CJK =
  /[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u{20000}-\u{2a6df}\u{2a700}-\u{2b81f}\u{2b920}-\u{2ceaf}\u{2f800}-\u{2fa1f}]/gu
const MARKS = new RegExp(`(?![${MARKS_LATER}])[\\p{Mn}${MARKS_BEFORE}]`, 'gu')
/** Text of which only letters and line ends can change. */
const PLAIN = /^[\t\n\r -~]*$/

function bertNormalizer(config: NormalizerConfig): Normalize {
  const { clean_text: clean = true, handle_chinese_chars: cjk = true, lowercase = true } = config
  const strip = config.strip_accents ?? lowercase
  return (text) => {
    let changed = text
    if (PLAIN.test(text)) {
      if (clean) changed = text.replace(/[\t\n\r]/g, ' ')
      return lowercase ? changed.toLowerCase() : changed
    }
    if (clean) changed = changed.replace(REMOVED, '').replace(/\p{White_Space}/gu, ' ')
    if (cjk) changed = changed.replace(CJK, ' $& ')
    if (strip) changed = normalized(changed, 'NFD').replace(MARKS, '')
    return lowercase ? lowercased(changed) : changed
  }
}
