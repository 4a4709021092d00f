/** Texts scored against a query without any index. */
import { poolTokens } from '../compress/pool.ts'
import type { EncodedText, Encoder } from '../encode/encoder.ts'
import { LateenError } from '../errors.ts'
import { assertLimit, bestFirst, maxSim, type RankHit, type RankOptions } from '../score/max-sim.ts'
import { encodedText } from '../text/passages.ts'
import type { DocumentInput, Passage, Span } from '../types.ts'
import { loadCode } from '../util/load-code.ts'
import { poolingOf } from './encode-texts.ts'
import { explainPassage, markedSpans } from './explain.ts'

export interface RerankOptions extends RankOptions {
  readonly signal?: AbortSignal
}

/** A reranked text: its place in the input and the score its model gives it, MaxSim or the mean of it. */
export interface RerankHit extends RankHit {
  /** Id of the document; of a plain string its place in the input. */
  readonly id: string
  /** Places of the text that answer the query; none in Markdown and HTML, which are read as plain text. */
  readonly spans: readonly Span[]
}

type RerankInput = string | DocumentInput

/**
 * Best first, ties in the order of the input. A document is read as a whole and cut where the model cuts.
 *
 * @param minSimilarity similarity below which a word is no answer, about −1 to 1
 */
export async function rerankTexts(
  encoder: Encoder,
  query: EncodedText,
  inputs: readonly RerankInput[],
  { limit, signal }: RerankOptions,
  minSimilarity: number,
): Promise<RerankHit[]> {
  assertLimit(limit)
  const passages = await Promise.all(inputs.map((input, index) => asPassage(encoder, input, index)))
  const texts = passages.map((passage) => encodedText(passage))
  const documents = await encoder.encodeDocuments(
    texts.map(({ text }) => text),
    signal ? { signal } : {},
  )
  const pooling = poolingOf(encoder)
  // A query whose tokens are all skipped scores 0 in either case.
  const scale = encoder.spec.similarity === 'meanmaxsim' ? 1 / Math.max(1, query.matrix.numTokens) : 1
  const ranked = bestFirst(
    documents.map(({ matrix }, index) => ({
      index,
      score: scale * maxSim(query.matrix, poolTokens(matrix, pooling)),
    })),
    limit,
  )
  return ranked.map(({ index, score }) => {
    const passage = passages[index]!
    const { tokenized, matrix } = documents[index]!
    const explanation = explainPassage({
      query,
      passage,
      encoded: texts[index]!,
      tokenized,
      vectors: matrix,
    })
    const spans = isPlain(inputs[index]!) ? markedSpans(explanation, minSimilarity) : []
    return { index, id: passage.documentId, score, spans }
  })
}

const isPlain = (input: RerankInput) => typeof input === 'string' || (input.format ?? 'text') === 'text'

/** An input as one passage: all that the model sees of it. */
async function asPassage(encoder: Encoder, input: RerankInput, index: number): Promise<Passage> {
  if (typeof input === 'string') return plainPassage(String(index), '', input)
  const { id, title = '' } = input
  if (isPlain(input)) return plainPassage(id, title, input.text)
  // Parsers that most pages never need.
  const { prepareDocuments } = await loadCode(() => import('../build/index.ts'))
  const { prepared } = await prepareDocuments([input], { encoder, split: false })
  return prepared[0]?.passages[0] ?? plainPassage(id, title, '')
}

function plainPassage(documentId: string, title: string, text: string): Passage {
  if (typeof text !== 'string') {
    throw new LateenError('bad-argument', `Expected text to rerank, found ${typeof text}.`)
  }
  return { documentId, ordinal: 0, title, headings: [], url: '', text, metadata: {} }
}
