/** Turns what a platform throws into the errors of this library. */

/** @returns a wrapper that makes the same function of one, but for what its promise rejects with */
export function guard(asStoreError: (error: unknown) => unknown) {
  return <A extends readonly unknown[], T>(run: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      try {
        return await run(...args)
      } catch (error) {
        throw asStoreError(error)
      }
    }
}
