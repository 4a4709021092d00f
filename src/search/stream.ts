/** One query, answered twice: by keywords at once, then by keywords and meaning together. */
import { asLateenError, LateenError } from '../errors.ts'
import { fuse } from '../lexical/fusion.ts'
import type { LexicalHit } from '../lexical/lexical.ts'
import type { HitList, Timings } from '../types.ts'
import { abortable, throwIfAborted } from '../util/abort.ts'
import { documentsOf, type Hits, isTextHere, toHits } from './hits.ts'
import type { MeaningAnswer } from './meaning.ts'
import type { QueryPlan } from './plan.ts'
import type { IndexState } from './state.ts'

/** Shorter than the pause between two letters of most people, and too short to be felt. */
const QUIET_MS = 60

export interface StreamInput {
  /** The snapshot the query keeps, whatever changes meanwhile. */
  readonly index: IndexState
  readonly plan: QueryPlan
  /** The semantic leg. It may take long the first time, and fail where there is no model. */
  readonly askMeaning: () => Promise<MeaningAnswer>
  readonly signal: AbortSignal | undefined
}

/**
 * What one leg fails with, the other makes up for, and the list says so. Only when neither answers, or when
 * only one was asked, the query fails.
 */
export async function* answers(input: StreamInput): AsyncGenerator<HitList> {
  const { index, plan, signal } = input
  const startMs = performance.now()
  const since = () => performance.now() - startMs
  if (plan.text === '') {
    const stage = plan.mode === 'semantic' ? 'semantic' : 'lexical'
    yield { stage, final: true, hits: [], timings: { totalMs: since() } }
    return
  }

  let found: readonly LexicalHit[] = []
  let keywords: HitList | undefined
  let failed: LateenError | undefined
  let unread: LateenError | undefined
  if (plan.mode !== 'semantic') {
    try {
      found = await index.lexical.search(plan.text, {
        limit: plan.depth,
        filter: plan.allows,
        onUnread: (error) => {
          unread = notLookedUp(asLateenError(error))
        },
      })
      const lexicalMs = since()
      await untilQuiet(input, found)
      const { hits, missing } = await toHits({
        ...common(input, found),
        ranked: found,
        semantic: new Set(),
        // This list is waited for while somebody types; the last one has all sections.
        onlyNearSections: true,
      })
      throwIfAborted(signal)
      keywords = {
        stage: 'lexical',
        final: plan.mode === 'lexical',
        hits,
        timings: { lexicalMs, totalMs: since() },
        ...degraded(unread ?? missing),
      }
    } catch (error) {
      failed = asLateenError(error)
      if (plan.mode === 'lexical' || isEnd(failed)) throw error
    }
    if (keywords) yield keywords
    if (plan.mode === 'lexical') return
  }

  try {
    const { answer, hits, missing } = await byBoth(input, found)
    const { encodeMs, scoreMs } = answer
    const timings: Timings = { ...keywords?.timings, encodeMs, scoreMs, totalMs: since() }
    const stage = keywords ? 'fused' : 'semantic'
    yield { stage, final: true, hits, timings, ...degraded(failed ?? unread ?? missing) }
  } catch (error) {
    const reason = asLateenError(error)
    if (isEnd(reason)) throw error
    if (!keywords) throw failed ?? error
    const timings = { ...keywords.timings, totalMs: since() }
    yield { ...keywords, final: true, timings, ...degraded(reason) }
  }
}

/**
 * Text that has to be fetched is fetched when no letter follows at once: the hits of words half typed are
 * many, and nobody sees them. Who cannot abort is not typing.
 */
async function untilQuiet({ index, plan, signal }: StreamInput, found: readonly LexicalHit[]): Promise<void> {
  const isHere = documentsOf(index, found, plan.limit).every(([best]) => isTextHere(index, best.id))
  if (!signal || isHere) return
  await abortable(new Promise<void>((resolve) => void setTimeout(resolve, QUIET_MS)), signal)
}

async function byBoth(
  input: StreamInput,
  found: readonly LexicalHit[],
): Promise<Hits & { answer: MeaningAnswer }> {
  const { plan, signal } = input
  const answer = await input.askMeaning()
  throwIfAborted(signal)
  const ranked =
    plan.mode === 'semantic'
      ? answer.ranked
      : fuse({ lexical: found, semantic: answer.ranked, query: plan.text }, plan.depth)
  const semantic = new Set(answer.ranked.map(({ id }) => id))
  const shown = await toHits({ ...common(input, found), ranked, semantic, spansOf: answer.spansOf })
  throwIfAborted(signal)
  return { answer, ...shown }
}

function common({ index, plan }: StreamInput, found: readonly LexicalHit[]) {
  return { state: index, limit: plan.limit, terms: new Map(found.map(({ id, terms }) => [id, terms])) }
}

function degraded(reason: LateenError | undefined): Pick<HitList, 'degraded'> {
  return reason ? { degraded: { code: reason.code, message: reason.message } } : {}
}

function notLookedUp(cause: LateenError): LateenError {
  return new LateenError(
    cause.code,
    'Some words of the query were not looked up because the keywords of the index could not be read there.',
    { cause },
  )
}

/** True where there is nobody left to answer. */
function isEnd({ code }: LateenError): boolean {
  return code === 'aborted' || code === 'closed'
}
