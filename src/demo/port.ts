/** What the page needs of a search: the part of the public API it calls, and nothing behind it. */
import type { Hit, OnProgress, Search } from '../index.ts'

export type DemoHit = Hit
export type DemoSearch = Pick<Search, 'stream' | 'prepare' | 'update' | 'remove' | 'info' | 'close'>

/** The project's own documentation, or what the reader brought along. */
export type Corpus = 'docs' | 'files'

export type Preference = 'auto' | 'webgpu' | 'wasm'

export interface OpenOptions {
  readonly prefer: Preference
  readonly onProgress: OnProgress
}

export type OpenSearch = (corpus: Corpus, options: OpenOptions) => Promise<DemoSearch>
