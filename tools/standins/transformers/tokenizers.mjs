// The Rust tokenizers behind tokenizers.py: one JSON request a line on stdin, one JSON answer a line on stdout.
//
// Requires the npm package `tokenizers`, looked for in the folder LATEEN_TOKENIZERS names, then beside this file.
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

const home = process.env.LATEEN_TOKENIZERS
const require = createRequire(home ? `${home}/package.json` : import.meta.url)
const { Tokenizer, AddedToken } = require('tokenizers')
const { version } = require('tokenizers/package.json')

const loaded = []

const operations = {
  version: () => version,
  load: ({ json }) => loaded.push(Tokenizer.fromString(json)) - 1,
  save: ({ handle, path }) => void loaded[handle].save(path, true),
  vocabulary: ({ handle, added }) => loaded[handle].getVocab(added),
  id: ({ handle, token }) => loaded[handle].tokenToId(token),
  token: ({ handle, id }) => loaded[handle].idToToken(id),
  decode: ({ handle, ids, skipSpecial }) => loaded[handle].decode(ids, skipSpecial),
  add: ({ handle, tokens }) =>
    loaded[handle].addAddedTokens(
      tokens.map(({ content, special, ...how }) => new AddedToken(content, special, how)),
    ),
  async encode({ handle, texts, special, truncation, padding }) {
    const tokenizer = loaded[handle]
    if (truncation) tokenizer.setTruncation(truncation.maxLength, truncation)
    else tokenizer.disableTruncation()
    if (padding) tokenizer.setPadding(padding)
    else tokenizer.disablePadding()
    const encodings = await tokenizer.encodeBatch(texts, { addSpecialTokens: special })
    return encodings.map((encoding) => ({
      input_ids: encoding.getIds(),
      token_type_ids: encoding.getTypeIds(),
      attention_mask: encoding.getAttentionMask(),
      special_tokens_mask: encoding.getSpecialTokensMask(),
      tokens: encoding.getTokens(),
    }))
  },
}

for await (const line of createInterface({ input: process.stdin })) {
  const { op, ...request } = JSON.parse(line)
  let answer
  try {
    answer = { ok: (await operations[op](request)) ?? null }
  } catch (error) {
    answer = { error: String(error?.message ?? error) }
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}
