/** A prebuilt index on any static host. */
import { LateenError } from '../errors.ts'
import { type Manifest, parseManifest } from '../segment/manifest.ts'
import { throwIfAborted } from '../util/abort.ts'
import { closedStore, missingFile } from './commit.ts'
import { openParts } from './open-parts.ts'
import { shared } from './shared.ts'
import { assertInside } from './source.ts'
import type { ByteSource, IndexStore } from './store.ts'

/** A part shorter than this is there before anybody has read how far it is. */
const TOLD_BYTES = 1024 * 1024

export interface HttpStoreOptions {
  /**
   * Files and parts of at least this many bytes are read by Range requests, where the host supports them.
   * Smaller ones take one request each and are held in memory.
   *
   * @default Infinity
   */
  readonly rangeFrom?: number
  /** Called while a file or a part of at least 1 MiB arrives. */
  readonly onDownload?: (file: string, doneBytes: number, totalBytes: number) => void
}

/**
 * Read-only. The manifest is fetched anew every time; files may come from the browser's cache, as
 * their names follow from their content.
 *
 * @param url of the folder; relative ones are resolved by `fetch`
 * @throws LateenError `network` for a failed transfer or an error status, `index-not-found` when a page
 *         answers in place of the manifest, `segment-missing`, `segment-corrupt`
 */
export function httpStore(url: string, options: HttpStoreOptions = {}): IndexStore {
  const { rangeFrom = Number.POSITIVE_INFINITY, onDownload } = options
  const base = url.endsWith('/') ? url : `${url}/`
  let closed = false
  const assertOpen = () => {
    if (closed) throw closedStore()
  }

  const readManifest = async (signal?: AbortSignal): Promise<Manifest | undefined> => {
    assertOpen()
    const address = `${base}manifest.json`
    const response = await request(address, { cache: 'no-cache', ...(signal && { signal }) })
    if (isMissing(response.status)) return undefined
    const text = await transfer(address, signal, () => response.text())
    if (isPage(response) || text.trimStart().startsWith('<')) {
      throw new LateenError(
        'index-not-found',
        `Expected the manifest of an index at ${address}, found an HTML page: the host answers unknown addresses with a page. Check the address, and that the index was deployed.`,
      )
    }
    return parseManifest(text)
  }

  return {
    kind: 'http',
    writable: false,
    readManifest,
    async open(file, signal) {
      assertOpen()
      throwIfAborted(signal)
      return openParts(file, async ({ file: name, bytes, sha256 }) => {
        const isTold = sha256 !== undefined || bytes >= TOLD_BYTES
        const onProgress = (done: number) => isTold && onDownload?.(name, done, bytes)
        return httpSource(base + name, bytes, bytes >= rangeFrom, onProgress)
      })
    },
    async commit() {
      throw new LateenError(
        'index-read-only',
        `The index at ${base} can be read only. Open it with a local store on top to change it here, or build it again.`,
      )
    },
    async keepAll(signal) {
      assertOpen()
      throwIfAborted(signal)
    },
    async close() {
      closed = true
    },
  }
}

function httpSource(
  address: string,
  byteLength: number,
  byRange: boolean,
  onProgress: (done: number) => void,
): ByteSource {
  let ranges = byRange
  /** 'reload' once the browser's cache has given something damaged. */
  let cache: 'default' | 'reload' = 'default'
  const fetchWhole = () =>
    shared(async (signal) => {
      const response = await requestFile(address, { signal, cache })
      return readBody(address, response, byteLength, signal, onProgress)
    })
  let whole = fetchWhole()
  /** Undefined when the host does not do Range requests after all. */
  const fetchRange = async (offset: number, length: number, signal: AbortSignal | undefined) => {
    const headers = { Range: `bytes=${offset}-${offset + length - 1}` }
    const response = await requestFile(address, { headers, cache, ...(signal && { signal }) })
    if (response.status === 206) {
      const bytes = new Uint8Array(await transfer(address, signal, () => response.arrayBuffer()))
      const total = response.headers.get('content-range')?.split('/')[1] ?? '*'
      if (total !== '*' && Number(total) !== byteLength) throw wrongLength(address, byteLength, total)
      // A host that compresses on the fly answers with a part of something else.
      if (bytes.length === length) return bytes
    } else await response.body?.getReader().cancel()
    return undefined
  }
  return {
    byteLength,
    async read(offset, length, signal) {
      throwIfAborted(signal)
      assertInside(byteLength, offset, length)
      if (length === 0) return new Uint8Array(0)
      if (ranges) {
        const bytes = await fetchRange(offset, length, signal)
        if (bytes) return bytes
        ranges = false
      }
      return (await whole(signal)).slice(offset, offset + length)
    },
    async refresh() {
      cache = 'reload'
      whole = fetchWhole()
    },
  }
}

type RequestOptions = NonNullable<Parameters<typeof fetch>[1]>

/** Sends a request; any status but an error of the server is an answer. */
async function request(address: string, options: RequestOptions): Promise<PlatformResponse> {
  const response = await transfer(address, options.signal, () => fetch(address, options))
  if (response.ok || isMissing(response.status) || response.status === 416) return response
  throw new LateenError(
    'network',
    `Expected the content of ${address}, found HTTP status ${response.status}. Try again later, or check the host.`,
  )
}

async function requestFile(address: string, options: RequestOptions): Promise<PlatformResponse> {
  const response = await request(address, options)
  if (response.status === 416) throw wrongLength(address, 'the range asked for', 'a shorter file')
  if (isMissing(response.status) || isPage(response)) throw missingFile(address)
  return response
}

/** Collects a body of known length, and never more. */
async function readBody(
  address: string,
  response: PlatformResponse,
  byteLength: number,
  signal: AbortSignal,
  onProgress: (done: number) => void,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(byteLength)
  const reader = response.body?.getReader()
  let done = 0
  while (reader) {
    const { value } = await transfer(address, signal, () => reader.read())
    if (!value) break
    if (done + value.length > byteLength) {
      await reader.cancel()
      throw wrongLength(address, byteLength, 'more')
    }
    bytes.set(value, done)
    done += value.length
    onProgress(done)
  }
  if (done !== byteLength) throw wrongLength(address, byteLength, done)
  return bytes
}

/** Runs one step of a transfer; what it throws becomes `aborted` or `network`. */
async function transfer<T>(
  address: string,
  signal: AbortSignal | undefined,
  step: () => Promise<T>,
): Promise<T> {
  try {
    return await step()
  } catch (cause) {
    throwIfAborted(signal)
    throw new LateenError(
      'network',
      `${address} could not be loaded: ${String(cause)}. Check the connection, and that the host allows this origin, and try again.`,
      { cause },
    )
  }
}

function isMissing(status: number): boolean {
  return status === 404 || status === 410
}

function isPage(response: PlatformResponse): boolean {
  return response.headers.get('content-type')?.startsWith('text/html') ?? false
}

function wrongLength(address: string, expected: number | string, found: number | string): LateenError {
  return new LateenError(
    'segment-corrupt',
    `${address} does not have the length its manifest states: expected ${expected}, found ${found}. Deploy the whole index again, and clear caches in between.`,
  )
}
