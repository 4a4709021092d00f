/** Memoises a promise: concurrent callers share it, and a rejection is forgotten. */
export interface Once<T> {
  (): Promise<T>
  /** Forgets the value, so that the next call runs again. */
  reset(): void
}

/**
 * @param run called at most once at a time; called again only after it failed or after `reset()`
 */
export function once<T>(run: () => Promise<T>): Once<T> {
  let pending: Promise<T> | undefined
  const call = () => {
    if (pending) return pending
    const mine: Promise<T> = Promise.resolve()
      .then(run)
      .catch((error: unknown) => {
        if (pending === mine) pending = undefined
        throw error
      })
    pending = mine
    return mine
  }
  return Object.assign(call, {
    reset() {
      pending = undefined
    },
  })
}
