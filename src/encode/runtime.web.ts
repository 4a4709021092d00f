/**
 * The WebAssembly file of ONNX Runtime. It is shipped as gzip, because it is the largest file of all and
 * many hosts compress nothing; fetched here for the sake of progress; and kept beside the model.
 */
import { LateenError } from '../errors.ts'
import { dropOtherVersions, modelCache, notKept } from '../model/cache.web.ts'
import type { Fallback } from '../types.ts'
import { gunzip, isGzip, joined } from '../util/gzip.ts'

export interface RuntimeOptions {
  /** Told what has come and, as far as the host says, how much will. */
  readonly onBytes: (received: number, total?: number) => void
  /** Told why the file is not kept. */
  readonly onFallback: (fallback: Fallback) => void
  readonly signal?: AbortSignal | undefined
}

/**
 * The unpacked file. What was kept is kept as it came: unpacking checks its length and CRC-32 every time.
 *
 * @param name the same for every version
 * @param url of the file, packed or, on a development server, not
 * @param version of ONNX Runtime
 * @throws LateenError `network` when it cannot be fetched or is something else
 */
export async function runtimeBinary(
  name: string,
  url: string,
  version: string,
  { onBytes, onFallback, signal }: RuntimeOptions,
): Promise<Uint8Array> {
  const key = cacheKey(name, url, version)
  // Where there is no cache the model says so already.
  const cache = await modelCache().catch(() => undefined)
  const kept = await cache?.match(key)
  if (cache && kept) {
    const stored = new Uint8Array(await kept.arrayBuffer())
    const binary = await asBinary(stored)
    onBytes(stored.length, stored.length)
    if (binary) return binary
    await cache.delete(key)
  }
  let stored = await download(url, 'default', onBytes, signal)
  let binary = await asBinary(stored)
  if (!binary) {
    // A copy in the browser's own cache may be to blame.
    stored = await download(url, 'reload', onBytes, signal)
    binary = await asBinary(stored)
  }
  if (!binary) {
    throw new LateenError(
      'network',
      `Expected a WebAssembly file at ${url}, found something else. Check that every file of the library was deployed.`,
    )
  }
  try {
    await cache?.put(key, new Response(stored))
    if (cache) await dropOtherVersions(cache, key)
  } catch (error) {
    onFallback(notKept('storage-full', error))
  }
  return binary
}

/** One path for all versions of a file, so that a new one takes the place of the old. */
function cacheKey(name: string, url: string, version: string): string {
  const file = new URL(url, globalThis.location.href)
  const key = new URL(name, file)
  key.search = new URLSearchParams({ version, file: file.pathname.split('/').at(-1)! }).toString()
  return key.href
}

/** Undefined unless the bytes are WebAssembly, packed or not. */
async function asBinary(stored: Uint8Array): Promise<Uint8Array | undefined> {
  const binary = isGzip(stored) ? await gunzip(stored).catch(() => undefined) : stored
  const isWasm = binary && String.fromCharCode(...binary.subarray(0, 4)) === '\0asm'
  return isWasm ? binary : undefined
}

async function download(
  url: string,
  cache: 'default' | 'reload',
  onBytes: RuntimeOptions['onBytes'],
  signal: AbortSignal | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const response = await fetch(url, { cache, ...(signal ? { signal } : {}) })
    if (!response.ok) throw new Error(`status ${response.status}`)
    const parts: Uint8Array[] = []
    // A host that packs what it sends states the length of that, and the browser hands out another one.
    const isPackedAnew = response.headers.get('content-encoding')
    const length = isPackedAnew ? null : response.headers.get('content-length')
    let received = 0
    const reader = response.body!.getReader()
    for (;;) {
      const { value } = await reader.read()
      if (!value) return new Uint8Array(joined(parts))
      parts.push(value)
      received += value.length
      onBytes(received, length ? Number(length) : undefined)
    }
  } catch (cause) {
    if (signal?.aborted) throw new LateenError('aborted', 'Loading the model was aborted.', { cause })
    throw new LateenError(
      'network',
      `${url} could not be loaded: ${cause instanceof Error ? cause.message : String(cause)}. Check the connection and try again.`,
      { cause },
    )
  }
}
