/**
 * The stages of a tokenizer: added tokens, normaliser, words, pieces of words. Each is a function of
 * strings, so that ids, counts and places in the text all come from the same ones.
 *
 * Characters are seen as the reference sees them, among them final sigma, characters beyond the basic plane and
 * marks its Unicode does not have yet; of libraries only the translation of regular expressions is used.
 */
import { type AddedToken, addedFinder, type FindAdded } from './added.ts'
import type { AffixesConfig } from './affixes.ts'
import { type Normalize, type NormalizerConfig, normalizerOf } from './normalize.ts'
import { remembering } from './remember.ts'
import type { Model, ModelConfig } from './vocabulary.ts'
import { type SplitWords, splitterOf, type WordsConfig } from './words.ts'

export interface Stages {
  /** Added tokens of the text as it is, and of the normalised text between those. */
  readonly findRaw: FindAdded
  readonly findNormalized: FindAdded
  readonly normalize: Normalize
  readonly words: SplitWords
  /** Vocabulary strings that a word consists of; one that is not in the vocabulary stands for itself. */
  readonly pieces: (word: string) => readonly string[]
  /** The id of a piece, of the unknown token when it has none. */
  readonly idOf: (piece: string) => number
  readonly unknownId: number | undefined
  /** Neighbouring unknown tokens of a word are one. */
  readonly fusesUnknown: boolean
}

/** The fields of a `tokenizer.json` that are read here. */
export interface TokenizerFields {
  readonly normalizer?: NormalizerConfig | null
  readonly pre_tokenizer?: WordsConfig | null
  readonly model?: ModelConfig
  readonly post_processor?: AffixesConfig | null
  readonly added_tokens?: readonly AddedToken[]
}

/**
 * @param own normalises after the `normalizer`; finds words in place of the `pre_tokenizer`
 * @throws Error when one of the stages is of a kind that is unknown
 */
export function tokenizerStages(
  { ids, unknown, pieces, fusesUnknown }: Model,
  fields: TokenizerFields,
  own: { readonly normalize?: Normalize; readonly words?: SplitWords } = {},
): Stages {
  const first = normalizerOf(fields.normalizer)
  const normalize: Normalize = own.normalize ? (text) => own.normalize!(first(text)) : first
  const added = fields.added_tokens ?? []
  const isNormalized = ({ normalized, special }: AddedToken) => normalized ?? !special
  const unknownId = unknown === undefined ? undefined : ids.get(unknown)
  return {
    findRaw: addedFinder(
      added.filter((token) => !isNormalized(token)),
      (token) => token.content,
    ),
    findNormalized: addedFinder(added.filter(isNormalized), (token) => normalize(token.content)),
    normalize,
    words: own.words ?? splitterOf(fields.pre_tokenizer),
    pieces,
    idOf: (piece) => ids.get(piece) ?? unknownId ?? 0,
    unknownId,
    fusesUnknown,
  }
}

/** Returns a function from a text to its ids, without special tokens around it. */
export function stagedEncoder(stages: Stages): (text: string) => number[] {
  const idsOf = remembering((word): readonly number[] => {
    const all = stages.pieces(word).map(stages.idOf)
    return stages.fusesUnknown ? all.filter((id, i) => id !== stages.unknownId || all[i - 1] !== id) : all
  })

  return (text) => {
    const ids: number[] = []
    for (const raw of stages.findRaw(text)) {
      if (raw.id !== undefined) {
        ids.push(raw.id)
        continue
      }
      const normalized = stages.normalize(text.slice(raw.from, raw.to))
      for (const { from, to, id } of stages.findNormalized(normalized)) {
        if (id !== undefined) {
          ids.push(id)
          continue
        }
        for (const word of stages.words(normalized.slice(from, to), raw.from + from === 0)) {
          for (const id of idsOf(word)) ids.push(id)
        }
      }
    }
    return ids
  }
}
