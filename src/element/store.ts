/** One observable value: views subscribe, controllers set. */
export interface Store<S> {
  get(): S
  /** Merges the patch and tells the subscribers, in the order they came. */
  set(patch: Partial<S>): void
  /** @returns ends the subscription */
  subscribe(listener: (state: S, before: S) => void): () => void
}

export function createStore<S extends object>(initial: S): Store<S> {
  let state = initial
  const listeners = new Set<(state: S, before: S) => void>()
  return {
    get: () => state,
    set(patch) {
      const before = state
      state = { ...state, ...patch }
      for (const listener of listeners) listener(state, before)
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
