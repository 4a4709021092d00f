/**
 * Models of a Hub on this machine, one folder for each model and revision:
 *
 *     <store>/<host>/<owner>/<name>/<commit>/model.json   what it is; written last: without it a model is not there
 *                                           /<name>/      its files, each complete
 *                                           /ranges/      pieces of files of which no more was wanted
 *                                           /parts/       files that are still coming
 */
import { randomBytes } from 'node:crypto'
import { copyFile, link, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join, relative, sep } from 'node:path'
import { LateenError } from '../errors.ts'
import { type HubAddress, hubUrl, isCommit } from './address.ts'
import { type FileFacts, hashOf } from './source.ts'
import type { HubListing } from './source-hub.ts'

/** `model.json`. */
export interface StoredManifest extends Omit<HubListing, 'revision'> {
  readonly format: 'lateen-stored-model'
  readonly version: 1
  /** What it was asked for as: commit, branches, tags. */
  readonly revisions: readonly string[]
  /** Base URL of the Hub it came from. */
  readonly hub: string
  /** ISO 8601. */
  readonly storedAt: string
}

export interface StoredModel {
  readonly manifest: StoredManifest
  /** The folder of its files, as any other model bundle. */
  readonly folder: string
}

const MANIFEST = 'model.json'

/** `LATEEN_MODELS`, else `lateen/models` among the caches of this user. */
export function defaultStore(): string {
  const caches = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache')
  return process.env['LATEEN_MODELS'] || join(caches, 'lateen', 'models')
}

/** The folder of a model with one folder for each of its revisions. */
function modelFolder(store: string, hub: string | undefined, id: string): string {
  const [owner, name] = id.split('/') as [string, string]
  return join(store, new URL(hubUrl(hub)).host.replace(':', '_'), owner, name)
}

export function revisionFolder(store: string, hub: string | undefined, { id, commit }: HubListing): string {
  return join(modelFolder(store, hub, id), commit)
}

export const filesFolder = (revision: string, id: string) => join(revision, id.split('/')[1]!)

/** All models that are wholly there, by name and age. */
export async function listStored(store: string): Promise<StoredModel[]> {
  const hosts = await folders(store)
  const owners = (await Promise.all(hosts.map(folders))).flat()
  const names = (await Promise.all(owners.map(folders))).flat()
  const models = (await Promise.all(names.map(revisionsOf))).flat()
  return models.sort(
    (a, b) =>
      a.manifest.id.localeCompare(b.manifest.id) || a.manifest.storedAt.localeCompare(b.manifest.storedAt),
  )
}

/** What is stored for an address: that commit, or what the branch or tag stood for when it was last asked. */
export async function findStored(
  store: string,
  hub: string | undefined,
  { id, revision }: HubAddress,
): Promise<StoredModel | undefined> {
  const folder = modelFolder(store, hub, id)
  if (isCommit(revision)) return readStored(join(folder, revision))
  const matching = (await revisionsOf(folder)).filter(({ manifest }) => manifest.revisions.includes(revision))
  return matching.sort((a, b) => a.manifest.storedAt.localeCompare(b.manifest.storedAt)).at(-1)
}

/** The model whose files lie in this folder, when it is one of a store. */
export function storedAt(folder: string): Promise<StoredModel | undefined> {
  return readStored(dirname(folder))
}

/** Makes a model count as there: the last step of storing it. */
export async function commitStored(
  folder: string,
  hub: string | undefined,
  listing: HubListing,
): Promise<void> {
  const { revision, ...described } = listing
  const earlier = (await readStored(folder))?.manifest.revisions ?? []
  const manifest: StoredManifest = {
    format: 'lateen-stored-model',
    version: 1,
    hub: hubUrl(hub),
    ...described,
    revisions: [...new Set([...earlier, revision])],
    storedAt: new Date().toISOString(),
  }
  await writeAtomically(join(folder, MANIFEST), `${JSON.stringify(manifest, undefined, 2)}\n`)
}

/** Writes a file that others see in whole or not at all. */
export async function writeAtomically(file: string, content: string | Uint8Array): Promise<void> {
  const written = `${file}.${process.pid}-${randomBytes(4).toString('hex')}`
  try {
    await mkdir(dirname(file), { recursive: true })
    await writeFile(written, content)
    await rename(written, file)
  } catch (error) {
    throw diskError(file, error)
  }
}

/** Removes one revision: what reads it now may fail, what comes later finds nothing. */
export async function removeStored({ folder }: StoredModel): Promise<void> {
  const revision = dirname(folder)
  try {
    await rm(join(revision, MANIFEST), { force: true })
    await rm(revision, { recursive: true, force: true })
    // Folders above that hold nothing any more.
    let above = dirname(revision)
    for (let level = 0; level < 2 && (await readdir(above)).length === 0; level++) {
      await rm(above, { recursive: true })
      above = dirname(above)
    }
  } catch (error) {
    throw diskError(revision, error)
  }
}

export interface FileSize {
  /** With slashes. */
  readonly path: string
  readonly bytes: number
}

/** The files of a folder and of those below it, in order; none when there is no such folder. */
export async function filesIn(folder: string): Promise<FileSize[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
  return Promise.all(
    files.sort().map(async (file) => ({
      path: relative(folder, file).replaceAll(sep, '/'),
      bytes: (await stat(file)).size,
    })),
  )
}

/** A file of the model that is there; undefined when it is not, or is not whole. */
export async function storedFile(folder: string, path: string, facts: FileFacts | null | undefined) {
  const file = join(folder, path)
  const size = await stat(file).then(
    (stats) => stats.size,
    () => undefined,
  )
  return size === undefined || (facts && facts.bytes !== size) ? undefined : file
}

/** Takes a file that another revision of the model has. False when none has it. */
export async function takeFromOtherRevision(
  revision: string,
  path: string,
  facts: FileFacts,
): Promise<boolean> {
  const hash = hashOf(facts)
  for (const { manifest, folder } of await revisionsOf(dirname(revision))) {
    const other = manifest.files[path]
    if (!hash || !other || hashOf(other) !== hash || dirname(folder) === revision) continue
    const file = await storedFile(folder, path, other)
    if (!file) continue
    const target = join(filesFolder(revision, manifest.id), path)
    try {
      await mkdir(dirname(target), { recursive: true })
      await link(file, target).catch(() => copyFile(file, target))
      return true
    } catch (error) {
      throw diskError(target, error)
    }
  }
  return false
}

/** What a failure to write means to whoever asked for a model. */
export function diskError(path: string, cause: unknown): LateenError {
  if (cause instanceof LateenError) return cause
  const { code, message } = cause as NodeJS.ErrnoException
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new LateenError(
      'storage-full',
      `No space is left to store ${path}. Make room, for example with lateen model remove, or name another place in LATEEN_MODELS.`,
      { cause },
    )
  }
  return new LateenError(
    'storage-unavailable',
    `${path} cannot be written: ${message}. Name a folder that can be written in LATEEN_MODELS.`,
    { cause },
  )
}

async function revisionsOf(folder: string): Promise<StoredModel[]> {
  const stored = await Promise.all((await folders(folder)).map(readStored))
  return stored.filter((model) => model !== undefined)
}

async function readStored(revision: string): Promise<StoredModel | undefined> {
  try {
    const manifest = JSON.parse(await readFile(join(revision, MANIFEST), 'utf8')) as StoredManifest
    if (manifest.format !== 'lateen-stored-model' || manifest.version !== 1) return undefined
    return { manifest, folder: filesFolder(revision, manifest.id) }
  } catch {
    // Not there, or not ours: then it is fetched.
    return undefined
  }
}

async function folders(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name))
}
