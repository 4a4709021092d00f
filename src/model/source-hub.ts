/**
 * A model on a Hub: a repository with revisions, as huggingface.co serves it. One request turns the revision
 * into a commit and lists its files with sizes and hashes; all files are then read from that commit.
 */
import { LateenError } from '../errors.ts'
import { throwIfAborted } from '../util/abort.ts'
import { type HubAddress, hubUrl, isCommit } from './address.ts'
import { areFacts, type FileFacts, isInside, lastPart, missingFile } from './source.ts'
import { type HttpSource, httpSource } from './source-http.ts'
import { request, statusError, unreachable } from './transfer.ts'

/** What a Hub has of one revision. */
export interface HubListing {
  readonly id: string
  /** As it was asked for; `commit` is what it stood for then. */
  readonly revision: string
  readonly commit: string
  /** Null where the Hub states no more than the name. */
  readonly files: Readonly<Record<string, FileFacts | null>>
}

export interface HubOptions {
  /** Base URL. @default https://huggingface.co */
  readonly hub?: string | undefined
  /** For models that are not given out to everyone. Only where nobody else can read it: never in a browser. */
  readonly token?: string | undefined
}

export interface HubSource extends HttpSource {
  readonly listing: HubListing
}

/**
 * @throws LateenError `model-missing-file` when there is no such model or revision, or it is private;
 *         `model-gated`, `network`, `aborted`
 */
export async function readHubListing(
  { id, revision }: HubAddress,
  { hub, token, signal }: HubOptions & { readonly signal?: AbortSignal | undefined } = {},
): Promise<HubListing> {
  const url = `${hubApi(hub, id)}${encodeURIComponent(revision)}?blobs=true`
  let info: unknown
  try {
    const response = await request(url, { headers: authorization(token), cache: 'no-cache', signal })
    if (!response.ok) {
      await response.body?.getReader().cancel()
      throw refusal({ hub, id, revision }, response) ?? statusError(url, response)
    }
    info = JSON.parse(await response.text())
  } catch (error) {
    throwIfAborted(signal)
    if (!(error instanceof SyntaxError)) throw unreachable(url, error)
  }
  const { sha, siblings } = (info ?? {}) as Partial<ModelInfo>
  // Names, commit and hashes become names of files on this machine.
  const files = Array.isArray(siblings) ? siblings.map(listed) : [undefined]
  if (typeof sha !== 'string' || !isCommit(sha) || !files.every((file) => file !== undefined)) {
    throw new LateenError(
      'network',
      `Expected the description of ${id} at ${url}, found something else. Check the address of the Hub.`,
    )
  }
  return { id, revision, commit: sha, files: Object.fromEntries(files) }
}

/** The files of a listing. Only what is asked for is fetched; whether there is such a file is known without asking. */
export function hubSource(listing: HubListing, { hub, token }: HubOptions = {}): HubSource {
  const { id, commit, files } = listing
  const source = httpSource(`${hubUrl(hub)}/${id}/resolve/${commit}/`, {
    headers: authorization(token),
    refusal: (response, path) => refusal({ hub, id, revision: commit, path }, response),
  })
  const factsOf = (path: string) => (Object.hasOwn(files, path) ? files[path] : undefined)
  const assertListed = (path: string) => {
    if (factsOf(path) === undefined)
      throw missingFile(source.location, path, 'the repository has no such file')
  }
  return {
    ...source,
    name: lastPart(id),
    listing,
    async read(path, options = {}) {
      const { expected } = options
      assertListed(expected?.gzip === undefined ? path : `${path}.gzip`)
      return source.read(path, { ...options, expected: expected ?? factsOf(path) ?? undefined })
    },
    has: async (path) => factsOf(path) !== undefined,
    size: async (path) => factsOf(path)?.bytes,
    sha256: async (path) => factsOf(path)?.sha256,
    async readRange(path, from, to, options = {}) {
      assertListed(path)
      return source.readRange!(path, from, to, { ...options, expected: factsOf(path) ?? undefined })
    },
  }
}

/** Address of the description of a model, up to the revision. */
export const hubApi = (hub: string | undefined, id: string) => `${hubUrl(hub)}/api/models/${id}/revision/`

/** What is read of a Hub's answer. */
interface ModelInfo {
  readonly sha: string
  readonly siblings: readonly HubFile[]
}

interface HubFile {
  readonly rfilename: string
  readonly size?: number | null
  readonly blobId?: string
  readonly lfs?: { readonly sha256: string; readonly size: number } | null
}

/** A path with what is stated of its file; undefined for what cannot be one. */
function listed(file: HubFile | null): [path: string, facts: FileFacts | null] | undefined {
  const path = file?.rfilename
  if (typeof path !== 'string' || !isInside(path)) return undefined
  const facts = factsOf(file!)
  return facts === null || areFacts(facts) ? [path, facts] : undefined
}

/** The blob of a file in LFS is the pointer to it. */
function factsOf({ size, blobId, lfs }: HubFile): FileFacts | null {
  if (lfs) return { bytes: lfs.size, sha256: lfs.sha256 }
  if (size == null) return null
  return { bytes: size, ...(blobId ? { gitBlob: blobId } : {}) }
}

const authorization = (token: string | undefined) =>
  token ? { authorization: `Bearer ${token}` } : undefined

interface Wanted {
  readonly hub: string | undefined
  readonly id: string
  readonly revision: string
  readonly path?: string
}

/** What an error status of a Hub means; undefined when it is none of the Hub's own. */
function refusal({ hub, id, revision, path }: Wanted, response: PlatformResponse): LateenError | undefined {
  const { status, headers, url } = response
  const missing = (what: string) => new LateenError('model-missing-file', what)
  // Large files come from elsewhere, by addresses that hold for a while.
  if (!url.startsWith(hubUrl(hub))) return statusError(url.replace(/\?.*$/, ''), response)
  const code = headers.get('x-error-code')
  if (code === 'RevisionNotFound') {
    return missing(
      `The model ${id} has no revision ${revision}. Name a branch, a tag or a whole commit hash.`,
    )
  }
  if (code === 'RepoNotFound' || (status === 404 && path === undefined)) {
    return missing(
      `${hubUrl(hub)} has no model ${id}, or it is private. Check the name; private models need HF_TOKEN, in Node only.`,
    )
  }
  if (status === 404) return missing(`The model ${id} has no ${path} at revision ${revision}.`)
  if (status !== 401 && status !== 403) return undefined
  const said = headers.get('x-error-message')
  return new LateenError(
    'model-gated',
    `${id} is not given out to everyone${said ? `: ${said}` : '.'} Accept its terms at ${hubUrl(hub)}/${id}, and set HF_TOKEN for Node. Browsers send no token: lateen index with this model puts it beside the index, from where your own site serves it.`,
  )
}
