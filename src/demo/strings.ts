/** Everything the scripts say, in one place. What never changes stands in index.html. */
import type { EngineInfo, Fallback, Progress, SearchMode } from '../types.ts'
import type { Corpus } from './port.ts'
import type { SkipReason } from './read-files.ts'

const integer = new Intl.NumberFormat('en')
const decimal = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })
const fixed = new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 })
const percent = new Intl.NumberFormat('en', { style: 'percent' })

/** A count with its noun: `1 hit`, `2 hits`. */
const count = (value: number, one: string, many = `${one}s`) =>
  `${integer.format(value)} ${value === 1 ? one : many}`

export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${integer.format(Math.round(bytes))} B`
  if (bytes < 1e6) return `${decimal.format(bytes / 1e3)} kB`
  return `${decimal.format(bytes / 1e6)} MB`
}

/** Milliseconds, with tenths where they matter. */
export function formatMs(ms: number): string {
  return `${ms < 10 ? decimal.format(ms) : integer.format(Math.round(ms))} ms`
}

export function formatRemaining(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000))
  return seconds < 60
    ? `about ${count(seconds, 'second')} left`
    : `about ${count(Math.round(seconds / 60), 'minute')} left`
}

export const strings = {
  theme: { toDark: 'Switch to dark theme', toLight: 'Switch to light theme' },

  corpus: { docs: 'Lateen docs', files: 'Your files' } satisfies Record<Corpus, string>,
  placeholder: {
    docs: 'Ask about Lateen',
    files: 'Ask about your files',
  } satisfies Record<Corpus, string>,

  examples: [
    'what happens when the GPU goes away',
    'does anything I type leave my computer',
    'make the index smaller',
    'why did this passage match my question',
    'search while on a plane',
    'add my own documents',
  ],

  meaning: {
    waiting: 'Keyword search is ready. Search by meaning loads when you start typing.',
    held: 'Keyword search only: this device asks to save data.',
    load: 'Load search by meaning',
    loading: 'Loading search by meaning',
    starting: 'Starting the model…',
    loadingBytes: (done: number, total: number | undefined) =>
      total === undefined ? `${formatBytes(done)} so far` : `${formatBytes(done)} of ${formatBytes(total)}`,
    ready: 'Searching by words and meaning',
    readyOffline: 'Offline, and nothing is missing: words and meaning both run in this tab',
    offline: 'Offline: keyword results only until search by meaning can be downloaded.',
    failed: (reason: string) => `Keyword results only. Search by meaning is unavailable: ${reason}`,
    retry: 'Try again',
  },

  backend: { webgpu: 'WebGPU', wasm: 'WebAssembly', node: 'Node', reference: 'TypeScript' } as Readonly<
    Record<string, string>
  >,

  opening: {
    index: 'Opening the index',
    failed: (reason: string) => `This index cannot be opened: ${reason}`,
    files: 'Your files work without it.',
  },

  results: {
    grid: 'Results',
    summary: (hits: number, ms: number) => `${count(hits, 'result')} in ${formatMs(ms)}`,
    lexicalOnly: 'by keywords so far',
    searching: 'Searching…',
    announce: (hits: number, query: string) => `${count(hits, 'result')} for “${query}”`,
    none: (query: string) => `No passage is close enough to “${query}”.`,
    noKeyword: (query: string) => `No passage contains “${query}”.`,
    meaningToCome: 'Search by meaning is still on its way.',
    noneHint: {
      hybrid: 'Try other words, or a full question.',
      semantic: 'Try other words, or let keywords help too.',
      lexical: 'No passage contains these words. Searching by meaning may still find it.',
    } satisfies Record<SearchMode, string>,
    failed: (reason: string) => `The search did not finish: ${reason}`,
    orderKept: 'New results were added below, so that nothing moves under your hand.',
    reorder: 'Put the best first',
    why: 'Why this result',
    read: 'Read passage',
    legs: { lexical: 'keyword', semantic: 'meaning' },
    foundBy: 'Found by',
    untitled: 'Untitled',
  },

  why: {
    loading: 'Comparing every word of your question with every word of the passage…',
    failed: (reason: string) => `The explanation could not be made: ${reason}`,
    all: 'All words',
    tokens: 'Words of your question',
    score: (score: number, tokens: number) =>
      `Score ${fixed.format(score)}: the best match of each of ${count(tokens, 'token')}, added up.`,
    markers: 'markers',
    special: 'Markers the model adds to every question',
    strongest: 'Strongest: ',
    pair: (query: string, passage: string, similarity: number, share: number) =>
      `“${query}” met “${passage}” (${fixed.format(similarity)}, ${percent.format(share)} of the score)`,
    ofTheScore: 'of the score',
    legendLow: 'far',
    legendHigh: 'close',
    legendMatch: 'underlined: the best match',
    similarity: (value: number) => `similarity ${fixed.format(value)}`,
    table: 'The same as a table',
    columns: ['Your word', 'Met in the passage', 'Similarity', 'Share'],
    noWord: 'no word of its own',
    number: (value: number) => fixed.format(value),
    share: (value: number) => percent.format(value),
  },

  read: {
    loading: 'Fetching the passage…',
    failed: (reason: string) => `The passage could not be read: ${reason}`,
    position: (ordinal: number, passages: number) =>
      passages === 1
        ? 'The whole document'
        : `Passage ${integer.format(ordinal + 1)} of ${integer.format(passages)}`,
    open: 'Open the page',
  },

  files: {
    empty: 'Nothing here yet. What you add stays in this browser and is never uploaded.',
    summary: (documents: number, passages: number) =>
      `${count(documents, 'document')}, ${count(passages, 'passage')}`,
    volatile: 'This browser does not let the page store anything: your files are gone after a reload.',
    list: (documents: number) => `Manage ${count(documents, 'document')}`,
    length: (characters: number) => count(characters, 'character'),
    remove: (id: string) => `Remove ${id}`,
    reading: (files: number) => `Reading ${count(files, 'file')}…`,
    starting: 'Preparing…',
    passages: (done: number, total: number | undefined) =>
      total === undefined ? count(done, 'passage') : `${integer.format(done)} of ${count(total, 'passage')}`,
    rate: (perSecond: number) => `${decimal.format(perSecond)} per second`,
    done: (documents: number, passages: number) =>
      `Indexed ${count(documents, 'document')}, ${count(passages, 'passage')}. Ready to search.`,
    removed: (documents: number) => `Removed ${count(documents, 'document')}.`,
    cancelled: 'Indexing was cancelled. What was there before is untouched.',
    failed: (reason: string) => `Indexing failed: ${reason}`,
    skipped: (number: number) => `${count(number, 'file')} left out`,
    nothing: 'None of these files can be read as text, Markdown or HTML.',
    skipReason: {
      format: 'not text, Markdown or HTML',
      size: 'larger than 8 MB',
      binary: 'not UTF-8 text',
      empty: 'empty',
      unreadable: 'could not be read',
    } satisfies Record<SkipReason, string>,
  },

  panel: {
    unknown: 'not loaded yet',
    model: 'Model',
    encoder: 'Encoder',
    scorer: 'Scorer',
    selfTest: 'Self-test',
    selfTestResult: (passed: boolean, verified: boolean, minCosine: number) =>
      verified ? `${passed ? 'passed' : 'failed'}, cosine ≥ ${minCosine.toFixed(4)}` : 'no known answers',
    passages: 'Passages',
    passagesOf: (passages: number, documents: number) =>
      `${integer.format(passages)} in ${count(documents, 'document')}`,
    vectors: 'Vectors',
    vectorsOf: (vectors: number, dim: number, codec: string) =>
      `${integer.format(vectors)} × ${dim}${codec === '' ? '' : `, ${codec}`}`,
    index: 'Index',
    indexOf: (bytes: number, passages: number) =>
      `${formatBytes(bytes)}, ${formatBytes(bytes / passages)} per passage`,
    storage: 'Kept in',
    storageOf: {
      memory: 'memory only',
      indexeddb: 'IndexedDB',
      file: 'files',
      http: 'static files',
    } satisfies Record<EngineInfo['storage'], string>,
    modelOf: (name: string, bytes: number) =>
      `${name}, ${bytes === 0 ? 'not loaded yet' : formatBytes(bytes)}`,
    stages: { lexicalMs: 'keywords', encodeMs: 'encode', scoreMs: 'score' },
    noQuery: 'Search for something to see where the time goes.',
    total: (ms: number) => `${formatMs(ms)} in all`,
    fallback: ({ from, message }: Fallback) => `${strings.backend[from] ?? from}: ${message}`,
  },
}

/** `12.3 MB of 16 MB` or `40 of 200 passages`, as the job counts. */
export function formatProgress({ done, total, unit }: Progress): string {
  return unit === 'bytes' ? strings.meaning.loadingBytes(done, total) : strings.files.passages(done, total)
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
