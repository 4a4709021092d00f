/** The `model` of a tokenizer: which vocabulary strings a word consists of, and their ids. */
import { bpePieces } from './bpe.ts'
import { unigramPieces } from './unigram.ts'
import { bytePieces, type Model, type ModelConfig } from './vocabulary.ts'
import { wordPieces } from './word-pieces.ts'

/** @throws Error when the kind is unknown, or has no vocabulary */
export function modelOf(config: ModelConfig | undefined): Model {
  const { vocab, unk_token, unk_id, fuse_unk: fuses = false } = config ?? {}
  if (!config || !vocab) throw new Error(`The model ${config?.type ?? ''} has no vocabulary`)
  const prefix = config.continuing_subword_prefix ?? ''
  const suffix = config.end_of_word_suffix ?? ''
  if (isScored(vocab)) {
    const vocabulary = vocab.map(([piece]) => piece)
    const ids = new Map(vocabulary.map((piece, id) => [piece, id]))
    const unknown = unk_id == null ? undefined : vocabulary[unk_id]
    const likeliest = unigramPieces(vocab)
    const inBytes = (piece: string) => (ids.has(piece) ? undefined : bytePieces(piece, ids)) ?? piece
    const pieces = config.byte_fallback ? (word: string) => likeliest(word).flatMap(inBytes) : likeliest
    return { pieces, ids, vocabulary, unknown, fusesUnknown: true, prefix, suffix }
  }
  const ids = new Map(Object.entries(vocab))
  const vocabulary: string[] = []
  for (const [piece, id] of ids) vocabulary[id] = piece
  const unknown = unk_token ?? undefined
  const model = { ids, vocabulary, unknown, fusesUnknown: fuses, prefix, suffix }
  return { ...model, pieces: piecesOf(config, model) }
}

function isScored(vocab: NonNullable<ModelConfig['vocab']>): vocab is readonly [string, number][] {
  return Array.isArray(vocab)
}

function piecesOf(config: ModelConfig, model: Omit<Model, 'pieces'>): Model['pieces'] {
  const { type = config.merges ? 'BPE' : config.continuing_subword_prefix ? 'WordPiece' : 'WordLevel' } =
    config
  switch (type) {
    case 'BPE':
      return bpePieces(config, model)
    case 'WordPiece':
      return wordPieces(model, config.max_input_chars_per_word)
    case 'WordLevel':
      return (word) => [word]
    default:
      throw new Error(`Unknown model: ${type}`)
  }
}
