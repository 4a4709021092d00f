/**
 * Pagefind's JavaScript API over a Lateen index, so that moving is one import:
 *
 * ```ts
 * const search = await import('/lateen/pagefind.js') // was: /pagefind/pagefind.js
 * const { results } = await search.search('cancel a request')
 * const { url, excerpt } = await results[0].data()
 * ```
 *
 * Without counterpart: `mergeIndex`, sorting, positions of words (`words`, `locations` are empty).
 */
import { LateenError } from '../errors.ts'
import { createInstance } from './instance.ts'

export { createInstance, type PagefindInstance } from './instance.ts'
export type * from './types.ts'

export const { options, init, search, debouncedSearch, preload, filters, destroy } = createInstance()

/** Fails with `bad-argument`: one index holds one site. */
export async function mergeIndex(): Promise<never> {
  throw new LateenError(
    'bad-argument',
    'Indexes of several sites cannot be merged in the browser. Open each with createInstance({ basePath }), or build one index over all pages.',
  )
}
