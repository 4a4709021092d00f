/**
 * What crosses the boundary between page and worker: one interface of structured-cloneable calls,
 * spoken by comlink over a message port of its own, and errors that keep their code.
 *
 * Three things cannot be cloned and travel in another form: an AbortSignal is a message naming the
 * number of the call, an async iterable is pulled one list at a time, and a progress callback is a
 * comlink proxy that the worker releases when the call ends.
 */
import { type ProxyMarked, type TransferHandler, transferHandlers } from 'comlink'
import { ERROR_CODES, type ErrorCode, isLateenError, LateenError } from '../errors.ts'
import type { Dtype } from '../model/dtype.ts'
import type {
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
  HitDetail,
  HitList,
  Progress,
  QueryOptions,
} from '../types.ts'

/** Grows with every incompatible change, so that a cached worker of another release is noticed. */
export const PROTOCOL = 3

/** What an engine is built from; every URL is absolute, for a worker has another base. */
export interface HostOptions {
  /** Folder of a prebuilt index. Absent: only the local index. */
  readonly index?: string
  /** IndexedDB name of the local index. */
  readonly name: string
  /** Base URL of the model bundle, or its address on a Hub. */
  readonly model: string
  /** Base URL of the Hub. */
  readonly hub?: string
  /** Components of the vectors that are used; absent: those of the index, else all. */
  readonly dim?: number
  readonly prefer: 'auto' | 'webgpu' | 'wasm'
  readonly dtype?: Dtype
  /** ONNX file of the bundle. */
  readonly weights?: string
  /** False keeps everything in memory. */
  readonly persist: boolean
}

/** A function of the page as it is passed to the worker. */
export type Callback<E> = ((event: E) => void) & ProxyMarked

/** Options that can be cloned. */
export type Cloneable<O> = Omit<O, 'signal' | 'onProgress'>

/** `call` is a number the page chooses, unique in its connection; `abort` names it. */
export interface Host {
  /** Builds the engine. The callbacks serve its whole life: models load when a query first needs them. */
  open(
    call: number,
    options: HostOptions,
    report?: Callback<Progress>,
    changed?: Callback<number>,
  ): Promise<void>
  info(): EngineInfo
  prepare(call: number, report?: Callback<Progress>): Promise<void>
  /** Starts a stream and gives its first list; undefined when there is none. */
  stream(call: number, text: string, options: Cloneable<QueryOptions>): Promise<HitList | undefined>
  /** The next list of a stream; undefined when it has ended. */
  next(call: number): Promise<HitList | undefined>
  query(call: number, text: string, options: Cloneable<QueryOptions>): Promise<HitList>
  explain(call: number, text: string, hit: HitReference): Promise<Explanation>
  detail(call: number, hit: HitReference): Promise<HitDetail>
  add(call: number, documents: readonly DocumentInput[], report?: Callback<Progress>): Promise<ChangeSummary>
  update(
    call: number,
    documents: readonly DocumentInput[],
    report?: Callback<Progress>,
  ): Promise<ChangeSummary>
  remove(call: number, ids: readonly string[], report?: Callback<Progress>): Promise<ChangeSummary>
  encode(
    call: number,
    texts: readonly string[],
    options: Cloneable<EncodeTextsOptions>,
  ): Promise<TextVectors[]>
  rerank(
    call: number,
    query: string,
    documents: readonly (string | DocumentInput)[],
    options: Cloneable<RerankOptions>,
  ): Promise<RerankHit[]>
  filters(call: number): Promise<FilterCounts>
  keepOffline(call: number, report?: Callback<Progress>): Promise<number>
  refresh(call: number): Promise<void>
  /** Ends a call early; a call that has ended already is left alone. */
  abort(call: number): void
  close(): Promise<void>
}

/** Page to worker, with the port that everything else goes through. */
export interface Hello {
  readonly lateen: 'hello'
  /** Name of the Web Lock the worker shall hold while it lives. */
  readonly lock: string
}

/** Worker to page over that port: calls are answered from now on. */
export interface Ready {
  readonly lateen: 'ready'
  readonly protocol: number
  /** True when the worker holds the lock. */
  readonly locked: boolean
}

export function isHello(data: unknown): data is Hello {
  return (data as Partial<Hello> | undefined)?.lateen === 'hello'
}

export function isReady(data: unknown): data is Ready {
  return (data as Partial<Ready> | undefined)?.lateen === 'ready'
}

interface Thrown {
  readonly value: unknown
}

/** The shape comlink gives errors, with what it leaves out. */
interface WireError {
  readonly isError: true
  readonly value: {
    readonly name: 'LateenError'
    readonly message: string
    readonly stack?: string | undefined
    readonly code: ErrorCode
    readonly cause?: string
  }
}

/**
 * Lets a LateenError arrive as a LateenError: same code and message, and the text of its cause.
 * Other errors keep comlink's handling, because the handler table belongs to the whole realm.
 */
export const installErrorTransfer = (() => {
  let installed = false
  return () => {
    if (installed) return
    installed = true
    const original = transferHandlers.get('throw') as TransferHandler<Thrown, unknown>
    const handler: TransferHandler<Thrown, unknown> = {
      canHandle: original.canHandle,
      serialize: (thrown) =>
        isLateenError(thrown.value) ? [toWire(thrown.value), []] : original.serialize(thrown),
      deserialize(wire) {
        if (isWireError(wire)) throw fromWire(wire)
        return original.deserialize(wire)
      },
    }
    transferHandlers.set('throw', handler as TransferHandler<unknown, unknown>)
  }
})()

function toWire({ name, message, stack, code, cause }: LateenError): WireError {
  return {
    isError: true,
    value: { name, message, stack, code, ...(cause === undefined ? {} : { cause: String(cause) }) },
  }
}

function isWireError(wire: unknown): wire is WireError {
  const value = (wire as Partial<WireError> | undefined)?.value
  return value?.name === 'LateenError' && ERROR_CODES.includes(value.code)
}

function fromWire({ value }: WireError): LateenError {
  const { code, message, cause, stack } = value
  const error = new LateenError(code, message, cause === undefined ? undefined : { cause })
  if (stack !== undefined) error.stack = stack
  return error
}
