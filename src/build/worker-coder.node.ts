/** A coder on several threads. Which thread codes a text decides nothing but the time. */
import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { Codec, CodedVectors } from '../compress/codec.ts'
import { asLateenError, type ErrorCode, LateenError } from '../errors.ts'
import type { Dtype } from '../model/dtype.ts'
import type { Manifest } from '../segment/manifest.ts'
import { throwIfAborted } from '../util/abort.ts'
import type { Coder } from './coder.ts'

export interface WorkerSetup {
  /** Folder of the model bundle. */
  readonly model: string
  /** Components of the vectors. */
  readonly dim: number
  readonly dtype?: Dtype
  readonly codec: Codec
  readonly pooling: Manifest['pooling']
}

export interface WorkerTask {
  readonly texts: readonly string[]
}

export type WorkerAnswer =
  | { readonly type: 'ready' }
  | { readonly type: 'coded'; readonly coded: CodedVectors[] }
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly message: string }

export interface WorkerCoder {
  readonly code: Coder
  close(): Promise<void>
}

/** Texts a thread gets at a time: few enough that all threads end together and an abort is soon noticed. */
const TASK_TEXTS = 8
const MAX_THREADS = 8

/** As many as there are cores: beside encoding, what the thread that reads, cuts and writes does is little. */
export function defaultThreads(): number {
  return Math.min(availableParallelism(), MAX_THREADS)
}

interface Thread {
  run(task: WorkerTask): Promise<CodedVectors[]>
  close(): Promise<unknown>
}

interface Task extends WorkerTask {
  readonly signal: AbortSignal | undefined
  readonly resolve: (coded: CodedVectors[]) => void
  readonly reject: (error: unknown) => void
}

/**
 * Starts threads, each with a session of its own.
 *
 * @throws LateenError `worker-failed` when threads cannot be started; what the model's session throws
 */
export async function workerCoder(setup: WorkerSetup, threads = defaultThreads()): Promise<WorkerCoder> {
  const started = await Promise.allSettled(Array.from({ length: threads }, () => startThread(setup)))
  const pool = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const failed = started.find((one) => one.status === 'rejected')
  const close = async () => {
    await Promise.all(pool.map((thread) => thread.close()))
  }
  if (failed) {
    await close()
    throw failed.reason
  }

  const queue: Task[] = []
  const idle = [...pool]
  const next = async () => {
    const task = queue.shift()
    const thread = task && idle.shift()
    if (!task || !thread) {
      if (task) queue.unshift(task)
      return
    }
    try {
      throwIfAborted(task.signal)
      task.resolve(await thread.run(task))
    } catch (error) {
      task.reject(error)
      // Whoever waits for all of them fails with this one; there is no use in the others.
      for (const other of queue.splice(0)) other.reject(error)
    }
    idle.push(thread)
    next()
  }

  return {
    async code(texts, { signal, onBatch } = {}) {
      const results: CodedVectors[] = Array(texts.length)
      let done = 0
      const tasks = Array.from({ length: Math.ceil(texts.length / TASK_TEXTS) }, (_, i) => i * TASK_TEXTS)
      await Promise.all(
        tasks.map(async (from) => {
          const part = texts.slice(from, from + TASK_TEXTS)
          const coded = await new Promise<CodedVectors[]>((resolve, reject) => {
            queue.push({ texts: part, signal, resolve, reject })
            next()
          })
          for (const [i, one] of coded.entries()) results[from + i] = one
          onBatch?.((done += part.length))
        }),
      )
      return results
    },
    close,
  }
}

/** Resolves when the session of the thread has passed its known-answer test. */
async function startThread(setup: WorkerSetup): Promise<Thread> {
  const worker = new Worker(workerFile(), { workerData: setup, name: 'lateen-encode' })
  let settle: { resolve(coded: CodedVectors[]): void; reject(error: unknown): void } | undefined
  let dead: LateenError | undefined
  const wait = () =>
    new Promise<CodedVectors[]>((resolve, reject) => {
      if (dead) reject(dead)
      else settle = { resolve, reject }
    })
  const die = (message: string, cause?: unknown) => {
    dead ??= new LateenError('worker-failed', `A thread that encodes passages ended: ${message}.`, { cause })
    settle?.reject(dead)
  }
  worker.on('message', (answer: WorkerAnswer) => {
    if (answer.type === 'failed') settle?.reject(new LateenError(answer.code, answer.message))
    else settle?.resolve(answer.type === 'coded' ? answer.coded : [])
  })
  worker.on('error', (error) => die(asLateenError(error).message, error))
  worker.on('exit', (code) => die(`exit code ${code}`))
  const thread: Thread = {
    run(task) {
      const result = wait()
      worker.postMessage({ texts: task.texts } satisfies WorkerTask)
      return result
    },
    close: () => worker.terminate(),
  }
  try {
    await wait()
    return thread
  } catch (error) {
    await thread.close()
    throw error
  }
}

/** Beside this file, built or as source; Node runs the source only where it strips types. */
function workerFile(): URL {
  const isSource = import.meta.url.endsWith('.ts')
  const file = new URL(isSource ? 'encode.worker.node.ts' : 'encode.worker.js', import.meta.url)
  const runs = !isSource || (process.features as { typescript?: unknown }).typescript
  if (runs && existsSync(fileURLToPath(file))) return file
  throw new LateenError(
    'worker-failed',
    `Threads cannot be started from ${fileURLToPath(import.meta.url)}: ${isSource ? 'this version of Node does not run TypeScript' : 'encode.worker.js is not beside it'}.`,
  )
}
