/** How many tokens a text has. Cutting documents asks that of every paragraph, line and sentence. */

/** Far more words than the documents of one language use. */
const MAX_WORDS = 65_536
/** Longer runs are data, and hardly one comes twice. */
const MAX_WORD_LENGTH = 48
/** White space that every normaliser leaves in place; other kinds stay in the runs between. */
const SPACE = /[ \t\n\r]+/

/**
 * The same count as `count`, from the counts of the words. Texts repeat their words, so that most of them are
 * looked up; only where a tokenizer takes words one by one is that the same.
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
  const known = new Map<string, number>()

  const ofWord = (word: string): number => {
    if (word === '') return 0
    let tokens = known.get(word)
    if (tokens !== undefined) return tokens
    tokens = count(word) - numSpecials
    if (word.length > MAX_WORD_LENGTH) return tokens
    if (known.size >= MAX_WORDS) known.clear()
    // A copy: part of a string keeps all of it in memory.
    known.set(Array.from(word).join(''), tokens)
    return tokens
  }

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
