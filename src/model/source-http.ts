/** A model bundle under a base URL. */
import { isLateenError, LateenError } from '../errors.ts'
import { throwIfAborted } from '../util/abort.ts'
import { joined } from '../util/gzip.ts'
import {
  hashOf,
  lastPart,
  type ModelSource,
  missingFile,
  openStored,
  type ReadOptions,
  storedPath,
} from './source.ts'
import { type CacheMode, request, type Sink, statusError, transfer, unreachable } from './transfer.ts'

export interface HttpSourceOptions {
  /** Sent with every request; the platform leaves out `authorization` where it is redirected elsewhere. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Says what an answer with an error status means, where the host has words of its own for it. */
  refusal?(response: PlatformResponse, path: string): LateenError | undefined
}

export interface HttpSource extends ModelSource {
  /** Receives the rest of a file into a sink, unchecked, under the name it is stored. */
  receive(path: string, sink: Sink, options: ReadOptions, cache?: CacheMode): Promise<void>
}

/** What came of transfers that were given up, by address and hash: trying again goes on from there. */
const unfinished = new Map<string, MemorySink>()

/**
 * Reads with progress; a transfer that breaks off is taken up where it stopped, as long as every
 * attempt brings something, and by the next read where it was given up. A file that is not the expected one
 * is fetched once more past every cache. A page answered in place of a file, as hosts of single-page
 * applications do, counts as a missing file.
 */
export function httpSource(baseUrl: string, { headers, refusal }: HttpSourceOptions = {}): HttpSource {
  const location = baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`
  const sizes = new Map<string, number>()

  const refused = (path: string) => (response: PlatformResponse) =>
    refusal?.(response, path) ?? plainRefusal(location, path, response)

  async function ask(path: string, options: ReadOptions, range?: string): Promise<PlatformResponse> {
    const url = location + urlPath(path)
    try {
      const response = await request(url, {
        headers: range ? { ...headers, Range: range } : headers,
        cache: cacheMode(options),
        signal: options.signal,
      })
      if (!response.ok && response.status !== 416) throw refused(path)(response)
      inspect(location, path, response)
      return response
    } catch (error) {
      throwIfAborted(options.signal)
      throw unreachable(url, error)
    }
  }

  async function receive(
    path: string,
    sink: Sink,
    options: ReadOptions,
    cache: CacheMode = cacheMode(options),
  ): Promise<void> {
    const { expected, signal, onBytes } = options
    await transfer(location + urlPath(path), sink, {
      headers,
      cache,
      signal,
      onBytes,
      bytes: expected?.gzip ?? expected?.bytes,
      hasHash: hashOf(expected) !== undefined,
      refusal: refused(path),
      inspect: (response) => inspect(location, path, response),
    })
  }

  async function readOnce(path: string, options: ReadOptions, cache: CacheMode): Promise<Uint8Array> {
    const { expected } = options
    const stored = storedPath(path, expected)
    const hash = hashOf(expected)
    const key = `${location}${stored} ${hash}`
    const sink = (hash && unfinished.get(key)) || memorySink(expected?.gzip ?? expected?.bytes)
    unfinished.delete(key)
    try {
      await receive(stored, sink, options, cache)
    } catch (error) {
      if (hash) unfinished.set(key, sink)
      throw error
    }
    const bytes = sink.bytes()
    refusePage(location, stored, bytes)
    return openStored(location, path, bytes, expected)
  }

  return {
    name: lastPart(location),
    location,
    receive,
    async read(path, options = {}) {
      try {
        return await readOnce(path, options, cacheMode(options))
      } catch (error) {
        if (!options.expected || !isLateenError(error, 'model-invalid')) throw error
        return readOnce(path, options, 'reload')
      }
    },
    async has(path, options = {}) {
      try {
        const response = await ask(path, options)
        await response.body?.getReader().cancel()
        const { headers } = response
        const length = headers.get('content-encoding') ? null : headers.get('content-length')
        if (length !== null) sizes.set(path, Number(length))
        return true
      } catch (error) {
        if (isLateenError(error, 'model-missing-file')) return false
        throw error
      }
    },
    // What the host said when it was asked whether there is such a file.
    size: async (path) => sizes.get(path),
    async readRange(path, from, to, options = {}) {
      const response = await ask(path, options, `bytes=${from}-${to - 1}`)
      if (response.status === 416) return new Uint8Array()
      // A host that knows no ranges sends all of it.
      const skipped = response.status === 206 ? 0 : from
      try {
        return (await firstBytes(response, skipped + to - from)).subarray(skipped)
      } catch (error) {
        throwIfAborted(options.signal)
        throw unreachable(location + path, error)
      }
    },
  }
}

const cacheMode = ({ expected }: ReadOptions): CacheMode => (expected ? 'default' : 'no-cache')

const urlPath = (path: string) => path.split('/').map(encodeURIComponent).join('/')

interface MemorySink extends Sink {
  bytes(): Uint8Array
}

/** @param capacity length of the file where it is known: its bytes then go where they stay, and are never held twice */
function memorySink(capacity = 0): MemorySink {
  let whole: Uint8Array | undefined
  // What a host sends that unpacks on the way goes beyond.
  let rest: Uint8Array[] = []
  let inWhole = 0
  let length = 0
  let version: string | undefined
  return {
    get length() {
      return length
    },
    get version() {
      return version
    },
    append(bytes) {
      whole ??= allocated(capacity)
      const fits = rest.length === 0 && length + bytes.length <= capacity
      if (fits) whole.set(bytes, length)
      else rest.push(bytes)
      length += bytes.length
      if (fits) inWhole = length
    },
    restart(next) {
      rest = []
      inWhole = 0
      length = 0
      version = next
    },
    bytes() {
      const first = whole?.subarray(0, inWhole) ?? new Uint8Array()
      return rest.length === 0 ? first : joined(inWhole === 0 ? rest : [first, ...rest])
    },
  }
}

function allocated(bytes: number): Uint8Array {
  try {
    return new Uint8Array(bytes)
  } catch (cause) {
    throw new LateenError(
      'model-too-large',
      `There is no memory for a file of ${bytes} bytes. Take smaller weights or a smaller model.`,
      { cause },
    )
  }
}

/** At most so many bytes of a body; the rest is left. */
async function firstBytes({ body }: PlatformResponse, count: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  const reader = body?.getReader()
  let length = 0
  while (reader && length < count) {
    const { value } = await reader.read()
    if (!value) break
    parts.push(value)
    length += value.length
  }
  await reader?.cancel()
  return joined(parts).subarray(0, count)
}

function plainRefusal(location: string, path: string, response: PlatformResponse): LateenError {
  const { status } = response
  if ([403, 404, 410].includes(status)) {
    return missingFile(location, path, `the server answered ${status}`)
  }
  if (status === 401) {
    return new LateenError(
      'model-gated',
      `${location}${path} is given out after a login only. Download the model yourself and serve its folder where no login is needed.`,
    )
  }
  return statusError(location + path, response)
}

function inspect(location: string, path: string, { headers }: PlatformResponse): void {
  const type = headers.get('content-type') ?? ''
  if (type.startsWith('text/html')) throw pageInstead(location, path)
}

function refusePage(location: string, path: string, bytes: Uint8Array): void {
  const head = new TextDecoder().decode(bytes.subarray(0, 64)).trimStart().toLowerCase()
  if (head.startsWith('<!doctype html') || head.startsWith('<html')) throw pageInstead(location, path)
}

function pageInstead(location: string, path: string): LateenError {
  return missingFile(location, path, 'the server answered with a web page in its place')
}
