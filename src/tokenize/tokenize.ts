/**
 * Text to token ids, vocabulary strings and character spans, by any `tokenizer.json`.
 *
 * The ids are those of the reference tokenizers (Rust, 0.23): a special token written out in the text
 * (`[MASK]`, `[Q]`) is that token, as it is there. That never makes it the marker, which is told by its
 * place and not by its id.
 */
import { Tokenizer as Library } from '@huggingface/tokenizers'
import { LateenError } from '../errors.ts'
import type { Span } from '../types.ts'
import { wordwiseCount } from './count.ts'
import { pythonStripped } from './normalize.ts'
import { type AlignedTokens, spanAligner } from './spans.ts'
import { stagedEncoder, type TokenizerFields, tokenizerStages } from './stages.ts'

/** A text as its tokenizer cuts it, special tokens included, nothing truncated. */
export interface Tokenization {
  readonly ids: Int32Array
  /** One vocabulary string per id. */
  readonly tokens: readonly string[]
  /**
   * Where each token stands in the text, in UTF-16 units; undefined for special tokens that were
   * added and for tokens of the prompt. Ascending; tokens that share a character overlap there.
   * Computed when first read: it costs about as much as tokenising.
   */
  readonly spans: readonly (Span | undefined)[]
}

export interface Tokenizer {
  /**
   * @param prompt put in front of the text; spans do not count it
   */
  tokenize(text: string, prompt?: string): Tokenization
  /** How many ids `tokenize` gives, at a fraction of its time. */
  count(text: string, prompt?: string): number
  /** The id of a vocabulary string; undefined when it is not in the vocabulary, never the id of the unknown token. */
  idOf(token: string): number | undefined
  /** The vocabulary string of an id. */
  tokenOf(id: number): string
  /** How many special tokens stand before and after every text. */
  readonly numLeading: number
  readonly numTrailing: number
}

export interface TokenizerOptions {
  /** Lowercases the text first, on top of what the tokenizer itself does. @default false */
  readonly lowercase?: boolean
  /** Takes white space off both ends of the text first; byte-level tokenizers see the difference. @default true */
  readonly strips?: boolean
  /** What else normalises the text, after the `normalizer`. */
  readonly normalize?: (text: string) => string
  /** Parts the normalised text into words, in place of the `pre_tokenizer`. */
  readonly words?: (text: string) => readonly string[]
}

/**
 * @param tokenizerJson   the parsed `tokenizer.json`; its truncation and padding are ignored
 * @param tokenizerConfig the parsed `tokenizer_config.json`, or `{}`
 * @throws LateenError `model-invalid` when the library refuses it
 */
export function createTokenizer(
  tokenizerJson: object,
  tokenizerConfig: object,
  options: TokenizerOptions = {},
): Tokenizer {
  const { library, stages } = build(tokenizerJson, tokenizerConfig, options)
  const { lowercase = false, strips = true } = options
  const align = spanAligner(stages, library, tokenizerJson, lowercase)
  const { leading, trailing } = specialTokens(library)
  const inner = stagedEncoder(stages)
  const encode = (whole: string) => {
    const input = strips ? pythonStripped(whole) : whole
    return inner(lowercase ? input.toLowerCase() : input)
  }
  const countWhole = (whole: string) => leading.length + encode(whole).length + trailing.length
  const count = wordwiseCount(tokenizerJson, countWhole) ?? countWhole
  const tokenOf = (id: number) => library.id_to_token(id) ?? ''

  return {
    numLeading: leading.length,
    numTrailing: trailing.length,
    idOf: (token) => library.token_to_id(token),
    tokenOf,
    tokenize(text, prompt = '') {
      const whole = prompt + text
      const ids = Int32Array.from([...leading, ...encode(whole), ...trailing])
      let tokens: string[] | undefined
      let spans: (Span | undefined)[] | undefined
      return {
        ids,
        get tokens() {
          tokens ??= Array.from(ids, tokenOf)
          return tokens
        },
        get spans() {
          const input = strips ? pythonStripped(whole) : whole
          const skipped = strips ? whole.length - pythonStripped(whole, 'left').length : 0
          spans ??= locate(align(input), ids, leading.length, trailing.length, skipped - prompt.length)
          return spans
        },
      }
    },
    count: (text, prompt = '') => count(prompt + text),
  }
}

function build(tokenizerJson: object, tokenizerConfig: object, options: TokenizerOptions) {
  try {
    const library = new Library(tokenizerJson, tokenizerConfig)
    return { library, stages: tokenizerStages(library, tokenizerJson as TokenizerFields, options) }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new LateenError('model-invalid', `tokenizer.json cannot be used: ${reason}`, { cause })
  }
}

/** Ids put around every text. */
function specialTokens(library: Library): { leading: readonly number[]; trailing: readonly number[] } {
  const inner = library.encode('a', { add_special_tokens: false }).ids
  const outer = library.encode('a').ids
  const added = outer.length - inner.length
  for (let lead = 0; lead <= added; lead++) {
    if (inner.every((id, i) => outer[lead + i] === id)) {
      return { leading: outer.slice(0, lead), trailing: outer.slice(lead + inner.length) }
    }
  }
  return { leading: [], trailing: [] }
}

/** Spans of a whole tokenisation, shifted into the caller's text. */
function locate(
  inner: AlignedTokens,
  ids: Int32Array,
  numLeading: number,
  numTrailing: number,
  shift: number,
): (Span | undefined)[] {
  return Array.from(ids, (id, i) => {
    const at = i - numLeading
    // A token the aligner sees otherwise than the tokenizer has no place that can be trusted.
    if (at < 0 || i >= ids.length - numTrailing || inner.ids[at] !== id) return undefined
    const span = inner.spans[at]
    if (!span || span.end + shift <= 0) return undefined
    return { start: Math.max(0, span.start + shift), end: span.end + shift }
  })
}
