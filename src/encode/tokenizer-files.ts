/** The tokenizer of a bundle, from whatever files describe it. */
import { createTokenizer, type Tokenizer } from '../text/tokenize.ts'
import { sha256Hex } from '../util/hash.ts'
import type { BundleFiles } from './bundle-files.ts'
import type { Json } from './layout.ts'

export interface BundleTokenizer {
  readonly tokenizer: Tokenizer
  /** SHA-256 of the files that decide the ids. */
  readonly hash: string
  /** `tokenizer_config.json`, or nothing. */
  readonly config: Json
}

/**
 * @param folder    where the tokenizer lies, empty or ending in a slash
 * @param lowercase whether the layout asks for lowercase text
 * @throws LateenError `model-missing-file`, `model-invalid`
 */
export async function readTokenizer(
  files: BundleFiles,
  folder: string,
  lowercase: boolean,
): Promise<BundleTokenizer> {
  const path = `${folder}tokenizer.json`
  const [bytes, config = {}] = await Promise.all([
    files.read(path),
    files.json.optional(`${folder}tokenizer_config.json`),
  ])
  return {
    tokenizer: createTokenizer(files.parse(path, bytes), config, { lowercase }),
    hash: sha256Hex(bytes),
    config,
  }
}
