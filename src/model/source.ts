/** Where the files of a model bundle come from. */
import { LateenError } from '../errors.ts'
import { gunzip, isGzip } from '../util/gzip.ts'
import { sha256HexOfFile } from '../util/hash.ts'
import { loadCode } from '../util/load-code.ts'

/** What a file must be. */
export interface FileFacts {
  readonly bytes: number
  readonly sha256?: string
  /** The name git has for the content, where a Hub knows nothing else. */
  readonly gitBlob?: string
  /** Present when the file is stored as `<path>.gzip`: the length of that in bytes. The others describe it unpacked. */
  readonly gzip?: number
}

const isLength = (value: unknown) => Number.isSafeInteger(value) && Number(value) >= 0

/** Whether a manifest or a Hub states facts: what it says decides names and sizes. */
export function areFacts(value: unknown): value is FileFacts {
  if (typeof value !== 'object' || value === null) return false
  const { bytes, sha256, gitBlob, gzip = 0 } = value as Record<string, unknown>
  return isLength(bytes) && isLength(gzip) && isHash(sha256, 64) && isHash(gitBlob, 40)
}

const isHash = (value: unknown, digits: number) =>
  value === undefined || (typeof value === 'string' && value.length === digits && /^[0-9a-f]+$/.test(value))

/** Whether a path stays below the folder, or base URL, it is put behind. */
export function isInside(path: string): boolean {
  return !/^\/|\\|^[a-z]:/i.test(path) && !path.split('/').includes('..')
}

export interface ReadOptions {
  readonly signal?: AbortSignal | undefined
  /** Called with the bytes received so far of this file, as it is stored. */
  readonly onBytes?: ((received: number) => void) | undefined
  /** When known, the file is checked against it and may be answered from a cache. */
  readonly expected?: FileFacts | undefined
}

export interface ModelSource {
  /** The last part of the address, for people. */
  readonly name: string
  /** URL or folder, for messages. */
  readonly location: string
  /** A whole file. Fails with `model-missing-file`, `model-invalid`, `network`, `aborted`. */
  read(path: string, options?: ReadOptions): Promise<Uint8Array>
  has(path: string, options?: ReadOptions): Promise<boolean>
  /** The length of a file in bytes; undefined when it cannot be told without reading the file. */
  size?(path: string, options?: ReadOptions): Promise<number | undefined>
  /** SHA-256 of a file where the host states it; undefined when it has to be computed. */
  sha256?(path: string): Promise<string | undefined>
  /** The bytes `from` (inclusive) to `to` (exclusive), fewer when the file ends before. Fails as `read` does. */
  readRange?(path: string, from: number, to: number, options?: ReadOptions): Promise<Uint8Array>
}

/** A source that keeps what it reads. */
export interface KeepingSource extends ModelSource {
  /** To be called when everything a load needs has been read: only from then on it counts as kept, and older revisions go. */
  complete(): Promise<void>
}

/** What tells the content of a file from any other; undefined when only its length is known. */
export function hashOf(facts: FileFacts | undefined): string | undefined {
  return facts?.sha256 ?? facts?.gitBlob
}

/** The name a file is stored under. */
export function storedPath(path: string, expected: FileFacts | undefined): string {
  return expected?.gzip === undefined ? path : `${path}.gzip`
}

/**
 * What was stored, unpacked and checked. Hosts that know gzip may have unpacked it on the way, so its
 * first bytes decide.
 *
 * @throws LateenError `model-invalid`
 */
export async function openStored(
  location: string,
  path: string,
  stored: Uint8Array,
  expected: FileFacts | undefined,
): Promise<Uint8Array> {
  const isPacked = expected?.gzip !== undefined && isGzip(stored)
  const bytes = isPacked ? await unpacked(location, path, stored) : stored
  await checkFile(location, path, bytes, expected)
  return bytes
}

async function unpacked(location: string, path: string, stored: Uint8Array): Promise<Uint8Array> {
  try {
    return await gunzip(stored)
  } catch (cause) {
    throw new LateenError(
      'model-invalid',
      `${path}.gzip of the model at ${location} cannot be unpacked. Copy the model again, all files from one version.`,
      { cause },
    )
  }
}

/** Fails with `model-invalid` unless the bytes are what the bundle's manifest, or its host, says. */
export async function checkFile(
  location: string,
  path: string,
  bytes: Uint8Array,
  expected?: FileFacts,
): Promise<void> {
  if (!expected) return
  if (bytes.length !== expected.bytes) {
    throw new LateenError(
      'model-invalid',
      `${path} of the model at ${location} should have ${expected.bytes} bytes and has ${bytes.length}. Copy the model again, all files from one version.`,
    )
  }
  const { sha256, gitBlob } = expected
  const [kind, stated, found] = sha256
    ? ['SHA-256', sha256, await sha256HexOfFile(bytes)]
    : ['git hash', gitBlob, gitBlob && (await gitBlobHexOf(bytes))]
  if (found !== stated) {
    throw new LateenError(
      'model-invalid',
      `${path} of the model at ${location} should have ${kind} ${stated} and has ${found}. Copy the model again, all files from one version.`,
    )
  }
}

/** Only what comes from a Hub has such a hash. */
async function gitBlobHexOf(bytes: Uint8Array): Promise<string> {
  const { gitBlobHex } = await loadCode(() => import('./git-blob.ts'))
  return gitBlobHex(bytes)
}

/** The error for a file that is not there. */
export function missingFile(location: string, path: string, found: string, cause?: unknown): LateenError {
  return new LateenError(
    'model-missing-file',
    `The model at ${location} has no ${path}: ${found}. Check the address, and that all files of the model were copied there.`,
    { cause },
  )
}

/** The last part of a URL or folder. */
export function lastPart(location: string): string {
  return (
    location
      .replace(/[?#].*$/, '')
      .replace(/[\\/]+$/, '')
      .split(/[\\/]/)
      .at(-1) ?? ''
  )
}
