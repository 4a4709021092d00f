/**
 * Where the bytes of an index live. A `ByteSource` is one immutable file; an `IndexStore` is a
 * folder of them with one manifest that is replaced atomically.
 */
import type { Manifest } from '../segment/manifest.ts'

/** One immutable file, readable in parts. Implementations never use `this` loosely: methods can be destructured. */
export interface ByteSource {
  readonly byteLength: number
  /** Bytes [offset, offset + length). Fails with `segment-corrupt` outside the file, `network` when a transfer fails. */
  read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array>
}

export interface IndexStore {
  readonly kind: 'memory' | 'indexeddb' | 'file' | 'http'
  /** False: `commit` fails with `index-read-only`. */
  readonly writable: boolean
  /** The current manifest; undefined when there is no index here yet. Fails with `index-invalid`, `index-version`. */
  readManifest(signal?: AbortSignal): Promise<Manifest | undefined>
  /** Opens a file the manifest names. Fails with `segment-missing`. Length and hash are the reader's to check. */
  open(file: string, signal?: AbortSignal): Promise<ByteSource>
  /**
   * Replaces the manifest and adds files in one step: either all of it is visible afterwards or
   * nothing changed. Files no longer named are removed after the new manifest is in place.
   *
   * @param expectedRevision revision of the manifest this change is based on, 0 for none; another one fails with `index-conflict`
   */
  commit(manifest: Manifest, files: ReadonlyMap<string, Uint8Array>, expectedRevision: number): Promise<void>
  close(): Promise<void>
}

/** A store that can hold files. */
export interface WritableStore extends IndexStore {
  readonly writable: true
  /** True when the whole file is stored here. */
  has(file: string): Promise<boolean>
  /**
   * Stores a file ahead of the manifest that names it. It stays until the next commit of a manifest
   * that does not name it.
   *
   * @param file name by content hash; `bytes` are trusted to have that hash
   */
  stage(file: string, bytes: Uint8Array): Promise<void>
  /** Removes the index, even one that cannot be read. */
  clear(): Promise<void>
}
