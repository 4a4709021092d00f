/** Texts scored against a query without any index. */
import type { EncodedText, Encoder } from '../encode/encoder.ts'
import { maxSim } from '../score/reference.ts'
import { encodedText } from '../text/passages.ts'
import type { DocumentInput } from '../types.ts'

export interface RerankOptions {
  /** How many at most, 1 to 1,000. @default all */
  readonly limit?: number
  readonly signal?: AbortSignal
}

/** A reranked text: its place in the input and its MaxSim score. */
export interface RerankHit {
  readonly index: number
  readonly id: string
  readonly score: number
}

/** Best first, ties in the order of the input. */
export async function rerankTexts(
  encoder: Encoder,
  { matrix }: EncodedText,
  documents: readonly (string | DocumentInput)[],
  { limit = documents.length, signal }: RerankOptions,
): Promise<RerankHit[]> {
  const texts = documents.map((document) => (typeof document === 'string' ? document : inputText(document)))
  const encoded = await encoder.encodeDocuments(texts, signal ? { signal } : {})
  return encoded
    .map((document, index): RerankHit => {
      const input = documents[index]!
      return {
        index,
        id: typeof input === 'string' ? String(index) : input.id,
        score: maxSim(matrix, document.matrix),
      }
    })
    .sort((a, b) => b.score - a.score || a.index - b.index)
    .slice(0, limit)
}

/** A document as the model would see it if it were one passage. */
function inputText({ title = '', text }: DocumentInput): string {
  return encodedText({ title, headings: [], text }).text
}
