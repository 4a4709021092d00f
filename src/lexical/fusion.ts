/**
 * Two ranked lists become one: a convex combination of scores scaled to their own range (Bruch, Gai,
 * Ingber: An Analysis of Fusion Functions for Hybrid Retrieval, arXiv 2210.11934). It was measured
 * against reciprocal rank fusion (Cormack, Clarke, Büttcher, SIGIR 2009); docs/benchmarks.md has both.
 */
import { identifiersOf } from './identifiers.ts'

/** Weight of the semantic leg; the rest is the lexical leg's. */
export const SEMANTIC_WEIGHT = 0.6
/** Hits that a reader sees without scrolling or turning a page. */
export const FIRST_PAGE = 10

interface Scored {
  readonly id: number
  readonly score: number
}

export interface FusionInput {
  /** Best first. */
  readonly lexical: readonly (Scored & { readonly terms: readonly string[] })[]
  /** Best first. */
  readonly semantic: readonly Scored[]
  readonly query: string
}

/**
 * Passages of either list, best first, ties by lower id.
 *
 * Exact identifiers are protected. When the query is nothing but identifiers, the passages that hold
 * one come first, in lexical order. When it contains one, those that the lexical leg had on the first
 * page stay there.
 *
 * @param limit how many at most
 * @returns scores from 0 to 1, comparable within one answer only
 */
export function fuse({ lexical, semantic, query }: FusionInput, limit: number): Scored[] {
  const scores = new Map<number, number>()
  addScaled(scores, lexical, 1 - SEMANTIC_WEIGHT)
  addScaled(scores, semantic, SEMANTIC_WEIGHT)
  const fused = [...scores]
    .map(([id, score]) => ({ id, score }))
    .sort((a, b) => b.score - a.score || a.id - b.id)

  const identifiers = identifiersOf(query)
  const exact = lexical.filter((hit) => hit.terms.some((term) => identifiers.terms.has(term)))
  if (exact.length === 0) return fused.slice(0, limit)
  if (identifiers.only) return inFront(exact, fused).slice(0, limit)
  const firstPage = new Set(lexical.slice(0, FIRST_PAGE))
  return keepOnFirstPage(new Set(exact.filter((hit) => firstPage.has(hit)).map(({ id }) => id)), fused).slice(
    0,
    limit,
  )
}

/** Adds the scores of a list, scaled so that its best counts `weight` and its last nothing. */
function addScaled(scores: Map<number, number>, list: readonly Scored[], weight: number) {
  const best = list[0]?.score ?? 0
  const range = best - (list.at(-1)?.score ?? 0)
  for (const { id, score } of list) {
    const scaled = range > 0 ? 1 - (best - score) / range : 1
    scores.set(id, (scores.get(id) ?? 0) + weight * scaled)
  }
}

/** `first` in its own order, then the rest; scores keep falling. */
function inFront(first: readonly Scored[], fused: readonly Scored[]): Scored[] {
  const ids = new Set(first.map(({ id }) => id))
  const order = [...first.map(({ id }) => id), ...fused.flatMap(({ id }) => (ids.has(id) ? [] : [id]))]
  return order.map((id, place) => ({ id, score: fused[place]!.score }))
}

/** Moves protected hits up to the end of the first page where others may have pushed them off it. */
function keepOnFirstPage(isProtected: ReadonlySet<number>, fused: readonly Scored[]): Scored[] {
  const late = fused.slice(FIRST_PAGE).filter(({ id }) => isProtected.has(id))
  if (late.length === 0) return [...fused]
  const page = fused.slice(0, FIRST_PAGE)
  const leaving = new Set(page.filter(({ id }) => !isProtected.has(id)).slice(-late.length))
  const lateSet = new Set(late)
  const order = [
    ...page.filter((hit) => !leaving.has(hit)),
    ...late,
    ...fused.filter((hit, place) => leaving.has(hit) || (place >= FIRST_PAGE && !lateSet.has(hit))),
  ]
  return order.map(({ id }, place) => ({ id, score: fused[place]!.score }))
}
