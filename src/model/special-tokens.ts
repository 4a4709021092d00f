/** The tokens a tokenizer has for its own purposes, as `transformers` finds them. */
import { tokenText } from '../tokenize/added.ts'
import type { Tokenizer } from '../tokenize/tokenize.ts'
import type { Json, SpecialToken } from './layout.ts'

/**
 * Tokenizer classes with tokens of their own, which old files therefore do not name. Matched against
 * `tokenizer_class`, or `model_type` where a file names no class; the first one that matches holds.
 */
const CLASS_TOKENS: readonly (readonly [name: RegExp, tokens: Partial<Record<SpecialToken, string>>])[] = [
  [
    /roberta|camembert|xmod/i,
    { mask_token: '<mask>', eos_token: '</s>', pad_token: '<pad>', unk_token: '<unk>' },
  ],
  [/bert|electra|deberta/i, { mask_token: '[MASK]', pad_token: '[PAD]', unk_token: '[UNK]' }],
]

/**
 * @param files     `tokenizer_config.json` and `special_tokens_map.json`: the first that has a key decides
 * @param modelType `model_type` of `config.json`
 * @returns         the id of a special token; undefined when there is none, or the vocabulary lacks it
 */
export function specialTokens(
  tokenizer: Pick<Tokenizer, 'idOf'>,
  files: readonly Json[],
  modelType: unknown,
): (token: SpecialToken) => number | undefined {
  const named = files.find((file) => typeof file['tokenizer_class'] === 'string')?.['tokenizer_class']
  const assumed = CLASS_TOKENS.find(([name]) => name.test(String(named ?? modelType)))?.[1] ?? {}
  return (token) => {
    const file = files.find((one) => token in one)
    const text = file ? tokenText(file[token]) : assumed[token]
    return text === undefined ? undefined : tokenizer.idOf(text)
  }
}
