/**
 * Text to token ids, vocabulary strings and character spans, by any `tokenizer.json`.
 *
 * The ids are those of `@huggingface/tokenizers`, which follows the reference tokenizers: a special
 * token written out in the text (`[MASK]`, `[Q]`) is that token, as it is there. That never makes it
 * the marker, which is told by its place and not by its id. Known differences from the reference:
 * Greek final sigma keeps its form, CJK characters beyond the basic plane are not split one by one,
 * and about 650 rare combining marks are newer than the reference's Unicode tables.
 */
import { Tokenizer as Library } from '@huggingface/tokenizers'
import { LateenError } from '../errors.ts'
import type { Span } from '../types.ts'
import { wordwiseCount } from './tokenize-count.ts'
import { spanAligner } from './tokenize-spans.ts'

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
  const library = build(tokenizerJson, tokenizerConfig)
  const lowercase = options.lowercase ?? false
  const align = spanAligner(library, tokenizerJson, lowercase)
  const { numLeading, numTrailing } = countSpecials(library)
  // The reference strips before it tokenises; byte-level tokenizers see the difference.
  const encode = (whole: string) => {
    const input = whole.trim()
    return library.encode(lowercase ? input.toLowerCase() : input)
  }
  const countWhole = (whole: string) => encode(whole).ids.length
  const count = wordwiseCount(tokenizerJson, countWhole) ?? countWhole

  return {
    numLeading,
    numTrailing,
    idOf: (token) => library.token_to_id(token),
    tokenOf: (id) => library.id_to_token(id) ?? '',
    tokenize(text, prompt = '') {
      const whole = prompt + text
      const offset = whole.length - whole.trimStart().length - prompt.length
      const { ids, tokens } = encode(whole)
      let spans: (Span | undefined)[] | undefined
      return {
        ids: new Int32Array(ids),
        tokens,
        get spans() {
          spans ??= locate(align(whole.trim()), tokens, numLeading, numTrailing, offset)
          return spans
        },
      }
    },
    count: (text, prompt = '') => count(prompt + text),
  }
}

function build(tokenizerJson: object, tokenizerConfig: object): Library {
  try {
    return new Library(tokenizerJson, tokenizerConfig)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new LateenError('model-invalid', `tokenizer.json cannot be used: ${reason}`, { cause })
  }
}

/** Special tokens around a text, told from what encoding adds to it. */
function countSpecials(library: Library): { numLeading: number; numTrailing: number } {
  const inner = library.encode('a', { add_special_tokens: false }).tokens
  const outer = library.encode('a').tokens
  const added = outer.length - inner.length
  for (let lead = 0; lead <= added; lead++) {
    if (inner.every((token, i) => outer[lead + i] === token)) {
      return { numLeading: lead, numTrailing: added - lead }
    }
  }
  return { numLeading: 0, numTrailing: 0 }
}

/** Spans of a whole tokenisation, shifted into the caller's text. */
function locate(
  inner: { tokens: readonly string[]; spans: readonly (Span | undefined)[] },
  tokens: readonly string[],
  numLeading: number,
  numTrailing: number,
  shift: number,
): (Span | undefined)[] {
  return tokens.map((token, i) => {
    const at = i - numLeading
    // A token the aligner sees otherwise than the tokenizer has no place that can be trusted.
    if (at < 0 || i >= tokens.length - numTrailing || inner.tokens[at] !== token) return undefined
    const span = inner.spans[at]
    if (!span || span.end + shift <= 0) return undefined
    return { start: Math.max(0, span.start + shift), end: span.end + shift }
  })
}
