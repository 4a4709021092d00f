/** Encoding takes most of the time of a measurement, and one text always gets the same vectors. */
import type { EncodedText, Encoder } from '../src/encode/encoder.ts'

/** Encodes every text once. */
export function rememberingEncoder(encoder: Encoder): Encoder {
  const documents = new Map<string, EncodedText>()
  const queries = new Map<string, EncodedText>()
  return {
    ...encoder,
    async encodeDocuments(texts, options) {
      const fresh = [...new Set(texts.filter((text) => !documents.has(text)))]
      const encoded = await encoder.encodeDocuments(fresh, options)
      for (const [i, text] of fresh.entries()) documents.set(text, encoded[i]!)
      return texts.map((text) => documents.get(text)!)
    },
    async encodeQuery(text, options) {
      const known = queries.get(text) ?? (await encoder.encodeQuery(text, options))
      queries.set(text, known)
      return known
    },
  }
}
