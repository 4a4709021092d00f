/** Token vectors for callers who keep them themselves. */
import { clusterTokens, meansOf, type PoolOptions } from '../compress/pool.ts'
import type { EncodedText, Encoder } from '../encode/encoder.ts'
import { LateenError } from '../errors.ts'
import type { TextKind } from '../model/spec.ts'
import type { Span, TokenMatrix } from '../types.ts'

export interface EncodeTextsOptions {
  /** Queries and documents are read differently: other markers, lengths, expansion and skiplist. */
  readonly kind: TextKind
  /**
   * Tokens per vector of a document on average, 1 to 32; 1 keeps a vector per token. Queries are never
   * pooled. @default what the model asks for, which is 1 for most
   */
  readonly poolFactor?: number
  /** Leading tokens that pooling keeps as they are. @default what the model asks for, else 1 */
  readonly protectedTokens?: number
  readonly signal?: AbortSignal
}

/** A text as vectors, with the tokens they stand for. */
export interface TextVectors {
  /** Rows × dim, unit length unless pooled. Its memory is the caller's: it is shared with nothing. */
  readonly matrix: TokenMatrix
  /** The tokens that have a vector, in reading order, as the tokenizer wrote them, e.g. `##ing`. */
  readonly tokens: readonly string[]
  /** Where each stands in the text, in UTF-16 code units; undefined for markers and special tokens. */
  readonly spans: readonly (Span | undefined)[]
  /** The row of `matrix` that stands for each token: its own, unless tokens were pooled. */
  readonly rows: Uint32Array
}

/**
 * @returns one entry per text, in order
 * @throws LateenError `bad-argument` on anything but strings, an unknown kind, a pool factor out of range or for
 *         queries; `aborted`
 */
export async function encodeTexts(
  encoder: Encoder,
  texts: readonly string[],
  options: EncodeTextsOptions,
): Promise<TextVectors[]> {
  const { kind, signal } = options
  assertTexts(texts, options)
  const abort = signal ? { signal } : {}
  if (kind === 'document') {
    const pooling = poolingOf(encoder, options)
    return (await encoder.encodeDocuments(texts, abort)).map((text) => withTokens(text, pooling))
  }
  const queries: TextVectors[] = []
  for (const text of texts) queries.push(withTokens(await encoder.encodeQuery(text, abort), NOT_POOLED))
  return queries
}

const NOT_POOLED: PoolOptions = { factor: 1 }

/** How documents of a model are pooled unless the caller says otherwise. */
export function poolingOf(
  { spec }: Pick<Encoder, 'spec'>,
  options: Pick<EncodeTextsOptions, 'poolFactor' | 'protectedTokens'> = {},
): PoolOptions {
  const { factor, protectedTokens } = spec.pooling ?? { factor: 1, protectedTokens: 1 }
  return {
    factor: options.poolFactor ?? factor,
    protectedTokens: options.protectedTokens ?? protectedTokens,
  }
}

function withTokens({ matrix, tokenized }: EncodedText, pooling: PoolOptions): TextVectors {
  const clusters = clusterTokens(matrix, pooling)
  const { numProtected, labels } = clusters
  const { kept } = tokenized
  return {
    matrix: meansOf(matrix, clusters),
    tokens: Array.from(kept, (position) => tokenized.tokens[position]!),
    spans: Array.from(kept, (position) => tokenized.spans[position]),
    rows: Uint32Array.from(kept, (_, i) => (i < numProtected ? i : numProtected + labels[i - numProtected]!)),
  }
}

function assertTexts(texts: readonly string[], { kind, poolFactor = 1 }: EncodeTextsOptions): void {
  if (!Array.isArray(texts) || texts.some((text) => typeof text !== 'string')) {
    throw new LateenError('bad-argument', 'Expected the texts to encode as a list of strings.')
  }
  if (kind !== 'query' && kind !== 'document') {
    throw new LateenError('bad-argument', `Expected kind as 'query' or 'document', found '${kind}'.`)
  }
  if (kind === 'query' && poolFactor !== 1) {
    throw new LateenError(
      'bad-argument',
      `Queries are not pooled, but poolFactor is ${poolFactor}. Leave it out.`,
    )
  }
}
