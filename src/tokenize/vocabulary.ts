/** What all kinds of models have in common. */

/** The `model` of a `tokenizer.json`. */
export interface ModelConfig {
  /** Old files leave it out. */
  readonly type?: string
  /** Ids by piece; of a Unigram model pieces with their scores, by id. */
  readonly vocab?: Readonly<Record<string, number>> | readonly (readonly [piece: string, score: number])[]
  readonly merges?: readonly (string | readonly [string, string])[]
  readonly unk_token?: string | null
  readonly unk_id?: number | null
  readonly continuing_subword_prefix?: string | null
  readonly end_of_word_suffix?: string | null
  readonly max_input_chars_per_word?: number
  readonly fuse_unk?: boolean
  readonly byte_fallback?: boolean
  readonly ignore_merges?: boolean
}

export interface Model {
  /** What a word consists of; a string that is not in the vocabulary stands for the unknown token. */
  readonly pieces: (word: string) => readonly string[]
  readonly ids: Vocabulary
  /** By id. */
  readonly vocabulary: readonly string[]
  readonly unknown: string | undefined
  /** Neighbouring unknown tokens of a word are one. */
  readonly fusesUnknown: boolean
  /** What pieces bear inside of a word, and at its end. */
  readonly prefix: string
  readonly suffix: string
}

/** Ids by piece. */
export type Vocabulary = ReadonlyMap<string, number>

/** The pieces that stand for the UTF-8 bytes of a text; undefined when one is missing. */
export function bytePieces(text: string, ids: Vocabulary): string[] | undefined {
  const bytes = Array.from(
    new TextEncoder().encode(text),
    (byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
  )
  return bytes.every((byte) => ids.has(byte)) ? bytes : undefined
}
