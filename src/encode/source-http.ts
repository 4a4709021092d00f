/** A model bundle under a base URL. */
import { isLateenError, LateenError } from '../errors.ts'
import { throwIfAborted } from '../util/abort.ts'
import { joined } from '../util/gzip.ts'
import {
  lastPart,
  type ModelSource,
  missingFile,
  openStored,
  type ReadOptions,
  storedPath,
} from './source.ts'

/** What came of transfers that were given up, by address and hash: trying again goes on from there. */
const unfinished = new Map<string, Parts>()

/**
 * Reads with progress; a transfer that breaks off is taken up where it stopped, as long as every
 * attempt brings something, and by the next read where it was given up. A file that is not the expected one
 * is fetched once more past every cache. A page answered in place of a file, as hosts of single-page
 * applications do, counts as a missing file.
 */
export function httpSource(baseUrl: string): ModelSource {
  const location = baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`
  return {
    name: lastPart(location),
    location,
    async read(path, options = {}) {
      try {
        return await readOnce(location, path, options, options.expected ? 'default' : 'no-cache')
      } catch (error) {
        if (!options.expected || !isLateenError(error, 'model-invalid')) throw error
        return readOnce(location, path, options, 'reload')
      }
    },
    async has(path, options = {}) {
      try {
        const response = await request(location, path, 0, options, 'no-cache')
        await response.body?.getReader().cancel()
        return true
      } catch (error) {
        throwIfAborted(options.signal)
        if (error instanceof LateenError && error.code === 'model-missing-file') return false
        throw error
      }
    },
  }
}

/** How far the browser's own cache is trusted: what has a hash may come from there, what has none must be fresh. */
type CacheMode = 'default' | 'no-cache' | 'reload'

async function readOnce(
  location: string,
  path: string,
  options: ReadOptions,
  cache: CacheMode,
): Promise<Uint8Array> {
  const stored = storedPath(path, options.expected)
  const key = `${location}${stored} ${options.expected?.sha256}`
  const received = (options.expected && unfinished.get(key)) ?? { length: 0, parts: [] }
  unfinished.delete(key)
  for (;;) {
    const before = received.length
    try {
      await receive(location, stored, received, options, cache)
      break
    } catch (error) {
      if (error instanceof LateenError) throw error
      if (received.length > before && !options.signal?.aborted) continue
      if (options.expected) unfinished.set(key, received)
      throwIfAborted(options.signal)
      throw new LateenError(
        'network',
        `${location}${stored} could not be fetched: ${error instanceof Error ? error.message : String(error)}. Check the connection and try again.`,
        { cause: error },
      )
    }
  }
  const bytes = joined(received.parts)
  refusePage(location, stored, bytes)
  return openStored(location, path, bytes, options.expected)
}

/** Bytes that arrive in parts. */
interface Parts {
  length: number
  parts: Uint8Array[]
}

async function receive(
  location: string,
  path: string,
  received: Parts,
  options: ReadOptions,
  cache: CacheMode,
): Promise<void> {
  const response = await request(location, path, received.length, options, cache)
  // A server that knows no ranges starts over.
  if (response.status !== 206) {
    received.parts.length = 0
    received.length = 0
  }
  const reader = response.body?.getReader()
  while (reader) {
    const { done, value } = await reader.read()
    if (done) return
    if (!value) continue
    received.parts.push(value)
    received.length += value.length
    options.onBytes?.(received.length)
  }
}

async function request(location: string, path: string, from: number, options: ReadOptions, cache: CacheMode) {
  throwIfAborted(options.signal)
  const response = await fetch(location + path, {
    ...(from > 0 ? { headers: { Range: `bytes=${from}-` } } : {}),
    ...(options.signal ? { signal: options.signal } : {}),
    cache,
  })
  if (response.ok) {
    const type = response.headers.get('content-type') ?? ''
    if (type.startsWith('text/html')) throw pageInstead(location, path)
    return response
  }
  await response.body?.getReader().cancel()
  if ([403, 404, 410].includes(response.status)) {
    throw missingFile(location, path, `the server answered ${response.status}`)
  }
  throw new LateenError(
    'network',
    `${location}${path} was answered with status ${response.status}. Try again later.`,
  )
}

function refusePage(location: string, path: string, bytes: Uint8Array): void {
  const head = new TextDecoder().decode(bytes.subarray(0, 64)).trimStart().toLowerCase()
  if (head.startsWith('<!doctype html') || head.startsWith('<html')) throw pageInstead(location, path)
}

function pageInstead(location: string, path: string): LateenError {
  return missingFile(location, path, 'the server answered with a web page in its place')
}
