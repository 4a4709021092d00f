/**
 * The stages of a tokenizer: added tokens, normaliser, words, pieces of words. Each is a function of
 * strings, so that ids, counts and places in the text all come from the same ones.
 *
 * The library's own stages see some characters otherwise than the reference does, among them final sigma,
 * characters beyond the basic plane and marks its Unicode does not have yet, and take tables of
 * normalisation for NFKC. They are made here; its models, patterns and templates are used as they are.
 */
import { BPE, type Tokenizer as Library, Unigram } from '@huggingface/tokenizers'
import { type AddedToken, addedFinder, type FindAdded } from './added.ts'
import { bpePieces } from './bpe.ts'
import { type Normalize, type NormalizerConfig, normalizerOf } from './normalize.ts'
import { unigramPieces } from './unigram.ts'
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
  readonly model?: { readonly type?: string }
  readonly added_tokens?: readonly AddedToken[]
}

/** @param own normalises after the `normalizer`; finds words in place of the `pre_tokenizer` */
export function tokenizerStages(
  library: Library,
  fields: TokenizerFields,
  own: { readonly normalize?: Normalize; readonly words?: SplitWords } = {},
): Stages {
  const model = library.model!
  const first = normalizerOf(fields.normalizer)
  const normalize: Normalize = own.normalize ? (text) => own.normalize!(first(text)) : first
  const added = fields.added_tokens ?? []
  const isNormalized = ({ normalized, special }: AddedToken) => normalized ?? !special
  const unknownId = model.unk_token_id
  return {
    findRaw: addedFinder(
      added.filter((token) => !isNormalized(token)),
      (token) => token.content,
    ),
    findNormalized: addedFinder(added.filter(isNormalized), (token) => normalize(token.content)),
    normalize,
    words: own.words ?? splitterOf(fields.pre_tokenizer),
    pieces:
      model instanceof Unigram
        ? unigramPieces(model)
        : model instanceof BPE
          ? bpePieces(model)
          : (word) => model.encode([word]),
    idOf: (piece) => model.tokens_to_ids.get(piece) ?? unknownId ?? 0,
    unknownId,
    fusesUnknown: model.fuse_unk,
  }
}

/** Words of one language, and those of a site's documents. */
const MAX_WORDS = 65_536
/** Longer runs are data, and hardly one comes twice. */
const MAX_WORD_LENGTH = 48

/** Returns a function from a text to its ids, without special tokens around it. */
export function stagedEncoder(stages: Stages): (text: string) => number[] {
  const known = new Map<string, readonly number[]>()

  function idsOf(word: string): readonly number[] {
    let ids = known.get(word)
    if (ids) return ids
    const all = stages.pieces(word).map(stages.idOf)
    ids = stages.fusesUnknown ? all.filter((id, i) => id !== stages.unknownId || all[i - 1] !== id) : all
    if (word.length > MAX_WORD_LENGTH) return ids
    if (known.size >= MAX_WORDS) known.clear()
    // A copy: part of a string keeps all of it in memory.
    known.set(Array.from(word).join(''), ids)
    return ids
  }

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
