/** A search for tests of the search box and of the demo: instant, deterministic, and able to stall or fail on request. */
import { LateenError } from '../errors.ts'
import type { CreateSearchOptions, Hit, Search } from '../index.ts'
import type {
  DocumentInput,
  EngineInfo,
  ExcerptPart,
  Explanation,
  Filters,
  HitList,
  PassageTokenHeat,
  Progress,
  SectionHit,
  Span,
} from '../types.ts'

export type FakeSearch = Pick<
  Search,
  'stream' | 'prepare' | 'update' | 'remove' | 'info' | 'filters' | 'keepOffline' | 'close'
>

export interface FakeOptions {
  readonly documents: readonly DocumentInput[]
  /** Words that mean the same, for the semantic leg. */
  readonly synonyms?: readonly (readonly string[])[]
  /** Called before every semantic answer; may wait. */
  readonly beforeMeaning?: () => Promise<void>
  /** Called while the model loads; may report, wait or throw. */
  readonly onLoad?: (report: (progress: Progress) => void) => Promise<void>
  /** Sections that every hit of a document has, by its id. */
  readonly sections?: Readonly<Record<string, readonly { heading: string; anchor: string; text: string }[]>>
  /** Called while everything is kept for offline use; may report, wait or throw. */
  readonly onKeep?: (report: (progress: Progress) => void) => Promise<void>
  /** Told about every query. */
  readonly onQuery?: (text: string, options: { readonly mode?: string; readonly filters?: Filters }) => void
  readonly onClose?: () => void
  /** Called per passage while documents are added; may wait. */
  readonly onPassage?: () => Promise<void>
  readonly info?: Partial<EngineInfo>
}

const WORD = /[\p{L}\p{N}]+/gu

interface Word {
  readonly text: string
  readonly span: Span
}

function wordsOf(text: string): Word[] {
  return [...text.matchAll(WORD)].map((match) => ({
    text: match[0].toLowerCase(),
    span: { start: match.index, end: match.index + match[0].length },
  }))
}

export function fakeSearch(
  options: FakeOptions,
  { onProgress = () => {}, prefer }: Pick<CreateSearchOptions, 'onProgress' | 'prefer'> = {},
): FakeSearch {
  const documents = new Map(options.documents.map((document) => [document.id, document]))
  let state: EngineInfo['model']['state'] = 'unloaded'
  let failure: LateenError | undefined
  let loading: Promise<void> | undefined

  function load(): Promise<void> {
    loading ??= (async () => {
      state = 'loading'
      try {
        await options.onLoad?.(onProgress)
        state = 'ready'
      } catch (error) {
        state = 'failed'
        failure = error as LateenError
        loading = undefined
        throw error
      }
    })()
    return loading
  }

  function similarity(a: string, b: string): number {
    if (a === b) return 0.93
    if (options.synonyms?.some((group) => group.includes(a) && group.includes(b))) return 0.81
    const grams = (word: string) =>
      new Set([...word].map((_, i) => word.slice(i, i + 3)).filter((g) => g.length === 3))
    const [ga, gb] = [grams(a), grams(b)]
    const shared = [...ga].filter((gram) => gb.has(gram)).length
    const noise = ((a.length * 7 + b.length * 13 + a.charCodeAt(0) * 3 + b.charCodeAt(0)) % 17) / 100
    return 0.18 + noise + (0.5 * shared) / Math.max(1, ga.size + gb.size - shared)
  }

  function explain(query: string, { id, text, title = '' }: DocumentInput): Explanation {
    const asked = wordsOf(query)
    const heat = (field: 'title' | 'text', source: string): PassageTokenHeat[] =>
      wordsOf(source).map((word) => ({
        token: word.text,
        field,
        span: word.span,
        similarities: asked.map(({ text }) => similarity(text, word.text)),
      }))
    const tokens = [...heat('title', title), ...heat('text', text)]
    const best = asked.map((_, row) => {
      const values = tokens.map(({ similarities }) => similarities[row]!)
      const index = values.indexOf(Math.max(...values))
      return { index, similarity: values[index] ?? 0 }
    })
    const score = best.reduce((sum, { similarity }) => sum + similarity, 0)
    return {
      id,
      passage: 0,
      score,
      title,
      heading: '',
      text,
      tokens,
      queryTokens: asked.map(({ text: token, span }, row) => {
        const { index, similarity } = best[row]!
        const match = tokens[index]
        return {
          token,
          span,
          similarity,
          share: similarity / score,
          matches: match ? [{ ...match, index }] : [],
        }
      }),
    }
  }

  function excerptOf(text: string, marked: ReadonlySet<string>): ExcerptPart[] {
    const words = wordsOf(text)
    const at = words.find((word) => marked.has(word.text))?.span.start ?? 0
    const start = at < 120 ? 0 : text.lastIndexOf(' ', at - 60) + 1
    const cut = text.slice(start, start + 220)
    const parts: ExcerptPart[] = start > 0 ? [{ text: '… ', marked: false }] : []
    let position = 0
    for (const { text: word, span } of wordsOf(cut)) {
      if (!marked.has(word)) continue
      parts.push(
        { text: cut.slice(position, span.start), marked: false },
        { text: cut.slice(span.start, span.end), marked: true },
      )
      position = span.end
    }
    return [...parts, { text: `${cut.slice(position)}${cut.length === 220 ? '…' : ''}`, marked: false }]
  }

  function hitOf(
    query: string,
    document: DocumentInput,
    score: number,
    legs: Hit['legs'],
    marked: ReadonlySet<string>,
  ): Hit {
    const [title = document.id, ...headings] = (document.title ?? document.id).split(' › ')
    return {
      id: document.id,
      passage: 0,
      url: document.url ?? '',
      title,
      headings,
      score,
      legs,
      excerpt: excerptOf(document.text, marked),
      metadata: document.metadata ?? {},
      sections: sectionsOf(document, legs, marked),
      explain: async () => {
        await load()
        return explain(query, { ...document, title })
      },
      data: async () => ({
        documentId: document.id,
        ordinal: 0,
        passages: 3,
        title,
        headings,
        url: document.url ?? '',
        text: document.text,
        metadata: {},
        details: {},
      }),
    }
  }

  function sectionsOf({ id, url = '' }: DocumentInput, legs: Hit['legs'], marked: ReadonlySet<string>) {
    return (options.sections?.[id] ?? []).map(
      ({ heading, anchor, text }, index): SectionHit => ({
        passage: index + 1,
        url: `${url}#${anchor}`,
        headings: [heading],
        score: 1,
        legs,
        excerpt: excerptOf(text, marked),
      }),
    )
  }

  function allowed(filters: Filters = {}): DocumentInput[] {
    return [...documents.values()].filter(({ metadata = {} }) =>
      Object.entries(filters).every(([key, wanted]) => {
        const values = [metadata[key] ?? []].flat()
        const any = typeof wanted === 'object' && 'any' in wanted ? wanted.any : [wanted]
        return any.some((value) => values.includes(value as string))
      }),
    )
  }

  function lexical(query: string, filters: Filters | undefined): Hit[] {
    const asked = wordsOf(query).map(({ text }) => text)
    return allowed(filters)
      .map((document) => {
        const words = wordsOf(`${document.title ?? ''} ${document.text}`).map(({ text }) => text)
        const found = asked.filter((term) => words.some((word) => word.startsWith(term)))
        const marked = new Set(words.filter((word) => found.some((term) => word.startsWith(term))))
        return { document, score: found.length, marked }
      })
      .filter(({ score }) => score > 0)
      .sort((a, b) => b.score - a.score)
      .slice(0, 10)
      .map(({ document, score, marked }) => hitOf(query, document, score, ['lexical'], marked))
  }

  function fused(query: string, keywords: readonly Hit[], filters: Filters | undefined): Hit[] {
    const byKeyword = new Map(keywords.map((hit) => [hit.id, hit]))
    return allowed(filters)
      .map((document) => {
        const explanation = explain(query, document)
        const strong = explanation.queryTokens.filter(({ similarity }) => similarity > 0.6)
        const marked = new Set(strong.flatMap(({ matches }) => matches.map(({ token }) => token)))
        return {
          document,
          strong: strong.length,
          score: explanation.score / explanation.queryTokens.length,
          marked,
        }
      })
      .filter(({ strong, document }) => strong > 0 || byKeyword.has(document.id))
      .sort((a, b) => b.score - a.score)
      .slice(0, 10)
      .map(({ document, score, marked, strong }) => {
        const legs: Hit['legs'] = byKeyword.has(document.id)
          ? strong > 0
            ? ['lexical', 'semantic']
            : ['lexical']
          : ['semantic']
        return hitOf(query, document, score, legs, marked)
      })
  }

  async function* stream(
    text: string,
    mode: string,
    filters: Filters | undefined,
  ): AsyncGenerator<HitList<Hit>> {
    const keywords = lexical(text, filters)
    const lexicalMs = 1.4
    if (mode === 'lexical') {
      yield { stage: 'lexical', final: true, hits: keywords, timings: { lexicalMs, totalMs: lexicalMs } }
      return
    }
    yield { stage: 'lexical', final: false, hits: keywords, timings: { lexicalMs, totalMs: lexicalMs } }
    try {
      await load()
    } catch (error) {
      const { code, message } = error as LateenError
      yield {
        stage: 'lexical',
        final: true,
        hits: keywords,
        timings: { lexicalMs, totalMs: lexicalMs },
        degraded: { code, message },
      }
      return
    }
    await options.beforeMeaning?.()
    const timings = { lexicalMs, encodeMs: 17.2, scoreMs: 3.8, totalMs: 22.9 }
    yield { stage: 'fused', final: true, hits: fused(text, keywords, filters), timings }
  }

  return {
    stream(text, { mode = 'hybrid', filters } = {}) {
      options.onQuery?.(text, { mode, ...(filters ? { filters } : {}) })
      return stream(text, mode, filters)
    },
    async prepare({ signal } = {}) {
      const stopped = new Promise<never>((_, reject) =>
        signal?.addEventListener('abort', () => reject(new LateenError('aborted', 'Stopped.'))),
      )
      await Promise.race([load(), stopped])
    },
    async filters() {
      const counts: Record<string, Record<string, number>> = {}
      for (const { metadata = {} } of documents.values()) {
        for (const [key, value] of Object.entries(metadata)) {
          const of = (counts[key] ??= {})
          for (const one of [value].flat().map(String)) of[one] = (of[one] ?? 0) + 1
        }
      }
      return counts
    },
    async keepOffline({ onProgress: report = () => {} } = {}) {
      await options.onKeep?.(report)
      return { persisted: true, bytes: 9_400_000 }
    },
    async update(added, { signal, onProgress: report } = {}) {
      await load()
      const startedAt = performance.now()
      const total = added.length * 4
      for (let done = 1; done <= total; done++) {
        await options.onPassage?.()
        if (signal?.aborted) throw new LateenError('aborted', 'The operation was aborted by its caller.')
        const remainingMs = ((performance.now() - startedAt) / done) * (total - done)
        report?.({ job: 'indexing', stage: 'encode', done, total, unit: 'passages', remainingMs })
      }
      for (const document of added) documents.set(document.id, document)
      return { documents: added.length, passages: total, vectors: total * 60, skipped: [] }
    },
    async remove(ids) {
      for (const id of ids) documents.delete(id)
      return { documents: ids.length, passages: ids.length * 4, vectors: 0, skipped: [] }
    },
    async info() {
      const ready = state === 'ready'
      return {
        version: '0.1.0',
        passages: documents.size * 4,
        documents: documents.size,
        segments: documents.size > 0 ? 1 : 0,
        indexBytes: documents.size * 14_300,
        residentBytes: ready ? documents.size * 9_000 : 0,
        vectors: documents.size * 240,
        codec: 'residual, 4 bit',
        poolFactor: 2,
        model: {
          name: 'lateen-mini',
          fingerprint: 'f00d',
          dim: 48,
          state,
          bytes: ready ? 7_662_713 : 0,
          ...(ready
            ? {
                backend: prefer === 'wasm' ? 'wasm' : 'webgpu',
                selfTest: { passed: true, verified: true, minCosine: 0.9987 },
              }
            : {}),
          ...(failure ? { error: { code: failure.code, message: failure.message } } : {}),
        },
        ...(ready ? { scorer: prefer === 'wasm' ? 'wasm' : 'webgpu' } : {}),
        fallbacks: [],
        storage: 'indexeddb',
        ...options.info,
      }
    },
    async close() {
      options.onClose?.()
    },
  }
}
