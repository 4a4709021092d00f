/** The object a page searches with: hits that explain themselves, and the newest query wins. */
import { LateenError } from '../errors.ts'
import type {
  AsyncEngine,
  ChangeOptions,
  EncodeTextsOptions,
  HitReference,
  RerankHit,
  RerankOptions,
  TextVectors,
} from '../search/engine.ts'
import type {
  ChangeSummary,
  DocumentInput,
  EngineInfo,
  Explanation,
  FilterCounts,
  HitData,
  HitDetail,
  HitList,
  OfflineSummary,
  QueryOptions,
} from '../types.ts'
import { throwIfAborted } from '../util/abort.ts'

/** A result: plain data, and two methods that fetch what is only needed for hits that are looked at. */
export interface Hit extends HitData {
  /**
   * Which words of the passage answered which token of the query. The first call loads the model.
   * Fails with `document-not-found` when the document has been removed or replaced by a shorter one.
   */
  explain(options?: { readonly signal?: AbortSignal }): Promise<Explanation>
  /** The whole passage. Fails like `explain`. */
  data(): Promise<HitDetail>
}

export interface SearchOptions extends QueryOptions {
  /**
   * Whether this query takes the place of the exclusive one before it, so that a late answer never
   * overwrites a newer one. Queries made with `false` neither end others nor are ended by them.
   * @default true
   */
  readonly exclusive?: boolean
}

/** A search over one index. All methods fail with `closed` after `close()`. */
export interface Search {
  /**
   * The answers as they improve: the lexical one at once, the fused one when the model has spoken;
   * `final` marks the last. Work starts when the first list is asked for.
   *
   * A newer exclusive `stream` or `query` ends the loop over this one without an error and without
   * another list. The caller's own signal makes it fail with `aborted`.
   */
  stream(text: string, options?: SearchOptions): AsyncIterable<HitList<Hit>>
  /**
   * The last answer of `stream`. Fails with `aborted` when a newer exclusive `stream` or `query`
   * came first or the signal fired, and with `bad-argument` on options out of range.
   */
  query(text: string, options?: SearchOptions): Promise<HitList<Hit>>
  /** Adds documents. Fails with `duplicate-id` when an id is already there; nothing is stored then. */
  add(documents: readonly DocumentInput[], options?: ChangeOptions): Promise<ChangeSummary>
  /** Adds documents, replacing those with the same id. */
  update(documents: readonly DocumentInput[], options?: ChangeOptions): Promise<ChangeSummary>
  /** Removes documents. Fails with `document-not-found` when an id is not there; nothing is removed then. */
  remove(ids: readonly string[], options?: ChangeOptions): Promise<ChangeSummary>
  /**
   * The token vectors of texts, with their tokens, for callers who keep and compare them themselves:
   * `maxSim` and `rank` take them. Needs no index. Fails with `bad-argument` on options out of range.
   */
  encode(texts: readonly string[], options: EncodeTextsOptions): Promise<TextVectors[]>
  /** Scores texts against a query, best first, without any index. */
  rerank(
    query: string,
    documents: readonly (string | DocumentInput)[],
    options?: RerankOptions,
  ): Promise<RerankHit[]>
  /** Loads model and vectors ahead of the first query that needs them, e.g. when a search box gets the focus. */
  prepare(options?: ChangeOptions): Promise<void>
  /** The whole passage behind a hit that was kept as plain data. */
  detail(hit: HitReference): Promise<HitDetail>
  /** Per metadata key and value the number of documents that have it: what filters can be set to. */
  filters(): Promise<FilterCounts>
  /**
   * Brings the whole index and the model to this device and asks the browser not to evict them, so that
   * search works without a network from then on; the page and its scripts are the site's to keep. Fails
   * with `storage-unavailable` where nothing outlives the page, `storage-full`, `network`.
   */
  keepOffline(options?: ChangeOptions): Promise<OfflineSummary>
  /** What is running: model, backend, sizes, and every fallback that was taken, with its reason. */
  info(): Promise<EngineInfo>
  /** Ends the worker and lets go of everything. What is pending fails with `closed`. */
  close(): Promise<void>
}

/** @param persist asks the platform not to evict what is stored; never rejects @default it never does */
export function searchOver(engine: AsyncEngine, persist = async () => true): Search {
  let newest: Turn | undefined

  function takeTurn(exclusive: boolean, signal: AbortSignal | undefined): Turn {
    const turn = createTurn(signal)
    if (exclusive) {
      newest?.supersede()
      newest = turn
    }
    return turn
  }

  function withMethods(text: string, list: HitList): HitList<Hit> {
    const hits = list.hits.map((hit): Hit => {
      const reference = { id: hit.id, passage: hit.passage }
      return {
        ...hit,
        explain: (options) => engine.explain(text, reference, options),
        data: () => engine.detail(reference),
      }
    })
    return { ...list, hits }
  }

  async function* lists(text: string, options: QueryOptions, turn: Turn): AsyncGenerator<HitList<Hit>> {
    try {
      for await (const list of engine.stream(text, { ...options, signal: turn.signal })) {
        if (turn.superseded()) return
        yield withMethods(text, list)
      }
    } catch (error) {
      if (!turn.superseded()) throw error
    } finally {
      turn.end()
    }
  }

  return {
    stream(text, { exclusive = true, signal, ...options } = {}) {
      return lists(text, options, takeTurn(exclusive, signal))
    },
    async query(text, { exclusive = true, signal, ...options } = {}) {
      const turn = takeTurn(exclusive, signal)
      try {
        const list = await engine.query(text, { ...options, signal: turn.signal })
        throwIfAborted(turn.signal)
        return withMethods(text, list)
      } catch (error) {
        throw turn.superseded()
          ? new LateenError('aborted', 'A newer query took the place of this one.', { cause: error })
          : error
      } finally {
        turn.end()
      }
    },
    add: engine.add,
    update: engine.update,
    remove: engine.remove,
    // Callers without types may leave the options out, and shall be told what is missing.
    encode: async (texts, options = {} as EncodeTextsOptions) => engine.encode(texts, options),
    rerank: engine.rerank,
    prepare: engine.prepare,
    detail: ({ id, passage }) => engine.detail({ id, passage }),
    filters: engine.filters,
    async keepOffline(options) {
      // Some browsers ask the reader, and only right after a click; an answer may never come.
      const asked = persist()
      const bytes = await engine.keepOffline(options)
      return { persisted: await Promise.race([asked, false]), bytes }
    },
    info: engine.info,
    close: engine.close,
  }
}

/** One query's right to answer: lost when its caller aborts it or a newer one takes its place. */
interface Turn {
  readonly signal: AbortSignal
  superseded(): boolean
  supersede(): void
  /** Lets go of the caller's signal. */
  end(): void
}

function createTurn(callers: AbortSignal | undefined): Turn {
  const controller = new AbortController()
  let superseded = false
  const follow = () => controller.abort(callers?.reason)
  if (callers?.aborted) follow()
  callers?.addEventListener('abort', follow, { once: true })
  return {
    signal: controller.signal,
    superseded: () => superseded,
    supersede() {
      superseded = true
      controller.abort()
    },
    end: () => callers?.removeEventListener('abort', follow),
  }
}
