/** The worker's side of the protocol: an engine answered call by call. */
import { expose, type Remote, releaseProxy, transfer } from 'comlink'
import { asLateenError, LateenError } from '../errors.ts'
import type { Engine } from '../search/engine.ts'
import type { HitList, OnProgress, Progress } from '../types.ts'
import {
  type Callback,
  type Host,
  type HostOptions,
  installErrorTransfer,
  isHello,
  PROTOCOL,
  type Ready,
} from './protocol.ts'

/** What an engine tells for as long as it lives. */
export interface EngineEvents {
  /** Gives up building it. */
  readonly signal?: AbortSignal
  readonly onProgress?: OnProgress
  /** Another tab has changed the index, to this revision, and queries see it from now on. */
  readonly onChange?: (revision: number) => void
}

export type OpenEngine = (options: HostOptions, events: EngineEvents) => Promise<Engine>

/** Answers every page that says hello on `scope`, and says when it is ready to be called. */
export function listen(scope: EventTarget, open: OpenEngine): void {
  installErrorTransfer()
  scope.addEventListener('message', async (event) => {
    const { data, ports } = event as MessageEvent<unknown>
    const port = ports[0]
    if (!isHello(data) || !port) return
    expose(serve(open), port)
    const locked = await holdLock(data.lock)
    port.postMessage({ lateen: 'ready', protocol: PROTOCOL, locked } satisfies Ready)
  })
}

/** Takes a lock for as long as this worker lives; false where locks cannot be had. */
function holdLock(name: string): Promise<boolean> {
  return new Promise((resolve) => {
    // Locks exist in secure contexts only.
    if (!navigator.locks) return resolve(false)
    const forever = () => {
      resolve(true)
      return new Promise<never>(() => {})
    }
    navigator.locks.request(name, forever).catch(() => resolve(false))
  })
}

/** One engine behind the protocol. It is built by `open`; any other call before that fails with `closed`. */
export function serve(open: OpenEngine): Host {
  let engine: Engine | undefined
  let lifelong: readonly Relay<never>[] = []
  const calls = new Map<number, AbortController>()
  const streams = new Map<number, AsyncIterator<HitList>>()

  function opened(): Engine {
    if (engine) return engine
    throw new LateenError('closed', 'The engine in the worker is not open; call open() first.')
  }

  async function run<T>(
    call: number,
    report: Callback<Progress> | undefined,
    work: (options: { signal: AbortSignal; onProgress?: OnProgress }) => Promise<T>,
  ): Promise<T> {
    const controller = new AbortController()
    calls.set(call, controller)
    const relay = report && relayTo(report)
    try {
      const { signal } = controller
      return await work(relay ? { signal, onProgress: relay.send } : { signal })
    } catch (error) {
      throw asLateenError(error)
    } finally {
      calls.delete(call)
      await relay?.release()
    }
  }

  async function advance(call: number): Promise<HitList | undefined> {
    try {
      const step = await streams.get(call)?.next()
      if (step && !step.done) return step.value
      forget(call)
      return undefined
    } catch (error) {
      forget(call)
      throw asLateenError(error)
    }
  }

  function forget(call: number): void {
    calls.delete(call)
    streams.delete(call)
  }

  return {
    open: (call, options, report, changed) =>
      run(call, undefined, async ({ signal }) => {
        const progress = report && relayTo(report)
        const change = changed && relayTo(changed)
        lifelong = [progress, change].filter((relay) => relay !== undefined)
        engine = await open(options, {
          signal,
          ...(progress ? { onProgress: progress.send } : {}),
          ...(change ? { onChange: change.send } : {}),
        })
      }),
    info: () => opened().info(),
    prepare: (call, report) => run(call, report, (options) => opened().prepare(options)),
    async stream(call, text, options) {
      const controller = new AbortController()
      const lists = opened().stream(text, { ...options, signal: controller.signal })
      calls.set(call, controller)
      streams.set(call, lists[Symbol.asyncIterator]())
      return advance(call)
    },
    next: advance,
    query: (call, text, options) =>
      run(call, undefined, ({ signal }) => opened().query(text, { ...options, signal })),
    explain: (call, text, hit) => run(call, undefined, (options) => opened().explain(text, hit, options)),
    detail: (call, hit) => run(call, undefined, () => opened().detail(hit)),
    add: (call, documents, report) => run(call, report, (options) => opened().add(documents, options)),
    update: (call, documents, report) => run(call, report, (options) => opened().update(documents, options)),
    remove: (call, ids, report) => run(call, report, (options) => opened().remove(ids, options)),
    encode: (call, texts, options) =>
      run(call, undefined, async ({ signal }) => {
        const encoded = await opened().encode(texts, { ...options, signal })
        return transfer(
          encoded,
          encoded.map(({ matrix }) => matrix.data.buffer),
        )
      }),
    rerank: (call, query, documents, options) =>
      run(call, undefined, ({ signal }) => opened().rerank(query, documents, { ...options, signal })),
    filters: (call) => run(call, undefined, () => opened().filters()),
    keepOffline: (call, report) => run(call, report, (options) => opened().keepOffline(options)),
    refresh: (call) => run(call, undefined, () => opened().refresh()),
    abort(call) {
      calls.get(call)?.abort()
      // A stream nobody pulls from any more only ends by being told; its failure has no reader left.
      streams
        .get(call)
        ?.return?.()
        .catch(() => {})
      forget(call)
    },
    async close() {
      for (const controller of calls.values()) controller.abort()
      const closing = engine
      engine = undefined
      await closing?.close()
      await Promise.all(lifelong.map((relay) => relay.release()))
    },
  }
}

interface Relay<E> {
  send(event: E): void
  /** Waits until the page has seen every event, so that none arrives after the answer, and lets go of it. */
  release(): Promise<void>
}

function relayTo<E>(callback: Callback<E>): Relay<E> {
  const remote = callback as unknown as Remote<(event: E) => void>
  let last: Promise<unknown> = Promise.resolve()
  return {
    send(event) {
      last = (remote as (event: E) => Promise<void>)(event)
    },
    async release() {
      await last
      remote[releaseProxy]()
    },
  }
}
