/** Ranked passages become hits: one per document, with its best passage and a marked excerpt. */
import { decodeVectors } from '../compress/decode.ts'
import type { EncodedText } from '../encode/encoder.ts'
import { LateenError } from '../errors.ts'
import { readVectors } from '../segment/read.ts'
import { encodedText } from '../text/passages.ts'
import type { Explanation, HitData, Passage, Span, TokenMatrix } from '../types.ts'
import type { Backend } from './backend.ts'
import { excerpt } from './excerpt.ts'
import { explainPassage, markedSpans } from './explain.ts'
import type { IndexState } from './state.ts'
import type { Ranked } from './topk.ts'

/** A best match weaker than this is not worth a mark. */
const MARK_SIMILARITY = 0.5

export interface HitsInput {
  readonly state: IndexState
  /** Passages by global number, best first. */
  readonly ranked: readonly Ranked[]
  readonly limit: number
  /** Words the keyword leg matched, by passage. */
  readonly terms: ReadonlyMap<number, readonly string[]>
  /** Passages the semantic leg found. */
  readonly semantic: ReadonlySet<number>
  /** With them, what answered the query by meaning is marked as well. */
  readonly query?: EncodedText | undefined
  readonly backend?: Backend | undefined
}

/** The best passage of each of the first `limit` documents. */
export async function toHits(input: HitsInput): Promise<HitData[]> {
  const { state, terms, semantic, query, backend } = input
  return Promise.all(
    bestPassages(state, input.ranked, input.limit).map(async ({ id, score }) => {
      const passage = await readPassage(state, id)
      const spans =
        query && backend && semantic.has(id)
          ? markedSpans(await explainNumbered(state, id, passage, query, backend), MARK_SIMILARITY)
          : []
      return {
        id: passage.documentId,
        passage: passage.ordinal,
        url: passage.url,
        title: passage.title,
        headings: passage.headings,
        score,
        legs: [
          ...(terms.has(id) ? (['lexical'] as const) : []),
          ...(semantic.has(id) ? (['semantic'] as const) : []),
        ],
        excerpt: excerpt(passage.text, { terms: terms.get(id) ?? [], spans: spans as Span[] }),
      }
    }),
  )
}

/** The first passage of each document in the ranking, for the first `limit` documents. */
export function bestPassages(state: IndexState, ranked: readonly Ranked[], limit: number): Ranked[] {
  const seen = new Set<string>()
  const best: Ranked[] = []
  for (const candidate of ranked) {
    if (best.length === limit) break
    const id = documentIdOf(state, candidate.id)
    if (seen.has(id)) continue
    seen.add(id)
    best.push(candidate)
  }
  return best
}

export function documentIdOf(state: IndexState, passage: number): string {
  const segment = state.segmentOf(passage)
  return segment.text.documents[segment.text.documentOf(passage - segment.base)]!.id
}

export function readPassage(state: IndexState, passage: number): Promise<Passage> {
  const segment = state.segmentOf(passage)
  return segment.text.readPassage(passage - segment.base)
}

/** Global number of a passage named by document and ordinal. Fails with `document-not-found`. */
export function numberOf(state: IndexState, id: string, ordinal: number): number {
  const found = state.find(id)
  if (!found || !(ordinal >= 0 && ordinal < found.entry.numPassages)) {
    throw new LateenError(
      'document-not-found',
      `Passage ${ordinal} of document "${id}" is not in the index any more. Search again.`,
    )
  }
  return found.segment.base + found.entry.firstPassage + ordinal
}

/** Explains a passage from its stored codes. */
export async function explainNumbered(
  state: IndexState,
  number: number,
  passage: Passage,
  query: EncodedText,
  backend: Backend,
): Promise<Explanation> {
  const segment = state.segmentOf(number)
  const encoded = encodedText(passage)
  return explainPassage({
    query,
    passage,
    encoded,
    tokenized: backend.encoder.tokenize(encoded.text, 'document'),
    tokenMap: await segment.text.readTokenMap(number - segment.base),
    vectors: await vectorsOf(state, number, backend),
  })
}

/** The stored vectors of a passage, decoded: rows × dim. */
export async function vectorsOf(state: IndexState, number: number, backend: Backend): Promise<TokenMatrix> {
  const segment = state.segmentOf(number)
  const local = number - segment.base
  const { segment: vectors, offsets } = await segment.openVectors(backend)
  return decodeVectors(vectors.codec, await readVectors(vectors, offsets[local]!, offsets[local + 1]!))
}
