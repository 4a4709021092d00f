/**
 * What a layout says of a model, before words become ids and files are loaded. The readers in `layouts/`
 * produce it; nothing after them knows which one it was.
 */
import type { DenseLayer, ModelSpec, TextKind } from './spec.ts'

export interface ModelLayout
  extends Pick<ModelSpec, 'queryLength' | 'documentLength' | 'queryPrompt' | 'documentPrompt'>,
    Partial<Pick<ModelSpec, 'pooling' | 'similarity'>> {
  /** Folder of the tokenizer, empty or ending in a slash. */
  readonly folder: string
  /** `config.json` of the transformer: its `model_type` tells the default special tokens. */
  readonly config: Json
  readonly text: TextRules
  /** Vocabulary strings inserted by id; absent or empty inserts nothing. */
  readonly queryMarker?: string
  readonly documentMarker?: string
  readonly expansion?: ExpansionRules | undefined
  readonly skiplist: SkiplistRules
  /** Ids of the only document tokens that are scored. */
  readonly only?: readonly number[] | undefined
  /** Components of the vectors. */
  readonly dim: number
  readonly head: readonly DenseDescription[]
}

/** What the home library does to a text before its tokenizer does anything. */
export interface TextRules {
  readonly strips: boolean
  /** `first` lowercases the whole text, special tokens written out in it included; `inside` what lies between them. */
  readonly lowercase?: 'first' | 'inside'
  /** Vocabulary strings that become one token where a text spells them out, whatever `tokenizer.json` says. */
  readonly added?: readonly string[]
}

export interface ExpansionRules extends Pick<NonNullable<ModelSpec['expansion']>, 'attend' | 'strategy'> {
  readonly length: number
  /** @default the mask token, else the end token, and whatever else `tokens` names */
  readonly token?: string
  /** The tokenizer's own tokens that are tried, in order. */
  readonly tokens: readonly SpecialToken[]
  /** A padding token written out in a query becomes an expansion token. */
  readonly takesPadding?: boolean
}

export interface SkiplistRules {
  readonly words: readonly string[]
  /**
   * How a word becomes an id: `string` looks it up, and takes the unknown token's id for one that is not
   * there; `known` leaves such words out; `first` tokenises it and takes the first id.
   */
  readonly ids: 'string' | 'known' | 'first'
  readonly kinds: readonly TextKind[]
  /** Drops a padding token that a text spells out. */
  readonly dropsPadding?: boolean
}

export type SpecialToken = 'mask_token' | 'eos_token' | 'pad_token' | 'unk_token'

export interface DenseDescription extends Pick<DenseLayer, 'inFeatures' | 'outFeatures' | 'activation'> {
  /** Folder of its weights, empty or ending in a slash. */
  readonly folder: string
  readonly bias: boolean
  readonly residual: boolean
}

/** Reads a JSON object of the bundle; undefined when the file is optional and absent. */
export interface JsonReader {
  required(path: string): Promise<Json>
  optional(path: string): Promise<Json | undefined>
}

export type Json = Readonly<Record<string, unknown>>
