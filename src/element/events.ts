/** What pages hear from the box. All events bubble and cross shadow roots. */
import type { Hit } from '../index.ts'
import type { HitList, SectionHit } from '../types.ts'
import type { BoxCondition } from './state.ts'

export interface LateenSearchEvents {
  'lateen-open': CustomEvent<undefined>
  'lateen-close': CustomEvent<undefined>
  'lateen-query': CustomEvent<{ readonly query: string }>
  'lateen-hits': CustomEvent<{
    readonly query: string
    readonly hits: readonly Hit[]
    readonly stage: HitList['stage']
    readonly final: boolean
  }>
  /** Cancelable: the link is then left to the page. */
  'lateen-select': CustomEvent<{
    readonly query: string
    readonly hit: Hit
    readonly section?: SectionHit
    readonly url: string
    readonly event: MouseEvent
  }>
  'lateen-state': CustomEvent<{ readonly state: BoxCondition }>
  'lateen-error': CustomEvent<{ readonly code: string; readonly message: string }>
}
