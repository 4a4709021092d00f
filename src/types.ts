/**
 * The vocabulary shared by every stage. Types only.
 *
 * document (what the caller has) → passage (what is scored) → token (what the model sees)
 * → vector (what is kept after pooling) → code (what is stored). A hit is a result.
 */

/** Row-major token vectors: `data.length === numTokens * dim`. */
export interface TokenMatrix {
  /** numTokens × dim, row-major. */
  readonly data: Float32Array
  readonly numTokens: number
  readonly dim: number
}

/** A half-open range of UTF-16 code units of a string. */
export interface Span {
  readonly start: number
  readonly end: number
}

export type MetadataValue = string | number | boolean | readonly string[]
export type Metadata = Readonly<Record<string, MetadataValue>>
/** Values to show with a document; read when they are asked for, never filtered by. */
export type Details = Readonly<Record<string, string>>

/** How the `text` of a document is to be read. */
export type DocumentFormat = 'text' | 'markdown' | 'html'

/** What a caller adds to an index. */
export interface DocumentInput {
  /** Unique within the index; the same id replaces on `update`. */
  readonly id: string
  /** Plain text, Markdown or HTML, as `format` says. */
  readonly text: string
  /** @default 'text' */
  readonly format?: DocumentFormat
  /** Shown in hits and encoded in front of every passage. Default: the first heading, else empty. */
  readonly title?: string
  /** Where a hit leads. Default: empty. */
  readonly url?: string
  /** Values that filters can test. */
  readonly metadata?: Metadata
}

/** A document after parsing: plain text cut at its headings, in reading order. */
export interface ParsedDocument {
  readonly id: string
  readonly title: string
  readonly url: string
  readonly metadata: Metadata
  /** Values that are shown but not filtered by, e.g. the address of a picture. */
  readonly details?: Details
  readonly sections: readonly Section[]
}

/** The text under one heading. */
export interface Section {
  /** Heading path below the title, outermost first; empty for text before the first heading. */
  readonly headings: readonly string[]
  /** Fragment id of the heading, without `#`; empty when it has none. */
  readonly anchor: string
  /** Plain text: paragraphs separated by a blank line. */
  readonly text: string
  /** How much a match here counts beside one elsewhere, 0 to 10. @default 1 */
  readonly weight?: number
}

/** The unit that is encoded, stored and scored. */
export interface Passage {
  readonly documentId: string
  /** Position of this passage in its document, from 0. */
  readonly ordinal: number
  readonly title: string
  /** Heading path below the title, outermost first. */
  readonly headings: readonly string[]
  /** Where a hit leads, with the anchor of the heading when it has one. */
  readonly url: string
  readonly text: string
  readonly metadata: Metadata
  /** How much a match in this passage counts, 0 to 10. @default 1 */
  readonly weight?: number
  /** On the first passage of a document that has any. */
  readonly details?: Details
}

/** Which legs answer a query. */
export type SearchMode = 'hybrid' | 'semantic' | 'lexical'

/**
 * A filter on metadata: every key must match. A plain value must be equal (or be contained, where
 * the metadata is a list); `any` matches at least one, `all` every one, `not` none.
 */
export type FilterValue =
  | string
  | number
  | boolean
  | { readonly any: readonly (string | number | boolean)[] }
  | { readonly all: readonly (string | number | boolean)[] }
  | { readonly not: readonly (string | number | boolean)[] }
export type Filters = Readonly<Record<string, FilterValue>>

export interface QueryOptions {
  /** How many hits at most, 1 to 1,000. @default 10 */
  readonly limit?: number
  /** @default 'hybrid' */
  readonly mode?: SearchMode
  readonly filters?: Filters
  readonly signal?: AbortSignal
}

/** A run of plain text, marked or not. Never HTML. */
export interface ExcerptPart {
  readonly text: string
  readonly marked: boolean
}

/** One result: the best passage of one document, as plain data. */
export interface HitData {
  /** Id of the document. */
  readonly id: string
  /** Position of the best passage in its document, from 0. */
  readonly passage: number
  readonly url: string
  readonly title: string
  readonly headings: readonly string[]
  /** Comparable within one answer only: fused rank score, MaxSim sum or keyword score, as `mode` says. */
  readonly score: number
  /** Which legs found it. */
  readonly legs: readonly ('lexical' | 'semantic')[]
  readonly excerpt: readonly ExcerptPart[]
  /** Of the document. */
  readonly metadata: Metadata
  /** Other sections of the document that answer too, best first, at most 3; each heading counts once. */
  readonly sections: readonly SectionHit[]
}

/** Another passage of a hit's document, under another heading. */
export type SectionHit = Pick<HitData, 'passage' | 'url' | 'headings' | 'score' | 'legs' | 'excerpt'>

/** Per metadata key and value the number of documents that have it: what filters can be set to. */
export type FilterCounts = Readonly<Record<string, Readonly<Record<string, number>>>>

/** What `keepOffline` has brought about. */
export interface OfflineSummary {
  /** Whether the browser promised not to evict it under storage pressure. */
  readonly persisted: boolean
  /** Bytes of index and model that are on this device now. */
  readonly bytes: number
}

/** One answer of a stream. */
export interface HitList<H = HitData> {
  /** What ordered the hits: the lexical answer comes first, the fused one after it. */
  readonly stage: 'lexical' | 'semantic' | 'fused'
  /** True for the last list of a stream. */
  readonly final: boolean
  readonly hits: readonly H[]
  readonly timings: Timings
  /** What is missing of this answer: meaning that could not be had, or hits whose text could not be read. */
  readonly degraded?: { readonly code: string; readonly message: string }
}

/** Milliseconds per stage; a stage that did not run is absent. */
export interface Timings {
  readonly lexicalMs?: number
  readonly encodeMs?: number
  readonly scoreMs?: number
  readonly totalMs: number
}

/** What one token of the query contributed to the score of a hit. */
export interface QueryTokenExplanation {
  /** The token as the tokenizer wrote it, e.g. `##ing`. */
  readonly token: string
  /** Where it stands in the query; absent for markers and special tokens. */
  readonly span?: Span
  /** Largest similarity to a vector of the passage, about −1 to 1. */
  readonly similarity: number
  /** Part of the total score, 0 to 1; shares of one explanation add up to 1 when the score is positive. */
  readonly share: number
  /** The passage token with that similarity; none when the passage has no tokens. */
  readonly matches: readonly PassageTokenMatch[]
}

export interface PassageTokenMatch {
  readonly token: string
  /** Position in the explanation's `tokens` list. */
  readonly index: number
  /** Where the token stands; absent for markers and special tokens. */
  readonly field?: PassageField
  readonly span?: Span
}

/** The part of a passage a span points into; `heading` is the heading path joined by ` › `. */
export type PassageField = 'title' | 'heading' | 'text'

/** A token of the passage with its similarity to every token of the query. */
export interface PassageTokenHeat {
  readonly token: string
  readonly field?: PassageField
  readonly span?: Span
  /** One similarity per query token, in the order of `queryTokens`. */
  readonly similarities: readonly number[]
}

/** Late interaction made visible: which words of the passage answered which word of the query. */
export interface Explanation {
  readonly id: string
  readonly passage: number
  /** The MaxSim sum that the parts below add up to. */
  readonly score: number
  readonly queryTokens: readonly QueryTokenExplanation[]
  readonly title: string
  readonly heading: string
  readonly text: string
  /** The passage tokens that have a vector, in reading order. */
  readonly tokens: readonly PassageTokenHeat[]
}

/** The whole passage behind a hit. */
export interface HitDetail extends Passage {
  /** Number of passages in the document. */
  readonly passages: number
  readonly details: Details
}

/** Where a long job stands. Counters only grow; `total` is absent while it is unknown. */
export interface Progress {
  readonly job: 'model' | 'index' | 'indexing'
  /** What is happening: a file name while downloading, a stage name while indexing. */
  readonly stage: string
  readonly done: number
  readonly total?: number
  readonly unit: 'bytes' | 'passages' | 'pages'
  /** Estimated milliseconds to the end, once there is enough to estimate from. */
  readonly remainingMs?: number
}

export type OnProgress = (progress: Progress) => void

/** Options of a call that may take long. */
export interface ChangeOptions {
  readonly signal?: AbortSignal
  readonly onProgress?: OnProgress
}

/** Where the encoder runs. `node` is ONNX Runtime's native build. */
export type EncoderBackend = 'webgpu' | 'wasm' | 'node'
export type ScorerKind = 'reference' | 'wasm' | 'webgpu'

/** A backend, or one with certain weights, that was tried and dropped, and why. */
export interface Fallback {
  readonly from: string
  /** Weights that were dropped on it; absent when the whole backend was. */
  readonly dtype?: string
  readonly code: string
  readonly message: string
}

/** What is running, as `info()` reports it. */
export interface EngineInfo {
  readonly version: string
  readonly passages: number
  readonly documents: number
  readonly segments: number
  /** Bytes of all files of the index. */
  readonly indexBytes: number
  /** Vector bytes held by the scorer now; 0 before the semantic leg is loaded. */
  readonly residentBytes: number
  readonly vectors: number
  readonly codec: string
  readonly poolFactor: number
  readonly model: {
    readonly name: string
    readonly fingerprint: string
    readonly dim: number
    readonly state: 'unloaded' | 'loading' | 'ready' | 'failed'
    readonly bytes: number
    readonly backend?: EncoderBackend
    /** How the weights that are loaded are stored, e.g. `q8`. */
    readonly dtype?: string
    /** `verified` is false for a model without known answers: then vectors are numbers, and no more is known. */
    readonly selfTest?: { readonly passed: boolean; readonly verified: boolean; readonly minCosine: number }
    readonly error?: { readonly code: string; readonly message: string }
  }
  readonly scorer?: ScorerKind
  /** The GPU adapter's own description, when one is used. */
  readonly adapter?: string
  readonly fallbacks: readonly Fallback[]
  /** Where the index lives: `memory` also means that nothing survives a reload. */
  readonly storage: 'memory' | 'indexeddb' | 'file' | 'http'
}

/** What changed after `add`, `update` or `remove`. */
export interface ChangeSummary {
  readonly documents: number
  readonly passages: number
  readonly vectors: number
  readonly skipped: readonly { readonly id: string; readonly reason: string }[]
}
