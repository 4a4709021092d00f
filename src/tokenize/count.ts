/** How many tokens a text has. Cutting documents asks that of every paragraph, line and sentence. */
import { remembering } from './remember.ts'

/** White space that every normaliser leaves in place; other kinds stay in the runs between. */
const SPACE = /[ \t\n\r]+/

/**
 * The same count as `count`, from the counts of the words, which only where a tokenizer takes words one by one
 * is the same.
 *
 * @param count tokens of a text by the tokenizer itself, special tokens included
 * @returns undefined when the tokens of a word may depend on what stands beside it
 */
export function wordwiseCount(
  tokenizerJson: object,
  count: (text: string) => number,
): ((text: string) => number) | undefined {
  if (!takesWordsOneByOne(tokenizerJson)) return undefined
  const numSpecials = count('')
  const ofWord = remembering((word) => count(word) - numSpecials)
  return (text) => text.split(SPACE).reduce((sum, word) => sum + ofWord(word), numSpecials)
}

interface TokenizerFields {
  readonly normalizer?: { readonly type?: string } | null
  readonly pre_tokenizer?: { readonly type?: string } | null
  readonly model?: { readonly type?: string }
  readonly added_tokens?: readonly { readonly content: string }[]
}

/** BERT's tokenizers part a text at white space first, unless an added token reaches across it. */
function takesWordsOneByOne(tokenizerJson: object): boolean {
  const { normalizer, pre_tokenizer, model, added_tokens = [] } = tokenizerJson as TokenizerFields
  return (
    normalizer?.type === 'BertNormalizer' &&
    pre_tokenizer?.type === 'BertPreTokenizer' &&
    model?.type === 'WordPiece' &&
    added_tokens.every(({ content }) => /^[!-~]+$/.test(content))
  )
}
