import type { OnProgress, Progress } from '../types.ts'

/** Reports a long job: counters only grow, and the time left is estimated once there is a rate. */
export interface ProgressMeter {
  readonly done: number
  update(done: number): void
}

/** How much must be done before the rate means something. */
const MIN_SHARE_FOR_ESTIMATE = 0.02

/** @param job what every report repeats; without `onProgress` nothing is computed */
export function progressMeter(
  job: Omit<Progress, 'done' | 'remainingMs'>,
  onProgress?: OnProgress,
): ProgressMeter {
  const startMs = performance.now()
  let done = 0
  const report = () => {
    if (!onProgress) return
    const share = job.total ? done / job.total : 0
    const spentMs = performance.now() - startMs
    onProgress({
      ...job,
      done,
      ...(share >= MIN_SHARE_FOR_ESTIMATE
        ? { remainingMs: Math.round((spentMs * (1 - share)) / share) }
        : {}),
    })
  }
  report()
  return {
    get done() {
      return done
    },
    update(value) {
      if (value <= done) return
      done = value
      report()
    },
  }
}
