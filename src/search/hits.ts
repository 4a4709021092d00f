/** Ranked passages become hits: one per document, with its best passage, a marked excerpt and further sections. */
import { type ErrorCode, isLateenError, LateenError } from '../errors.ts'
import type { HitData, Passage, SectionHit, Span } from '../types.ts'
import { excerpt } from './excerpt.ts'
import type { IndexState } from './state.ts'
import type { Ranked } from './topk.ts'

const MAX_SECTIONS = 3
/** Passages looked at for sections: some lie under one heading, and reading each may cost a request. */
const MAX_SECTION_CANDIDATES = 6

export interface HitsInput {
  readonly state: IndexState
  /** Passages by global number, best first. */
  readonly ranked: readonly Ranked[]
  readonly limit: number
  /** Words the keyword leg matched, by passage. */
  readonly terms: ReadonlyMap<number, readonly string[]>
  /** Passages the semantic leg found. */
  readonly semantic: ReadonlySet<number>
  /** Places of a passage's text that answer by meaning, beside what keywords mark. @default none are marked */
  readonly spansOf?: (number: number, passage: Passage, isMarked: boolean) => Promise<readonly Span[]>
  /** True: nothing is read for sections alone, as each may cost a request. @default false */
  readonly onlyNearSections?: boolean
}

export interface Hits {
  readonly hits: readonly HitData[]
  /** Why some are left out: their text could not be read. */
  readonly missing?: LateenError
}

/** One hit for each of the first `limit` documents whose text can be read. */
export async function toHits(input: HitsInput): Promise<Hits> {
  const errors: LateenError[] = []
  const { state, ranked, limit, onlyNearSections } = input
  const documents = onlyNearSections
    ? await nearHits(state, documentsOf(state, ranked, limit, ranked.length))
    : documentsOf(state, ranked, limit)
  const found = await Promise.all(documents.map((passages) => orUnreadable(hitOf(input, passages), errors)))
  const hits = found.filter((hit) => hit !== undefined)
  const [error] = errors
  return error ? { hits, missing: leftOut(error, found.length - hits.length, found.length) } : { hits }
}

type RankedDocument = readonly [Ranked, ...Ranked[]]

/** The passages of each of the first `limit` documents, best first: the hit itself, then candidates for sections. */
export function documentsOf(
  state: IndexState,
  ranked: readonly Ranked[],
  limit: number,
  maxCandidates = MAX_SECTION_CANDIDATES,
): RankedDocument[] {
  const documents = new Map<string, [Ranked, ...Ranked[]]>()
  for (const candidate of ranked) {
    const id = documentIdOf(state, candidate.id)
    const passages = documents.get(id)
    if (!passages) {
      if (documents.size < limit) documents.set(id, [candidate])
    } else if (passages.length <= maxCandidates) passages.push(candidate)
  }
  return [...documents.values()]
}

/** Leaves out candidates whose text has to be fetched when the hits themselves are here. */
async function nearHits(state: IndexState, documents: readonly RankedDocument[]): Promise<RankedDocument[]> {
  // What fails here fails again where it is dealt with.
  await Promise.allSettled(documents.map(([best]) => readPassage(state, best.id)))
  return documents.map(([best, ...others]) => [
    best,
    ...others.filter(({ id }) => isTextHere(state, id)).slice(0, MAX_SECTION_CANDIDATES),
  ])
}

async function hitOf(input: HitsInput, [best, ...others]: RankedDocument): Promise<HitData> {
  const { state } = input
  const [passage, candidates] = await Promise.all([
    readPassage(state, best.id),
    Promise.all(others.filter((one) => answersToo(input, one, best)).map((one) => readSection(state, one))),
  ])
  const { spansOf: _, ...byKeywords } = input
  const seen = new Set([placeOf(passage)])
  const sections: SectionHit[] = []
  for (const candidate of candidates) {
    if (!candidate || sections.length === MAX_SECTIONS) continue
    const place = placeOf(candidate.passage)
    if (seen.has(place)) continue
    seen.add(place)
    // There are many of them: what meaning would mark is not worth its time.
    sections.push(await sectionOf(byKeywords, candidate.ranked, candidate.passage))
  }
  return {
    id: passage.documentId,
    title: passage.title,
    metadata: passage.metadata,
    ...(await sectionOf(input, best, passage)),
    sections,
  }
}

/** A passage that only meaning found must come close to the best one: meaning ranks everything somewhere. */
function answersToo({ terms }: HitsInput, { id, score }: Ranked, best: Ranked): boolean {
  return terms.has(id) || score >= best.score / 2
}

/** A section that cannot be read is no loss beside its hit. */
async function readSection(
  state: IndexState,
  ranked: Ranked,
): Promise<{ ranked: Ranked; passage: Passage } | undefined> {
  const passage = await orUnreadable(readPassage(state, ranked.id), [])
  return passage && { ranked, passage }
}

/** What tells one section from another: where it leads, or its headings where documents have no address. */
function placeOf({ url, headings }: Passage): string {
  return url || headings.join('\n')
}

async function sectionOf(
  { terms, semantic, spansOf }: HitsInput,
  { id, score }: Ranked,
  passage: Passage,
): Promise<SectionHit> {
  const spans = spansOf && semantic.has(id) ? await spansOf(id, passage, terms.has(id)) : []
  return {
    passage: passage.ordinal,
    url: passage.url,
    headings: passage.headings,
    score,
    legs: [
      ...(terms.has(id) ? (['lexical'] as const) : []),
      ...(semantic.has(id) ? (['semantic'] as const) : []),
    ],
    excerpt: excerpt(passage.text, { terms: terms.get(id) ?? [], spans }),
  }
}

/** What reading a text fails with when it is not here, damaged, or out of reach. */
const UNREADABLE: readonly ErrorCode[] = [
  'segment-missing',
  'segment-corrupt',
  'network',
  'storage-unavailable',
]

/** The value, or undefined and one error more. */
async function orUnreadable<T>(reading: Promise<T>, errors: LateenError[]): Promise<T | undefined> {
  try {
    return await reading
  } catch (error) {
    if (!UNREADABLE.some((code) => isLateenError(error, code))) throw error
    errors.push(error as LateenError)
    return undefined
  }
}

function leftOut(cause: LateenError, count: number, all: number): LateenError {
  return new LateenError(
    cause.code,
    `${count} of ${all} hits ${count === 1 ? 'is' : 'are'} left out because the text of the index could not be read there.`,
    { cause },
  )
}

export function documentIdOf(state: IndexState, passage: number): string {
  const segment = state.segmentOf(passage)
  return segment.text.documents[segment.text.documentOf(passage - segment.base)]!.id
}

export function readPassage(state: IndexState, passage: number): Promise<Passage> {
  const segment = state.segmentOf(passage)
  return segment.text.readPassage(passage - segment.base)
}

/** True when reading the text of a passage takes no request. */
export function isTextHere(state: IndexState, passage: number): boolean {
  const segment = state.segmentOf(passage)
  return segment.text.isHere(passage - segment.base)
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
