/** From the words of a layout to the ids of its tokenizer. */
import { LateenError } from '../errors.ts'
import type { Tokenizer } from '../tokenize/tokenize.ts'
import type { ExpansionRules, Json, ModelLayout, SkiplistRules, SpecialToken } from './layout.ts'
import type { ModelSpec, TokenFilter } from './spec.ts'

/** The settings of a model that a layout and a tokenizer decide together. */
export type ResolvedSettings = Pick<
  ModelSpec,
  | 'queryLength'
  | 'documentLength'
  | 'queryMarkerId'
  | 'documentMarkerId'
  | 'expansion'
  | 'kept'
  | 'queryPrompt'
  | 'documentPrompt'
  | 'lowercase'
  | 'padTokenId'
>

/** The id of a special token; undefined when there is none. */
type IdOfSpecial = (token: SpecialToken) => number | undefined

/**
 * @param config `tokenizer_config.json`
 * @throws LateenError `model-invalid` for markers, tokens and lengths that cannot be; `model-unsupported` for a
 *         tokenizer that cuts texts at their beginning
 */
export function resolveLayout(
  layout: ModelLayout,
  tokenizer: Tokenizer,
  idOfSpecial: IdOfSpecial,
  config: Json,
): ResolvedSettings {
  if (config['truncation_side'] === 'left') {
    throw new LateenError(
      'model-unsupported',
      'tokenizer_config.json cuts long texts on the left; cutting on the right is implemented.',
    )
  }
  const queryMarkerId = markerId(tokenizer, layout.queryMarker)
  const documentMarkerId = markerId(tokenizer, layout.documentMarker)
  const { queryLength, documentLength } = layout
  checkLength(tokenizer, 'queries', queryLength, queryMarkerId)
  checkLength(tokenizer, 'documents', documentLength, documentMarkerId)
  const expansion =
    layout.expansion &&
    resolveExpansion(layout.expansion, tokenizer, idOfSpecial, config['padding_side'] === 'left')
  return {
    queryLength,
    documentLength,
    ...(queryMarkerId === undefined ? {} : { queryMarkerId }),
    ...(documentMarkerId === undefined ? {} : { documentMarkerId }),
    ...(expansion ? { expansion } : {}),
    kept: resolveFilters(layout, tokenizer, idOfSpecial),
    queryPrompt: layout.queryPrompt,
    documentPrompt: layout.documentPrompt,
    lowercase: layout.text.lowercase !== undefined,
    padTokenId:
      expansion?.tokenId ??
      (['mask_token', 'eos_token', 'pad_token'] as const).map(idOfSpecial).find((id) => id !== undefined) ??
      0,
  }
}

/** The home libraries add a marker that is missing with a random embedding, or take the unknown token for it. */
function markerId(tokenizer: Tokenizer, marker = ''): number | undefined {
  if (marker === '') return undefined
  const id = tokenizer.idOf(marker)
  if (id !== undefined) return id
  throw new LateenError(
    'model-invalid',
    `The settings of the model name the marker ${JSON.stringify(marker)}, which its tokenizer does not have. Take all files from one version of the model.`,
  )
}

function checkLength(tokenizer: Tokenizer, what: string, length: number, marker: number | undefined): void {
  const needed = tokenizer.numLeading + tokenizer.numTrailing + (marker === undefined ? 0 : 1)
  if (length >= needed) return
  throw new LateenError(
    'model-invalid',
    `The settings of the model cut ${what} to ${length} tokens, and its special tokens and marker alone are ${needed}. Set a greater length.`,
  )
}

function resolveExpansion(
  rules: ExpansionRules,
  tokenizer: Tokenizer,
  idOfSpecial: IdOfSpecial,
  padsLeft: boolean,
): NonNullable<ModelSpec['expansion']> {
  const { token, tokens, attend, length, strategy, takesPadding } = rules
  const tokenId =
    token === undefined ? tokens.map(idOfSpecial).find((id) => id !== undefined) : tokenizer.idOf(token)
  if (tokenId === undefined) {
    const wanted = token === undefined ? `no ${tokens.join(', no ')}` : `not ${JSON.stringify(token)}`
    throw new LateenError(
      'model-invalid',
      `The model expands queries, but its tokenizer has ${wanted}. Take tokenizer.json and tokenizer_config.json from one version of the model.`,
    )
  }
  const replaces = takesPadding ? idOfSpecial('pad_token') : undefined
  return {
    tokenId,
    attend,
    length,
    strategy,
    // A floor alone is filled up on the right in any case, by hand.
    ...(padsLeft && strategy === 'fixed' ? { side: 'left' as const } : {}),
    ...(replaces === undefined ? {} : { replaces }),
  }
}

function resolveFilters(
  layout: ModelLayout,
  tokenizer: Tokenizer,
  idOfSpecial: IdOfSpecial,
): ModelSpec['kept'] {
  const { skiplist, only } = layout
  const ids = skiplistIds(skiplist, tokenizer, idOfSpecial('unk_token'))
  const filterOf = (kind: 'query' | 'document'): TokenFilter => ({
    skip: new Set(skiplist.kinds.includes(kind) ? ids : []),
  })
  const padding = skiplist.dropsPadding ? idOfSpecial('pad_token') : undefined
  const document = filterOf('document')
  return {
    query: filterOf('query'),
    document: {
      skip: new Set([...document.skip, ...(padding === undefined ? [] : [padding])]),
      ...(only ? { only: new Set(only) } : {}),
    },
  }
}

function skiplistIds(
  { words, ids }: SkiplistRules,
  tokenizer: Tokenizer,
  unknown: number | undefined,
): number[] {
  const idOf = (word: string): number | undefined => {
    if (ids === 'first') {
      const { ids: all } = tokenizer.tokenize(word)
      const { numLeading, numTrailing } = tokenizer
      return all.length > numLeading + numTrailing ? all[numLeading] : undefined
    }
    // PyLate looks a word up and gets the unknown token's id for a missing one, so that its documents lose
    // every unknown token. Vectors and ranks are to be those of PyLate, so they do here.
    return tokenizer.idOf(word) ?? (ids === 'string' ? unknown : undefined)
  }
  return words.map(idOf).filter((id) => id !== undefined)
}
