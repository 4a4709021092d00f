import { round } from '../src/cli/evaluate.ts'
import { percentile } from '../src/eval/metrics.ts'

export interface Latency {
  readonly p50: number
  readonly p95: number
}

/** Median and 95th percentile in milliseconds. */
export function latency(milliseconds: readonly number[]): Latency {
  return { p50: round(percentile(milliseconds, 50), 2), p95: round(percentile(milliseconds, 95), 2) }
}
