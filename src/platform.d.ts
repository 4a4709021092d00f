/**
 * What every environment this library runs in has (browser page, worker, Node 20.19), declared once
 * so that the core compiles with neither DOM nor Node types.
 */
interface AbortSignal {
  readonly aborted: boolean
  readonly reason: unknown
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void
  removeEventListener(type: 'abort', listener: () => void): void
}
declare class AbortController {
  readonly signal: AbortSignal
  abort(reason?: unknown): void
}
declare class TextEncoder {
  encode(text?: string): Uint8Array<ArrayBuffer>
}
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean })
  readonly encoding: string
  decode(bytes?: Uint8Array): string
}
declare const crypto: {
  /** Only in secure contexts. */
  readonly subtle?: { digest(algorithm: 'SHA-256', bytes: Uint8Array): Promise<ArrayBuffer> }
}
declare function atob(base64: string): string
declare const performance: { now(): number }
interface PlatformTimer {
  readonly platformTimer: unique symbol
}
declare function setTimeout(run: () => void, ms: number): PlatformTimer
declare function clearTimeout(timer: PlatformTimer | undefined): void
declare function fetch(
  url: string,
  init?: {
    headers?: Record<string, string>
    signal?: AbortSignal
    cache?: 'no-cache' | 'default' | 'force-cache' | 'reload'
  },
): Promise<PlatformResponse>
interface PlatformResponse {
  readonly ok: boolean
  readonly status: number
  readonly url: string
  readonly headers: { get(name: string): string | null }
  readonly body: {
    getReader(): {
      read(): Promise<{ done: boolean; value?: Uint8Array }>
      cancel(reason?: unknown): Promise<void>
    }
  } | null
  arrayBuffer(): Promise<ArrayBuffer>
  text(): Promise<string>
}
declare class DecompressionStream {
  constructor(format: 'gzip')
  readonly writable: {
    getWriter(): { write(chunk: Uint8Array): Promise<void>; close(): Promise<void> }
  }
  readonly readable: { getReader(): { read(): Promise<{ done: boolean; value?: Uint8Array }> } }
}
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array)
  }
  class Memory {
    constructor(descriptor: { initial: number; maximum?: number })
    readonly buffer: ArrayBuffer
    grow(pages: number): number
  }
  class Instance {
    constructor(module: Module, imports?: Record<string, Record<string, unknown>>)
    readonly exports: Record<string, unknown>
  }
  function validate(bytes: Uint8Array): boolean
  function compile(bytes: Uint8Array): Promise<Module>
  function instantiate(module: Module, imports?: Record<string, Record<string, unknown>>): Promise<Instance>
}
declare class MessageChannel {
  readonly port1: PlatformMessagePort
  readonly port2: PlatformMessagePort
}
interface PlatformMessagePort {
  onmessage: (() => void) | null
  postMessage(message: unknown): void
  close(): void
}
