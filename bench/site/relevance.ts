/** Which search finds the pages that answer, and where the differences are more than chance. */
import { round } from '../../src/cli/evaluate.ts'
import { bootstrapInterval, mean, ndcg, reciprocalRank } from '../../src/eval/metrics.ts'
import type { Half, Kind, Question } from './questions.ts'
import { DEPTH, type System } from './system.ts'

/** A page further down is not seen without effort. */
const SEEN = 5

/** How one system answered one query. */
export interface Answer {
  readonly site: string
  readonly id: string
  readonly kind: Kind
  readonly half: Half
  readonly system: string
  readonly ndcg10: number
  readonly mrr10: number
  /** Rank of the first page that answers, from 1; 0 when none is among the first ten. */
  readonly rank: number
}

export interface Score {
  readonly system: string
  readonly queries: number
  readonly 'ndcg@10': number
  readonly 'ndcg@10_ci95': readonly [low: number, high: number]
  readonly 'mrr@10': number
  readonly 'hit@1': number
  readonly 'hit@5': number
  /** Of nDCG@10 of ours minus this system's, query by query; null for ours. */
  readonly ours_minus_this_ci95: readonly [low: number, high: number] | null
}

export async function answer(
  site: string,
  questions: readonly Question[],
  { name, rank }: System,
): Promise<Answer[]> {
  const answers: Answer[] = []
  for (const { id, kind, half, text, grades } of questions) {
    const pages = await rank(text)
    answers.push({
      site,
      id,
      kind,
      half,
      system: name,
      ndcg10: ndcg(pages, grades, DEPTH),
      mrr10: reciprocalRank(pages, grades, DEPTH),
      rank: pages.slice(0, DEPTH).findIndex((page) => grades.has(page)) + 1,
    })
  }
  return answers
}

/** One row per system, over all answers given. */
export function scores(answers: readonly Answer[], ours: string): Score[] {
  const systems = [...new Set(answers.map(({ system }) => system))]
  const of = (name: string) => answers.filter(({ system }) => system === name)
  const own = new Map(of(ours).map(({ id, ndcg10 }) => [id, ndcg10]))
  return systems.map((system) => {
    const list = of(system)
    const { low, high } = bootstrapInterval(list.map(({ ndcg10 }) => ndcg10))
    const difference = bootstrapInterval(list.map(({ id, ndcg10 }) => own.get(id)! - ndcg10))
    const share = (rank: number) =>
      list.filter((one) => one.rank > 0 && one.rank <= rank).length / list.length
    return {
      system,
      queries: list.length,
      'ndcg@10': round(mean(list.map(({ ndcg10 }) => ndcg10))),
      'ndcg@10_ci95': [round(low), round(high)],
      'mrr@10': round(mean(list.map(({ mrr10 }) => mrr10))),
      'hit@1': round(share(1)),
      'hit@5': round(share(SEEN)),
      ours_minus_this_ci95: system === ours ? null : [round(difference.low), round(difference.high)],
    }
  })
}

/** Identifiers that another system shows among the first five pages, and ours does not. */
export function lostIdentifiers(answers: readonly Answer[], ours: string): string[] {
  const seen = ({ rank }: Answer) => rank > 0 && rank <= SEEN
  const own = new Set(answers.filter((one) => one.system === ours && seen(one)).map(({ id }) => id))
  const lost = answers.filter((one) => one.kind === 'identifier' && seen(one) && !own.has(one.id))
  return [...new Set(lost.map(({ id }) => id))]
}
