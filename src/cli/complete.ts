import { type ErrorCode, LateenError } from '../errors.ts'
import type { HitList } from '../types.ts'

/**
 * Fails with the reason when meaning was asked for and left out. A page shows the keyword hits then; a
 * script must not take them for the answer it asked for.
 */
export function assertComplete({ degraded }: HitList<unknown>): void {
  if (degraded) throw new LateenError(degraded.code as ErrorCode, degraded.message)
}
