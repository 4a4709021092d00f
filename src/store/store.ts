/**
 * Where the bytes of an index live. A `ByteSource` is one immutable file; an `IndexStore` is a
 * folder of them with one manifest that is replaced atomically.
 */
import type { FileReference, Manifest, StoredFile } from '../segment/manifest.ts'

/**
 * One immutable file. Of a file in parts, a read fetches only those it touches, and reads at the same
 * time share them. Implementations never use `this` loosely: methods can be destructured.
 */
export interface ByteSource {
  readonly byteLength: number
  /** Bytes [offset, offset + length). Fails with `segment-corrupt` outside the file, `network` when a transfer fails. */
  read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array>
  /**
   * Brings these bytes anew from where they come from, past every copy that was kept on the way; for a
   * reader that found them damaged (see `readChecked`). Absent where there are no copies.
   */
  refresh?(offset: number, length: number): Promise<void>
}

/** What `open` takes: a file reference, or what a store holds of one. */
export type OpenableFile = StoredFile & Pick<FileReference, 'parts'>

export interface IndexStore {
  readonly kind: 'memory' | 'indexeddb' | 'file' | 'http'
  /** False: `commit` fails with `index-read-only`. */
  readonly writable: boolean
  /** The current manifest; undefined when there is no index here yet. Fails with `index-invalid`, `index-version`. */
  readManifest(signal?: AbortSignal): Promise<Manifest | undefined>
  /**
   * Opens a file the manifest names, whole or in parts. Fails with `segment-missing`, or the first read that
   * needs what is missing does. Length and hash are the reader's to check.
   */
  open(file: OpenableFile, signal?: AbortSignal): Promise<ByteSource>
  /**
   * Replaces the manifest and adds files in one step: either all of it is visible afterwards or
   * nothing changed. Files no longer named are removed after the new manifest is in place.
   *
   * @param expectedRevision revision of the manifest this change is based on, 0 for none; another one fails with `index-conflict`
   */
  commit(manifest: Manifest, files: ReadonlyMap<string, Uint8Array>, expectedRevision: number): Promise<void>
  /**
   * Brings every file and part of the current manifest to this device, so that the index works without a
   * network. Done at once where all of it is here already; does nothing in a store that keeps nothing.
   *
   * @param onBytes bytes that are here so far, of those that will be
   * @throws LateenError `network`, `segment-missing`, `storage-full`, `storage-unavailable`, `aborted`; what was brought stays
   */
  keepAll(signal?: AbortSignal, onBytes?: (done: number, total: number) => void): Promise<void>
  close(): Promise<void>
}

/** A store that can hold files. */
export interface WritableStore extends IndexStore {
  readonly writable: true
  /** True when this file or part is stored here. */
  has(file: string): Promise<boolean>
  /**
   * Stores a file or part ahead of the manifest that names it, in place of what was there. It stays until
   * the next commit of a manifest that does not name it.
   *
   * @param file name by content hash; `bytes` are trusted to be its content
   */
  stage(file: string, bytes: Uint8Array): Promise<void>
  /** Removes the index, even one that cannot be read. */
  clear(): Promise<void>
}
