/** Defines `<lateen-search>`. The index lies beside this script unless the element says otherwise. */
import { LateenSearch } from './lateen-search.ts'

export type { LateenSearchEvents } from './events.ts'
export { LateenSearch } from './lateen-search.ts'
export type { StringsOverride } from './strings/types.ts'

const script = import.meta.url

if (globalThis.customElements && !customElements.get('lateen-search')) {
  LateenSearch.base = new URL('.', script).href
  customElements.define('lateen-search', LateenSearch)
}
