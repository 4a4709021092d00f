/**
 * Tokenisation of Japanese BERT checkpoints (`BertJapaneseTokenizer`): compatibility forms are brought to
 * one, words found with a dictionary, then every word cut by the vocabulary.
 */
import { LateenError } from '../errors.ts'
import { bertTokenizerJson, type VocabularyFiles } from './bert-vocabulary.ts'
import type { Segmenter } from './mecab.ts'
import { PYTHON_SPACE } from './normalize.ts'
import type { TokenizerOptions } from './tokenize.ts'

export interface JapaneseTokenizer {
  readonly json: object
  readonly options: Pick<TokenizerOptions, 'normalize' | 'words'>
}

/** How a checkpoint finds its words. */
export type WordTokenizer = 'mecab' | 'basic' | 'none'

/** @throws LateenError `model-unsupported` for what has no counterpart here */
export function wordTokenizerOf(config: VocabularyFiles['config']): WordTokenizer {
  const { do_word_tokenize: words = true, word_tokenizer_type: type = 'basic' } = config
  const { do_subword_tokenize: pieces = true, subword_tokenizer_type: subwords = 'wordpiece' } = config
  if (pieces !== true || (subwords !== 'wordpiece' && subwords !== 'character')) {
    throw unsupported(
      'subword_tokenizer_type',
      pieces === true ? subwords : 'none',
      '"wordpiece" or "character"',
    )
  }
  if (words !== true) return 'none'
  if (type !== 'mecab' && type !== 'basic') {
    throw unsupported('word_tokenizer_type', type, '"mecab" or "basic"')
  }
  const { mecab_option: option } = mecabOptions(config)
  if (type === 'mecab' && /(^|\s)-u/.test(option ?? '')) {
    throw unsupported('mecab_option', option, 'no dictionary of the user beside the main one')
  }
  return type
}

/** @param segmenter of the dictionary that belongs to the checkpoint; needed for `mecab` only */
export function japaneseTokenizer(files: VocabularyFiles, segmenter?: Segmenter): JapaneseTokenizer {
  const { config } = files
  const words = wordTokenizerOf(config)
  const lowers = config['do_lower_case'] === true
  const basic = { normalizer: { ...BASIC, lowercase: lowers }, pre_tokenizer: { type: 'BertPreTokenizer' } }
  const json = bertTokenizerJson(files) as { added_tokens: readonly object[] }
  // The lookup of added tokens comes before everything else there.
  const added_tokens = json.added_tokens.map((token) => ({ ...token, normalized: false }))
  const whole = { ...json, added_tokens, normalizer: null, pre_tokenizer: null }
  const pieces =
    config['subword_tokenizer_type'] === 'character'
      ? (word: string) => Array.from(word)
      : (word: string) => word.split(SPACES).filter((part) => part !== '')

  if (words === 'basic' && config['subword_tokenizer_type'] !== 'character') {
    return { json: { ...whole, ...basic }, options: {} }
  }
  if (words === 'basic') {
    const characters = { type: 'Split', pattern: { Regex: '[\\s\\S]' }, behavior: 'Isolated', invert: false }
    const pretokenizers = [basic.pre_tokenizer, characters]
    return { json: { ...whole, ...basic, pre_tokenizer: { type: 'Sequence', pretokenizers } }, options: {} }
  }
  if (words === 'none' || !segmenter) return { json: whole, options: { words: pieces } }

  const normalizes = mecabOptions(config).normalize_text ?? true
  const lower = (text: string) => (lowers ? text.toLowerCase() : text)
  return {
    json: whole,
    options: {
      normalize: (text) => (normalizes ? lower(text).normalize('NFKC') : lower(text)),
      words: (text) => segmenter(text).flatMap((word) => pieces(lower(word))),
    },
  }
}

const SPACES = new RegExp(`[${PYTHON_SPACE}]+`, 'u')
const BASIC = { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: false, strip_accents: null }

interface MecabOptions {
  readonly mecab_dic?: string | null
  readonly mecab_option?: string | null
  readonly normalize_text?: boolean
}

/** The `mecab_kwargs` of a `tokenizer_config.json`. */
export function mecabOptions(config: VocabularyFiles['config']): MecabOptions {
  return (config['mecab_kwargs'] ?? {}) as MecabOptions
}

function unsupported(key: string, found: unknown, expected: string): LateenError {
  return new LateenError(
    'model-unsupported',
    `tokenizer_config.json asks for ${key} ${JSON.stringify(found)}; expected ${expected}. Use a checkpoint that was trained with one of these.`,
  )
}
