/** A model bundle under a base URL. */
import { LateenError } from '../errors.ts'
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

/**
 * Reads with progress; a transfer that breaks off is taken up where it stopped, as long as every
 * attempt brings something. A page answered in place of a file, as hosts of single-page
 * applications do, counts as a missing file.
 */
export function httpSource(baseUrl: string): ModelSource {
  const location = baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`
  return {
    name: lastPart(location),
    location,
    async read(path, options = {}) {
      const stored = storedPath(path, options.expected)
      const received: Parts = { length: 0, parts: [] }
      for (;;) {
        const before = received.length
        try {
          await receive(location, stored, received, options)
          break
        } catch (error) {
          throwIfAborted(options.signal)
          if (error instanceof LateenError) throw error
          if (received.length > before) continue
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
    },
    async has(path, options = {}) {
      try {
        const response = await request(location, path, 0, options)
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

/** Bytes that arrive in parts. */
interface Parts {
  length: number
  parts: Uint8Array[]
}

async function receive(location: string, path: string, received: Parts, options: ReadOptions): Promise<void> {
  const response = await request(location, path, received.length, options)
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

async function request(location: string, path: string, from: number, options: ReadOptions) {
  throwIfAborted(options.signal)
  const response = await fetch(location + path, {
    ...(from > 0 ? { headers: { Range: `bytes=${from}-` } } : {}),
    ...(options.signal ? { signal: options.signal } : {}),
    // What has a hash is safe to take from the browser's own cache; what has none must be fresh.
    cache: options.expected ? 'default' : 'no-cache',
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
