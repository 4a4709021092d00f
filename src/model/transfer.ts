/** One file over HTTP: taken up where it breaks off, and waited for where the host asks for patience. */
import { isLateenError, LateenError } from '../errors.ts'
import { abortable, throwIfAborted } from '../util/abort.ts'

/** How far the browser's own cache is trusted: what has a hash may come from there, what has none must be fresh. */
export type CacheMode = 'default' | 'no-cache' | 'reload'

export interface RequestOptions {
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly cache?: CacheMode | undefined
  readonly signal?: AbortSignal | undefined
}

/** Where the bytes of a file go; it may hold the first ones already. */
export interface Sink {
  readonly length: number
  /** What the host calls the version those bytes are of; undefined when it has no word for it. */
  readonly version: string | undefined
  append(bytes: Uint8Array): void | Promise<void>
  /** Forgets what it holds: from here on come the bytes of this version, from the first. */
  restart(version: string | undefined): void | Promise<void>
}

export interface TransferOptions extends RequestOptions {
  /** Length of the file where it is known. */
  readonly bytes?: number | undefined
  /** Whether a hash will be compared: without one, bytes of unknown versions are never put together. */
  readonly hasHash: boolean
  /** Says what an answer with an error status means. */
  refusal(response: PlatformResponse): LateenError
  /** Looks at a good answer before its bytes are taken; throws when it is no file. */
  inspect?(response: PlatformResponse): void
  /** Called with the bytes received so far. */
  readonly onBytes?: ((received: number) => void) | undefined
}

/** Hosts that are busy are asked again this often, */
const MAX_REPEATS = 2
/** no later than this, */
const MAX_WAIT_MS = 60_000
/** and when they do not say when, after this. */
const DEFAULT_WAIT_MS = 1_000

/**
 * Receives the rest of a file into the sink. A transfer that breaks off, or ends early, goes on as long as
 * every attempt brings something. When the host has another version by then, that is fetched from its beginning.
 *
 * @throws LateenError `network`, `aborted`, and what `refusal` and `inspect` say
 */
export async function transfer(url: string, sink: Sink, options: TransferOptions): Promise<void> {
  const { bytes, signal } = options
  if (bytes !== undefined && sink.length > bytes) await sink.restart(undefined)
  while (sink.length !== bytes || bytes === 0) {
    const before = sink.length
    try {
      await receive(url, sink, options)
      const isShort = bytes !== undefined && sink.length < bytes
      if (!isShort || sink.length <= before) return
    } catch (error) {
      if (error instanceof LateenError) throw error
      throwIfAborted(signal)
      if (sink.length <= before) throw unreachable(url, error)
    }
  }
}

async function receive(url: string, sink: Sink, options: TransferOptions): Promise<void> {
  const canContinue = options.hasHash || sink.version !== undefined
  const from = canContinue ? sink.length : 0
  const response = await request(url, {
    ...options,
    ...(from > 0 ? { headers: { ...options.headers, Range: `bytes=${from}-` } } : {}),
  })
  const version = versionOf(response)
  if (from > 0 && (response.status === 416 || !goesOn(response, sink, from, version))) {
    // Versions are compared here instead of by If-Range, which would need leave from hosts elsewhere.
    await response.body?.getReader().cancel()
    await sink.restart(undefined)
    return receive(url, sink, options)
  }
  if (!response.ok) {
    await response.body?.getReader().cancel()
    throw options.refusal(response)
  }
  options.inspect?.(response)
  // A host that knows no ranges starts over.
  if (response.status !== 206 || from === 0) await sink.restart(version)
  const reader = response.body?.getReader()
  while (reader) {
    const { done, value } = await reader.read()
    if (done) return
    if (!value) continue
    await sink.append(value)
    options.onBytes?.(sink.length)
  }
}

/** Whether the answer is to be put behind what is there, or replaces it, or is none at all. */
function goesOn(response: PlatformResponse, sink: Sink, from: number, version: string | undefined): boolean {
  if (response.status !== 206) return true
  const start = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1]
  if (start !== undefined && Number(start) !== from) return false
  return sink.version === undefined || version === undefined || sink.version === version
}

/** Weak tags name what is equivalent, not what is equal. */
function versionOf({ headers }: PlatformResponse): string | undefined {
  const tag = headers.get('etag')
  if (tag && !tag.startsWith('W/')) return tag
  return headers.get('last-modified') ?? undefined
}

/**
 * One request; busy hosts (429, 503) are asked again when they say.
 *
 * @returns an answer of any status
 * @throws LateenError `aborted`; what `fetch` throws when there is no answer, for `unreachable`
 */
export async function request(
  url: string,
  { headers, cache, signal }: RequestOptions,
): Promise<PlatformResponse> {
  for (let repeats = 0; ; repeats++) {
    throwIfAborted(signal)
    const response = await fetch(url, {
      ...(headers ? { headers: { ...headers } } : {}),
      ...(cache ? { cache } : {}),
      ...(signal ? { signal } : {}),
    })
    const waitMs = waitOf(response)
    if (waitMs === undefined || waitMs > MAX_WAIT_MS || repeats === MAX_REPEATS) return response
    await response.body?.getReader().cancel()
    await abortable(new Promise<void>((resolve) => void setTimeout(resolve, waitMs)), signal)
  }
}

/** What is said of a host that stays busy, or is out of order. */
export function statusError(url: string, response: PlatformResponse): LateenError {
  const waitMs = waitOf(response)
  const when = waitMs === undefined ? 'later' : `in ${Math.ceil(waitMs / 1000)} s`
  return new LateenError('network', `${url} was answered with status ${response.status}. Try again ${when}.`)
}

export function unreachable(url: string, cause: unknown): LateenError {
  if (isLateenError(cause)) return cause
  return new LateenError(
    'network',
    `${url} could not be fetched: ${reasonOf(cause)}. Check the connection and try again.`,
    {
      cause,
    },
  )
}

/** Node hides why behind "fetch failed". */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  return cause instanceof Error && cause.message ? `${error.message} (${cause.message})` : error.message
}

/** Milliseconds a busy host wants to be left alone; undefined for other answers. */
function waitOf({ status, headers }: PlatformResponse): number | undefined {
  if (status !== 429 && status !== 503) return undefined
  const after = headers.get('retry-after')
  if (after === null) return DEFAULT_WAIT_MS
  const waitMs = /^\d+$/.test(after) ? Number(after) * 1000 : Date.parse(after) - Date.now()
  return Number.isNaN(waitMs) ? DEFAULT_WAIT_MS : Math.max(0, waitMs)
}
