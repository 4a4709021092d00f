/** Where the files of a model bundle come from. */
import { LateenError } from '../errors.ts'
import { gunzip, isGzip } from '../util/gzip.ts'
import { sha256Hex } from '../util/hash.ts'

/** What a file must be. */
export interface FileFacts {
  readonly bytes: number
  readonly sha256: string
  /** Present when the file is stored as `<path>.gzip`: the length of that in bytes. The others describe it unpacked. */
  readonly gzip?: number
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
  checkFile(location, path, bytes, expected)
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

/** Fails with `model-invalid` unless the bytes are what the bundle's manifest says. */
export function checkFile(location: string, path: string, bytes: Uint8Array, expected?: FileFacts): void {
  if (!expected) return
  if (bytes.length !== expected.bytes) {
    throw new LateenError(
      'model-invalid',
      `${path} of the model at ${location} should have ${expected.bytes} bytes and has ${bytes.length}. Copy the model again, all files from one version.`,
    )
  }
  const sha256 = sha256Hex(bytes)
  if (sha256 !== expected.sha256) {
    throw new LateenError(
      'model-invalid',
      `${path} of the model at ${location} should have SHA-256 ${expected.sha256} and has ${sha256}. Copy the model again, all files from one version.`,
    )
  }
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
