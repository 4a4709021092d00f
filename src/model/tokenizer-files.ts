/** The tokenizer of a bundle, from whatever files describe it. */
import { isLateenError } from '../errors.ts'
import { createTokenizer, type Tokenizer } from '../tokenize/tokenize.ts'
import { sha256Hex, sha256Stream } from '../util/hash.ts'
import type { BundleFiles } from './bundle-files.ts'
import type { Json, TextRules } from './layout.ts'
import type { DescribedTokenizer } from './tokenizer-vocabulary.ts'

export interface BundleTokenizer {
  readonly tokenizer: Tokenizer
  /** SHA-256 of the files that decide the ids. */
  readonly hash: string
  /** `tokenizer_config.json`, or nothing. */
  readonly config: Json
}

/**
 * @param folder where the tokenizer lies, empty or ending in a slash
 * @param rules  what the layout's home library does to a text and its tokenizer
 * @throws LateenError `model-missing-file`, `model-invalid`
 */
export async function readTokenizer(
  files: BundleFiles,
  folder: string,
  rules: TextRules,
): Promise<BundleTokenizer> {
  const [bytes, config = {}] = await Promise.all([
    readIfThere(files, `${folder}tokenizer.json`),
    files.json.optional(`${folder}tokenizer_config.json`),
  ])
  const described = await describeTokenizer(files, folder, config, bytes)
  return {
    tokenizer: createTokenizer(adapted(described.json, rules), {
      lowercase: rules.lowercase === 'first',
      strips: rules.strips,
      ...described.options,
    }),
    hash: described.files.length === 1 ? sha256Hex(described.files[0]!) : hashOf(described.files),
    config,
  }
}

/** @param bytes `tokenizer.json` */
async function describeTokenizer(
  files: BundleFiles,
  folder: string,
  config: Json,
  bytes: Uint8Array | undefined,
): Promise<DescribedTokenizer> {
  const path = `${folder}tokenizer.json`
  // Of the class for Japanese only the vocabulary is read, as by its own library.
  if (!bytes || config['tokenizer_class'] === 'BertJapaneseTokenizer') {
    const { readVocabularyTokenizer } = await import('./tokenizer-vocabulary.ts')
    const described = await readVocabularyTokenizer(files, folder, config)
    if (described) return described
  }
  const found = bytes ?? (await files.read(path))
  return { json: files.parse(path, found), options: {}, files: [found] }
}

async function readIfThere(files: BundleFiles, path: string): Promise<Uint8Array | undefined> {
  try {
    return await files.read(path)
  } catch (error) {
    if (isLateenError(error, 'model-missing-file')) return undefined
    throw error
  }
}

function hashOf(files: readonly Uint8Array[]): string {
  const hash = sha256Stream()
  for (const bytes of files) hash.update(bytes)
  return hash.hex()
}

interface TokenizerFields extends Json {
  readonly normalizer?: { readonly type?: string; readonly normalizers?: readonly Json[] } | null
  readonly added_tokens?: readonly { readonly id: number; readonly content: string }[]
  readonly model?: {
    readonly vocab?: Readonly<Record<string, number>> | readonly (readonly [string, number])[]
  }
}

/** The tokenizer as the home library changes it when it loads the model. */
function adapted(json: Json, { lowercase, added = [] }: TextRules): Json {
  const { normalizer, added_tokens = [], model } = json as TokenizerFields
  const steps: readonly Json[] = normalizer?.normalizers ?? (normalizer ? [normalizer] : [])
  const lowers = lowercase === 'inside' && !steps.some(({ type }) => type === 'Lowercase')
  const vocab = model?.vocab ?? {}
  const idOf = (token: string) =>
    Array.isArray(vocab)
      ? vocab.findIndex(([piece]) => piece === token)
      : ((vocab as Readonly<Record<string, number>>)[token] ?? -1)
  const missing = [...new Set(added)]
    .filter((token) => !added_tokens.some(({ content }) => content === token))
    .map((content) => ({ id: idOf(content), content, ...PLAIN }))
    .filter(({ id }) => id >= 0)
  return {
    ...json,
    ...(lowers ? { normalizer: { type: 'Sequence', normalizers: [{ type: 'Lowercase' }, ...steps] } } : {}),
    ...(missing.length > 0 ? { added_tokens: [...added_tokens, ...missing] } : {}),
  }
}

/** What `add_tokens` makes of a string. */
const PLAIN = { single_word: false, lstrip: false, rstrip: false, normalized: true, special: false }
