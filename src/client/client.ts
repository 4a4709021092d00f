/**
 * The client: one engine for the page, whatever happens to the worker behind it.
 *
 * A worker that dies rejects what is pending with `worker-failed` and is started again when it is
 * next needed, after a pause that grows. When that keeps failing, the same engine runs in the page.
 */
import { isLateenError, LateenError } from '../errors.ts'
import type { AsyncEngine } from '../search/engine.ts'
import type { EngineInfo, Fallback } from '../types.ts'
import { abortable } from '../util/abort.ts'
import { once } from '../util/once.ts'
import { connect } from './connect.ts'
import type { HostOptions } from './protocol.ts'
import { type RemoteEngine, remoteEngine } from './remote.ts'
import type { EngineEvents, OpenEngine } from './serve.ts'

export interface ClientOptions {
  readonly host: HostOptions
  readonly startWorker: () => Worker
  /** Builds the same engine in the page, when no worker can be had. */
  readonly openInPage: OpenEngine
  /** Milliseconds a start may take, restarts included, before the page takes over. */
  readonly handshakeMs: number
  readonly events?: Omit<EngineEvents, 'signal'>
}

export interface Client extends AsyncEngine {
  /** Builds the engine; every other call does so too where it is not there. An abort closes the client. */
  open(signal?: AbortSignal): Promise<void>
}

/** Pauses before each restart, in milliseconds; with one failure more the page takes over. */
const BACK_OFF_MS = [250, 1_000]
/** A worker that lived as long as this is forgiven earlier failures. */
const HEALTHY_MS = 60_000
/** How long `close` waits for a worker to put its things away. */
const CLOSE_MS = 2_000

/** An engine in use, and how to end it: what is pending then fails with `reason`. */
interface Live {
  readonly engine: AsyncEngine
  end(reason: LateenError): Promise<void>
}

export function createClient(options: ClientOptions): Client {
  const fallbacks: Fallback[] = []
  const ending = new AbortController()
  let live: Live | undefined
  let failures = 0
  let changed = false

  const start = once(async () => {
    live = await startAnywhere()
    if (ending.signal.aborted) await live.end(ending.signal.reason)
    ending.signal.throwIfAborted()
    return live
  })

  async function startAnywhere(): Promise<Live> {
    const deadline = performance.now() + options.handshakeMs
    while (failures <= BACK_OFF_MS.length) {
      if (failures > 0) await pause(BACK_OFF_MS[failures - 1]!)
      ending.signal.throwIfAborted()
      const deadlineMs = deadline - performance.now()
      if (deadlineMs <= 0) break
      try {
        return await startInWorker(deadlineMs)
      } catch (error) {
        if (!isLateenError(error, 'worker-failed')) throw error
        failures++
        record(error.message)
      }
    }
    const inPage = await startInPage()
    record('No worker could be kept running, so the engine runs in the page itself, which it can block.')
    return inPage
  }

  async function startInWorker(deadlineMs: number): Promise<Live> {
    let remote: RemoteEngine | undefined
    let startedAt: number | undefined
    let inMemory = false
    const connection = await connect({
      startWorker: options.startWorker,
      deadlineMs,
      signal: ending.signal,
      onLost(error) {
        remote?.fail(error)
        if (startedAt === undefined) return
        failures = performance.now() - startedAt > HEALTHY_MS ? 1 : failures + 1
        record(inMemory && changed ? `${error.message} What was kept in its memory is lost.` : error.message)
        live = undefined
        changed = false
        start.reset()
      },
    })
    remote = remoteEngine(connection.host)
    try {
      await remote.open(options.host, events())
      inMemory = (await remote.info()).storage === 'memory'
    } catch (error) {
      connection.end()
      throw error
    }
    startedAt = performance.now()
    return {
      engine: remote,
      async end(reason) {
        remote.fail(reason)
        try {
          await Promise.race([connection.host.close(), pause(CLOSE_MS)])
        } finally {
          connection.end()
        }
      },
    }
  }

  async function startInPage(): Promise<Live> {
    const engine = await options.openInPage(options.host, events())
    return { engine: { ...engine, info: async () => engine.info() }, end: () => engine.close() }
  }

  function events(): EngineEvents {
    return { ...options.events, signal: ending.signal }
  }

  function record(message: string): void {
    // A worker that cannot be started fails for the same reason every time.
    if (fallbacks.at(-1)?.message === message) return
    fallbacks.push({ from: 'worker', code: 'worker-failed', message })
  }

  /** The engine, started where it is not there. */
  async function current(signal?: AbortSignal): Promise<AsyncEngine> {
    ending.signal.throwIfAborted()
    return (await abortable(start(), signal)).engine
  }

  async function change<T>(
    signal: AbortSignal | undefined,
    run: (engine: AsyncEngine) => Promise<T>,
  ): Promise<T> {
    const summary = await run(await current(signal))
    changed = true
    return summary
  }

  async function end(reason: LateenError): Promise<void> {
    if (ending.signal.aborted) return
    ending.abort(reason)
    await live?.end(reason)
  }

  return {
    async open(signal) {
      try {
        await current(signal)
      } catch (error) {
        await end(new LateenError('closed', 'The search was never opened; create a new one.'))
        throw error
      }
    },
    async info(): Promise<EngineInfo> {
      const info = await (await current()).info()
      return { ...info, fallbacks: [...fallbacks, ...info.fallbacks] }
    },
    prepare: async (options) => (await current(options?.signal)).prepare(options),
    async *stream(text, options) {
      yield* (await current(options?.signal)).stream(text, options)
    },
    query: async (text, options) => (await current(options?.signal)).query(text, options),
    explain: async (text, hit, options) => (await current(options?.signal)).explain(text, hit, options),
    detail: async (hit) => (await current()).detail(hit),
    add: (documents, options) => change(options?.signal, (engine) => engine.add(documents, options)),
    update: (documents, options) => change(options?.signal, (engine) => engine.update(documents, options)),
    remove: (ids, options) => change(options?.signal, (engine) => engine.remove(ids, options)),
    encode: async (texts, options) => (await current(options.signal)).encode(texts, options),
    rerank: async (query, documents, options) =>
      (await current(options?.signal)).rerank(query, documents, options),
    filters: async () => (await current()).filters(),
    keepOffline: async (options) => (await current(options?.signal)).keepOffline(options),
    refresh: async () => (await current()).refresh(),
    close: () => end(new LateenError('closed', 'The search was closed; create a new one.')),
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
