/** The semantic half of the engine, loaded as a whole when the first query needs it. */
import type { EncodedText } from '../encode/encoder.ts'
import { encodedText } from '../text/passages.ts'
import type { DocumentInput, Explanation, OnProgress, Passage, Span } from '../types.ts'
import type { Backend, OpenBackend } from './backend.ts'
import { explainPassage, markedSpans } from './explain.ts'
import { meaningful } from './floor.ts'
import type { QueryPlan } from './plan.ts'
import { type RerankHit, type RerankOptions, rerankTexts } from './rerank.ts'
import { type SemanticLeg, semanticLeg, type VectorsOf, vectorReader } from './semantic.ts'
import type { IndexState, OpenSegment } from './state.ts'
import type { Ranked } from './topk.ts'

/** A best match weaker than this is not worth a mark. */
const MARK_SIMILARITY = 0.5

export interface MeaningAnswer {
  /** Best passages first; none when meaning has found nothing. */
  readonly ranked: readonly Ranked[]
  readonly encodeMs: number
  readonly scoreMs: number
  /** Places of a passage's text that answer the query. */
  spansOf(number: number, passage: Passage): Promise<Span[]>
}

export interface Meaning extends Pick<SemanticLeg, 'open' | 'prepare' | 'retain' | 'dispose'> {
  readonly leg: SemanticLeg
  answer(index: IndexState, plan: QueryPlan, signal?: AbortSignal): Promise<MeaningAnswer>
  /** @param number global number of the passage */
  explain(
    index: IndexState,
    number: number,
    passage: Passage,
    query: string,
    signal?: AbortSignal,
  ): Promise<Explanation>
  rerank(
    query: string,
    documents: readonly (string | DocumentInput)[],
    options: RerankOptions,
  ): Promise<RerankHit[]>
}

export function openMeaning(openBackend: OpenBackend, onProgress: OnProgress): Meaning {
  const leg = semanticLeg(openBackend, onProgress)
  const { open, prepare, retain, dispose } = leg
  return {
    leg,
    open,
    prepare,
    retain,
    dispose,
    async answer(index, plan, signal) {
      const { query, backend, vectorsOf, ...found } = await leg.rank(
        plan.text,
        index,
        plan.passagesOf,
        plan.depth,
        signal,
      )
      const ranked = await meaningful(found.ranked, plan.text, query, backend.semanticFloor, vectorsOf)
      return {
        ...found,
        ranked: weighted(ranked, index.lexical.weightOf),
        async spansOf(number, passage) {
          const segment = index.segmentOf(number)
          return markedSpans(
            await explained(segment, number, passage, query, backend, vectorsOf),
            MARK_SIMILARITY,
          )
        },
      }
    },
    async explain(index, number, passage, text, signal) {
      const query = await leg.encodeQuery(text, signal)
      const backend = await leg.open(signal)
      return explained(index.segmentOf(number), number, passage, query, backend, vectorReader(index, backend))
    },
    async rerank(text, documents, options) {
      const query = await leg.encodeQuery(text, options.signal)
      const { encoder } = await leg.open(options.signal)
      return rerankTexts(encoder, query, documents, options)
    },
  }
}

/**
 * Scores times the weight of their passage, counted from the lowest of the list: MaxSim sums lie close
 * together high above zero, where a factor would drown what they say. Weight 0 is never found.
 */
export function weighted(ranked: readonly Ranked[], weightOf: (id: number) => number): readonly Ranked[] {
  const lowest = ranked.at(-1)?.score ?? 0
  return ranked
    .filter(({ id }) => weightOf(id) > 0)
    .map(({ id, score }) => ({ id, score: lowest + (score - lowest) * weightOf(id) }))
    .sort((a, b) => b.score - a.score || a.id - b.id)
}

/** Explains a passage from its stored codes. */
async function explained(
  segment: OpenSegment,
  number: number,
  passage: Passage,
  query: EncodedText,
  backend: Backend,
  vectorsOf: VectorsOf,
): Promise<Explanation> {
  const encoded = encodedText(passage)
  return explainPassage({
    query,
    passage,
    encoded,
    tokenized: backend.encoder.tokenize(encoded.text, 'document'),
    tokenMap: await segment.text.readTokenMap(number - segment.base),
    vectors: await vectorsOf(number),
  })
}
