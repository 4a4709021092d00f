/**
 * Text to token ids, vocabulary strings and character spans, by any `tokenizer.json`.
 *
 * The ids are those of the reference tokenizers (Rust, 0.23): a special token written out in the text
 * (`[MASK]`, `[Q]`) is that token, as it is there. That never makes it the marker, which is told by its
 * place and not by its id.
 */
import { LateenError } from '../errors.ts'
import type { Span } from '../types.ts'
import { affixesOf } from './affixes.ts'
import { wordwiseCount } from './count.ts'
import { modelOf } from './models.ts'
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
 * @param tokenizerJson the parsed `tokenizer.json`; its truncation and padding are ignored
 * @throws LateenError `model-invalid` when it is of a kind that is unknown, or damaged
 */
export function createTokenizer(tokenizerJson: object, options: TokenizerOptions = {}): Tokenizer {
  const fields: TokenizerFields = tokenizerJson
  const { model, stages, affixes } = build(fields, options)
  const { leading, trailing } = affixes
  const { lowercase = false, strips = true } = options
  const align = spanAligner(stages, model, fields, lowercase)
  const added = fields.added_tokens ?? []
  const addedIds = new Map(added.map(({ content, id }) => [content, id]))
  const addedTokens = new Map(added.map(({ content, id }) => [id, content]))
  const inner = stagedEncoder(stages)
  const encode = (whole: string) => {
    const input = strips ? pythonStripped(whole) : whole
    return inner(lowercase ? input.toLowerCase() : input)
  }
  const countWhole = (whole: string) => leading.length + encode(whole).length + trailing.length
  const count = wordwiseCount(tokenizerJson, countWhole) ?? countWhole
  const tokenOf = (id: number) => addedTokens.get(id) ?? model.vocabulary[id] ?? ''

  return {
    numLeading: leading.length,
    numTrailing: trailing.length,
    idOf: (token) => addedIds.get(token) ?? model.ids.get(token),
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

function build(fields: TokenizerFields, options: TokenizerOptions) {
  try {
    const model = modelOf(fields.model)
    return {
      model,
      stages: tokenizerStages(model, fields, options),
      affixes: affixesOf(fields.post_processor),
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new LateenError('model-invalid', `tokenizer.json cannot be used: ${reason}`, { cause })
  }
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
