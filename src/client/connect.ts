/** Starting a worker: a handshake with a deadline, and a watch on its life afterwards. */
import { type Remote, wrap } from 'comlink'
import { LateenError } from '../errors.ts'
import { type Hello, type Host, installErrorTransfer, isReady, PROTOCOL, type Ready } from './protocol.ts'

/** A worker that has answered. */
export interface Connection {
  readonly host: Remote<Host>
  /** Terminates the worker. */
  end(): void
}

export interface ConnectOptions {
  readonly startWorker: () => Worker
  /** Milliseconds from start to answer; time the page spends in the back-forward cache does not count. */
  readonly deadlineMs: number
  /** Gives up the start; `connect` then rejects with its reason. */
  readonly signal: AbortSignal
  /** Called at most once, when the worker fails after it answered. It is gone then. */
  readonly onLost: (error: LateenError) => void
}

/**
 * Fails with `worker-failed` when the script does not load, throws, answers in another protocol or
 * not in time. The worker is gone then.
 */
export async function connect(options: ConnectOptions): Promise<Connection> {
  installErrorTransfer()
  const worker = launch(options.startWorker)
  const { port1: port, port2: theirs } = new MessageChannel()
  const starting = new AbortController()
  const living = new AbortController()
  const end = () => {
    living.abort()
    worker.terminate()
    port.close()
  }
  try {
    const lock = `lateen worker ${performance.timeOrigin} ${Math.random()}`
    const fault = firstFault(worker, port, living.signal)
    const answer = firstAnswer(port, starting.signal)
    worker.postMessage({ lateen: 'hello', lock } satisfies Hello, [theirs])
    const late = deadline(options.deadlineMs, starting.signal)
    const { locked } = await Promise.race([answer, fault, late, abortion(options.signal, starting.signal)])
    const death = locked ? lockFreed(lock, living.signal) : fault
    Promise.race([fault, death]).catch((error: LateenError) => {
      end()
      options.onLost(error)
    })
    return { host: wrap<Host>(port), end }
  } catch (error) {
    end()
    throw error
  } finally {
    starting.abort()
  }
}

function launch(startWorker: () => Worker): Worker {
  try {
    return startWorker()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw failure(`could not be made: ${reason}`, error)
  }
}

function failure(what: string, cause?: unknown): LateenError {
  return new LateenError('worker-failed', `The search worker ${what.replace(/\.$/, '')}.`, { cause })
}

/** Rejects when the worker reports an error. */
function firstFault(worker: Worker, port: MessagePort, signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const onError = ({ message, error }: ErrorEvent) => {
      // A script that cannot be fetched, or is refused, reports an event without a message.
      reject(failure(message ? `threw: ${message}` : 'has a script that could not be loaded', error))
    }
    const onMessageError = () => reject(failure('sent an answer that cannot be read'))
    worker.addEventListener('error', onError, { signal })
    port.addEventListener('messageerror', onMessageError, { signal })
  })
}

function firstAnswer(port: MessagePort, signal: AbortSignal): Promise<Ready> {
  return new Promise((resolve, reject) => {
    const onMessage = ({ data }: MessageEvent<unknown>) => {
      if (!isReady(data)) return
      if (data.protocol === PROTOCOL) return resolve(data)
      const theirs = `speaks version ${data.protocol} of the protocol, this page ${PROTOCOL}`
      reject(failure(`${theirs}: serve page and worker of one release, and clear caches in between`))
    }
    port.addEventListener('message', onMessage, { signal })
    port.start()
  })
}

/** Rejects after so many milliseconds, counted anew when the page comes back from the back-forward cache. */
function deadline(ms: number, signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const late = () =>
      reject(failure(`did not answer within ${Math.round(ms)} ms; a content security policy may keep it out`))
    let timer = setTimeout(late, ms)
    const onPageShow = ({ persisted }: PageTransitionEvent) => {
      if (!persisted) return
      clearTimeout(timer)
      timer = setTimeout(late, ms)
    }
    addEventListener('pageshow', onPageShow, { signal })
    signal.addEventListener('abort', () => clearTimeout(timer))
  })
}

/** Rejects with the reason of `aborted` when that fires. */
function abortion(aborted: AbortSignal, signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    aborted.throwIfAborted()
    aborted.addEventListener('abort', () => reject(aborted.reason), { signal })
  })
}

/**
 * Rejects when the worker lets go of its lock, which it never does while it lives. No event tells of a
 * worker that was killed.
 */
function lockFreed(name: string, signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    navigator.locks
      .request(name, { signal }, () => reject(failure('died')))
      .catch((error: unknown) => {
        if (!signal.aborted) reject(failure('cannot be watched', error))
      })
  })
}
