/** The semantic half of the engine, loaded as a whole when the first query needs it. */
import type { EncodedText } from '../encode/encoder.ts'
import { IMPORTED_PASSAGES } from '../segment/manifest.ts'
import { encodedText } from '../text/passages.ts'
import type { DocumentInput, Explanation, OnProgress, Passage, Span } from '../types.ts'
import type { Backend, OpenBackend } from './backend.ts'
import { type EncodeTextsOptions, encodeTexts, type TextVectors } from './encode-texts.ts'
import { explainPassage, markedSpans } from './explain.ts'
import { meaningful } from './floor.ts'
import type { QueryPlan } from './plan.ts'
import { passageEncoder } from './reencode.ts'
import { type RerankHit, type RerankOptions, rerankTexts } from './rerank.ts'
import { type SemanticLeg, semanticLeg, type VectorsOf, vectorReader } from './semantic.ts'
import type { IndexState } from './state.ts'
import type { Ranked } from './topk.ts'

/** A best match weaker than this is not worth a mark. */
const MARK_SIMILARITY = 0.5
/** Passages of a pooled index that are encoded again to be marked, before an answer is shown. */
const MARKED_PASSAGES = 4

export interface MeaningAnswer {
  /** Best passages first; none when meaning has found nothing. */
  readonly ranked: readonly Ranked[]
  readonly encodeMs: number
  readonly scoreMs: number
  /**
   * Places of a passage's text that answer the query.
   *
   * @param isMarked keywords mark something in it already
   */
  spansOf(number: number, passage: Passage, isMarked: boolean): Promise<Span[]>
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
  encode(texts: readonly string[], options: EncodeTextsOptions): Promise<TextVectors[]>
  rerank(
    query: string,
    documents: readonly (string | DocumentInput)[],
    options: RerankOptions,
  ): Promise<RerankHit[]>
}

export function openMeaning(openBackend: OpenBackend, onProgress: OnProgress): Meaning {
  const leg = semanticLeg(openBackend, onProgress)
  const { open, prepare, retain, dispose } = leg
  const passages = passageEncoder()

  /** The vectors that words are judged and explained by: those of single tokens, whatever the index keeps. */
  function tokenVectors(
    index: IndexState,
    backend: Backend,
    stored: VectorsOf,
    signal: AbortSignal | undefined,
  ): VectorsOf {
    return async (number) => {
      if (!(await isPooled(index, backend, number))) return stored(number)
      return (await passages.encode(index, backend.encoder, number, signal)).matrix
    }
  }

  /** The same to point at words with, which takes a vector for each token: an imported index may hold fewer. */
  function wordVectors(
    index: IndexState,
    backend: Backend,
    vectorsOf: VectorsOf,
    signal: AbortSignal | undefined,
  ): VectorsOf {
    if (!isImported(index)) return vectorsOf
    return async (number) => {
      const stored = await vectorsOf(number)
      const { matrix } = await passages.encode(index, backend.encoder, number, signal)
      return stored.numTokens === matrix.numTokens ? stored : matrix
    }
  }

  return {
    leg,
    open,
    prepare,
    retain,
    dispose,
    async answer(index, plan, signal) {
      const found = await leg.rank(plan.text, index, plan.passagesOf, plan.depth, signal)
      const { query, backend, encodeMs, scoreMs } = found
      const vectorsOf = tokenVectors(index, backend, found.vectorsOf, signal)
      const ranked = weighted(
        await meaningful(found.ranked, plan.text, query, backend.semanticFloor, vectorsOf),
        index.lexical.weightOf,
      )
      const best = new Set(ranked.slice(0, MARKED_PASSAGES).map(({ id }) => id))
      return {
        ranked,
        encodeMs,
        scoreMs,
        async spansOf(number, passage, isMarked) {
          // Encoding takes its time: it is worth it where nothing else shows why a good passage is here.
          const isWorthIt = !isMarked && best.has(number)
          if (!isWorthIt && (isImported(index) || (await isPooled(index, backend, number)))) return []
          const words = wordVectors(index, backend, vectorsOf, signal)
          const explanation = await explained(number, passage, query, backend, words)
          return markedSpans(explanation, MARK_SIMILARITY)
        },
      }
    },
    async explain(index, number, passage, text, signal) {
      const query = await leg.encodeQuery(text, signal)
      const backend = await leg.open(signal)
      const vectorsOf = tokenVectors(index, backend, vectorReader(index, backend), signal)
      return explained(number, passage, query, backend, wordVectors(index, backend, vectorsOf, signal))
    },
    encode: (texts, options) =>
      leg.run(({ encoder }) => encodeTexts(encoder, texts, options), options.signal),
    async rerank(text, documents, options) {
      const query = await leg.encodeQuery(text, options.signal)
      return leg.run(
        ({ encoder }) => rerankTexts(encoder, query, documents, options, MARK_SIMILARITY),
        options.signal,
      )
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

/** @param vectorsOf those of single tokens */
async function explained(
  number: number,
  passage: Passage,
  query: EncodedText,
  backend: Backend,
  vectorsOf: VectorsOf,
): Promise<Explanation> {
  const encoded = encodedText(passage)
  const tokenized = backend.encoder.tokenize(encoded.text, 'document')
  return explainPassage({ query, passage, encoded, tokenized, vectors: await vectorsOf(number) })
}

function isImported(index: IndexState): boolean {
  return index.manifest?.passages.policy === IMPORTED_PASSAGES
}

async function isPooled(index: IndexState, backend: Backend, number: number): Promise<boolean> {
  if ((index.manifest?.pooling.factor ?? 1) > 1) return true
  // Documents that were added to an earlier edition of an index keep the pooling of that one.
  const { segment } = await index.segmentOf(number).openVectors(backend)
  return segment.poolFactor > 1
}
