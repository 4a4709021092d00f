/** The page's side of the protocol: an engine whose work is done by a host elsewhere. */
import { proxy, type Remote } from 'comlink'
import { asLateenError, LateenError } from '../errors.ts'
import type { AsyncEngine, ChangeOptions } from '../search/engine.ts'
import type { FilterCounts, HitList, Progress } from '../types.ts'
import { throwIfAborted } from '../util/abort.ts'
import type { Callback, Cloneable, Host, HostOptions } from './protocol.ts'
import type { EngineEvents } from './serve.ts'

export type { AsyncEngine }

export interface RemoteEngine extends AsyncEngine {
  open(options: HostOptions, events: EngineEvents): Promise<void>
  /** Rejects everything pending, and every later call, with `error`. */
  fail(error: LateenError): void
}

export function remoteEngine(host: Remote<Host>): RemoteEngine {
  let calls = 0
  let failure: LateenError | undefined
  const pending = new Set<(error: LateenError) => void>()

  /** Reading ends for its caller the moment the signal fires; the worker is told to stop as well. */
  function ask<T>(
    signal: AbortSignal | undefined,
    send: (call: number) => Promise<T>,
    call = ++calls,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (failure) throw failure
      throwIfAborted(signal)
      const stop = () => {
        abort(call)
        settle()
        reject(
          new LateenError('aborted', 'The operation was aborted by its caller.', { cause: signal?.reason }),
        )
      }
      const settle = () => {
        pending.delete(reject)
        signal?.removeEventListener('abort', stop)
      }
      pending.add(reject)
      signal?.addEventListener('abort', stop, { once: true })
      send(call)
        .then(resolve, (error: unknown) => reject(asWireError(error)))
        .finally(settle)
    })
  }

  /** Changing waits for the worker's verdict after an abort, so that `aborted` means nothing was stored. */
  async function change<T>(
    options: ChangeOptions | undefined,
    send: (call: number, report?: Callback<Progress>) => Promise<T>,
  ): Promise<T> {
    throwIfAborted(options?.signal)
    const call = ++calls
    const stop = () => abort(call)
    options?.signal?.addEventListener('abort', stop, { once: true })
    try {
      return await ask(undefined, () => send(call, callback(options?.onProgress)), call)
    } finally {
      options?.signal?.removeEventListener('abort', stop)
    }
  }

  function abort(call: number): void {
    if (!failure) void host.abort(call)
  }

  return {
    open: (options, { signal, onProgress, onChange }) =>
      ask(signal, (call) => host.open(call, options, callback(onProgress), callback(onChange))),
    info: () => ask(undefined, () => host.info()),
    prepare: (options) => ask(options?.signal, (call) => host.prepare(call, callback(options?.onProgress))),
    async *stream(text, options) {
      const call = ++calls
      const pull = (send: () => Promise<HitList | undefined>) => ask(options?.signal, send, call)
      let list: HitList | undefined
      try {
        list = await pull(() => host.stream(call, text, cloneable(options)))
        while (list) {
          yield list
          list = await pull(() => host.next(call))
        }
      } finally {
        // Left in the middle: the worker need not finish.
        if (list) abort(call)
      }
    },
    query: (text, options) => ask(options?.signal, (call) => host.query(call, text, cloneable(options))),
    explain: (text, hit, options) => ask(options?.signal, (call) => host.explain(call, text, hit)),
    detail: (hit) => ask(undefined, (call) => host.detail(call, hit)),
    add: (documents, options) => change(options, (call, report) => host.add(call, documents, report)),
    update: (documents, options) => change(options, (call, report) => host.update(call, documents, report)),
    remove: (ids, options) => change(options, (call, report) => host.remove(call, ids, report)),
    encode: (texts, options) => ask(options.signal, (call) => host.encode(call, texts, cloneable(options))),
    rerank: (query, documents, options) =>
      ask(options?.signal, (call) => host.rerank(call, query, documents, cloneable(options))),
    filters: async () => withoutPrototypes(await ask(undefined, (call) => host.filters(call))),
    keepOffline: (options) =>
      ask(options?.signal, (call) => host.keepOffline(call, callback(options?.onProgress))),
    refresh: () => ask(undefined, (call) => host.refresh(call)),
    close: () => ask(undefined, () => host.close()),
    fail(error) {
      failure ??= error
      for (const reject of pending) reject(failure)
      pending.clear()
    },
  }
}

/** Cloning gives objects a prototype again, and with it keys that no document has. */
function withoutPrototypes(counts: FilterCounts): FilterCounts {
  const bare = <T>(values: Readonly<Record<string, T>>): Record<string, T> =>
    Object.assign(Object.create(null), values)
  const copy = bare<FilterCounts[string]>(counts)
  for (const [key, values] of Object.entries(copy)) copy[key] = bare(values)
  return copy
}

/** Options without what cannot be cloned. */
function cloneable<O extends ChangeOptions>(options: O | undefined): Cloneable<O> {
  const { signal: _signal, onProgress: _onProgress, ...rest } = options ?? ({} as O)
  return rest
}

/** The function as a proxy. What it throws is the page's error, not the worker's. */
function callback<E>(tell: ((event: E) => void) | undefined): Callback<E> | undefined {
  if (!tell) return undefined
  return proxy((event: E) => {
    try {
      tell(event)
    } catch (error) {
      reportError(error)
    }
  })
}

/** A rejected call as one of ours; arguments that cannot be cloned are the caller's mistake. */
function asWireError(error: unknown): LateenError {
  const uncloneable = error instanceof DOMException && error.name === 'DataCloneError'
  if (!uncloneable) return asLateenError(error)
  return new LateenError('bad-argument', `Expected plain data without functions: ${error.message}`, {
    cause: error,
  })
}
