/** How long a text a model can take at all, whatever its settings cut texts to. */
import type { Json } from './layout.ts'

/** Architectures with a table of learned positions, by `model_type`. Others compute theirs. */
const LEARNED = /^(bert|distilbert|electra|mpnet|.*roberta.*|camembert|xmod)$/
/** Those of which the positions up to that of the padding token are never used. */
const AFTER_PADDING = /mpnet|roberta|camembert|xmod/
const PADDING = 1

/**
 * @param config `config.json`
 * @returns      tokens of the longest text; undefined where that is not known
 */
export function learnedPositions(config: Json): number | undefined {
  const type = String(config['model_type'])
  const { max_position_embeddings: rows, pad_token_id: padding } = config
  if (typeof rows !== 'number' || !LEARNED.test(type)) return undefined
  if (!AFTER_PADDING.test(type)) return rows
  return rows - (typeof padding === 'number' ? padding : PADDING) - 1
}
