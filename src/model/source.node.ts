/** Where Node reads a model from: a folder, a base URL, or a Hub by way of the store on this machine. */
import { readFile, stat } from 'node:fs/promises'
import { join, resolve, sep } from 'node:path'
import { isLateenError, LateenError } from '../errors.ts'
import type { Fallback } from '../types.ts'
import { bareHubAddress, formatHubAddress, type HubAddress, isCommit, parseModelAddress } from './address.ts'
import { download } from './download.node.ts'
import { folderSource } from './folder.node.ts'
import { type KeepingSource, type ModelSource, missingFile, type ReadOptions, storedPath } from './source.ts'
import { httpSource } from './source-http.ts'
import { type HubListing, type HubOptions, hubSource, readHubListing } from './source-hub.ts'
import {
  commitStored,
  defaultStore,
  filesFolder,
  findStored,
  revisionFolder,
  type StoredModel,
  storedAt,
  storedFile,
  takeFromOtherRevision,
  writeAtomically,
} from './store.node.ts'

/** `hub` and `token` default to the environment: HF_ENDPOINT and HF_TOKEN. */
export interface NodeSourceOptions extends HubOptions {
  /** Folder of the stored models. @default LATEEN_MODELS, else among the caches of this user */
  readonly store?: string | undefined
  /** Told why a stored model is used in place of a newer one. */
  readonly onFallback?: ((fallback: Fallback) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

export interface NodeSource extends KeepingSource {
  /** Where its files lie, those that have been read at least; undefined for a base URL. */
  readonly folder?: string
  /** Present for models of a Hub. */
  readonly listing?: HubListing
  /** Present with it: makes sure that a file is in the folder. Fails as `read` does. */
  fetch?(path: string, options?: Omit<ReadOptions, 'expected'>): Promise<void>
}

/**
 * @param model folder, base URL, `hub:owner/name[@revision]`, or the same without `hub:` where no such
 *        folder exists
 * @throws LateenError `bad-argument`; `model-missing-file`, `model-gated`, `network`, `storage-unavailable`, `aborted`
 */
export async function nodeModelSource(model: string, options: NodeSourceOptions = {}): Promise<NodeSource> {
  const address = parseModelAddress(model)
  if (address.kind === 'hub') return storedSource(address, withEnvironment(options))
  if (address.kind === 'url') return { ...httpSource(address.url), complete: async () => {} }
  const bare = bareHubAddress(model)
  if (await isFolder(model)) return openFolder(model, options)
  if (bare) return storedSource(bare, withEnvironment(options))
  throw new LateenError(
    'model-missing-file',
    `There is no folder ${model}. Name the folder of a model, its URL, or hub:owner/name.`,
  )
}

function withEnvironment({ hub, token, ...options }: NodeSourceOptions): NodeSourceOptions {
  return {
    ...options,
    hub: hub || process.env['HF_ENDPOINT'] || undefined,
    token: token || process.env['HF_TOKEN'] || undefined,
  }
}

/** A folder of the store is the model it came from: what was not fetched with it can still be. */
async function openFolder(folder: string, options: NodeSourceOptions): Promise<NodeSource> {
  const source = folderSource(folder)
  // Elsewhere a description would be a stranger's, and could have the token sent to an address of its choice.
  const isOfStore = source.location.startsWith(resolve(options.store ?? defaultStore()) + sep)
  const stored = isOfStore ? await storedAt(source.location) : undefined
  if (!stored) return { ...source, folder: source.location, complete: async () => {} }
  const { hub } = stored.manifest
  return asStored(stored, withEnvironment({ ...options, hub }))
}

async function storedSource(address: HubAddress, options: NodeSourceOptions): Promise<NodeSource> {
  const { store = defaultStore(), hub, onFallback } = options
  const stored = await findStored(store, hub, address)
  if (stored && isCommit(address.revision)) return asStored(stored, options)
  try {
    const listing = await readHubListing(address, options)
    return storedRevision(listing, revisionFolder(store, hub, listing), options, false)
  } catch (error) {
    if (!stored || !isLateenError(error, 'network')) throw error
    const { storedAt, commit } = stored.manifest
    onFallback?.({
      from: 'hub',
      code: error.code,
      message: `${formatHubAddress(address)} is used as it was stored on ${storedAt.slice(0, 10)}, at commit ${commit.slice(0, 12)}: ${error.message}`,
    })
    return asStored(stored, options)
  }
}

function asStored({ manifest, folder }: StoredModel, options: NodeSourceOptions): NodeSource {
  const listing = { ...manifest, revision: manifest.commit }
  return storedRevision(listing, join(folder, '..'), options, true)
}

function storedRevision(
  listing: HubListing,
  revision: string,
  options: NodeSourceOptions,
  isStored: boolean,
): NodeSource {
  const { id, commit, files } = listing
  const remote = hubSource(listing, options)
  const folder = filesFolder(revision, id)
  const local = folderSource(folder)

  async function fetch(path: string, readOptions: Omit<ReadOptions, 'expected'> = {}): Promise<void> {
    if (!(await remote.has(path)))
      throw missingFile(folder, path, `${id} has no such file at commit ${commit}`)
    const facts = files[path] ?? undefined
    if (await storedFile(folder, path, facts)) return
    if (facts && (await takeFromOtherRevision(revision, path, facts))) return
    await download(
      remote,
      path,
      facts,
      { file: join(folder, path), parts: join(revision, 'parts') },
      { signal: readOptions.signal, onBytes: readOptions.onBytes },
    )
  }

  return {
    ...pick(remote),
    location: folder,
    folder,
    listing,
    fetch,
    async read(path, readOptions = {}) {
      await fetch(storedPath(path, readOptions.expected), readOptions)
      return local.read(path, readOptions)
    },
    async readRange(path, from, to, readOptions = {}) {
      if (await storedFile(folder, path, files[path])) return local.readRange!(path, from, to, readOptions)
      const piece = join(revision, 'ranges', `${encodeURIComponent(path)}.${from}-${to}`)
      const stored = await readFile(piece).catch(() => undefined)
      if (stored) return new Uint8Array(stored)
      const bytes = await remote.readRange!(path, from, to, readOptions)
      await writeAtomically(piece, bytes)
      return bytes
    },
    // What was found in the store is there already, and as old as it was.
    complete: async () => (isStored ? undefined : commitStored(revision, options.hub, listing)),
  }
}

/** What is known of the files without reading them. */
function pick({ name, has, size, sha256 }: ModelSource) {
  return { name, has, ...(size ? { size } : {}), ...(sha256 ? { sha256 } : {}) }
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false
}
