/** A Hub on this machine for tests: its addresses, headers, redirects and errors, and faults on demand. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, sep } from 'node:path'

export type HubFiles = Readonly<Record<string, Uint8Array>>

/** What goes wrong with one answer. */
export type Fault =
  /** The connection is cut after so many bytes of the body. */
  | { readonly cutAfter: number }
  /** Another status, with the seconds or date after which to try again. */
  | { readonly status: number; readonly retryAfter?: string }
  /** The length that is stated. */
  | { readonly contentLength: number }
  /** From now on the host has something else in place of the file. */
  | { readonly content: Uint8Array }

export interface HubServer {
  readonly url: string
  /** What was asked for since the last call: `hub|cdn`, path, range, and whether a token came along. */
  takeRequests(): HubRequest[]
  /** Adds a revision, and moves `main` to it. @returns its commit */
  publish(id: string, files: HubFiles): string
  /** Who may read a model: everyone, those with the token `let-me-in`, or the same and nobody else may know of it. */
  restrict(id: string, access: 'gated' | 'private'): void
  /** Faults of the next answers for a file, one for each; `api` stands for the description of models. */
  fail(path: string, ...faults: Fault[]): void
  /** No answers at all, until it is called with false. */
  goAway(isAway: boolean): void
  close(): Promise<void>
}

export interface HubRequest {
  readonly host: 'hub' | 'cdn'
  readonly path: string
  readonly range?: string
  readonly hasToken: boolean
}

export const TOKEN = 'let-me-in'
/** What is in LFS lies elsewhere. */
const LFS = /\.(onnx|onnx_data|safetensors|bin)$/

export function filesOf(folder: string): HubFiles {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )
  return Object.fromEntries(
    entries.map(({ parentPath, name }) => {
      const path = join(parentPath, name)
      return [path.slice(folder.length + 1).replaceAll(sep, '/'), new Uint8Array(readFileSync(path))]
    }),
  )
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const gitBlob = (bytes: Uint8Array) =>
  createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex')

export async function startHub(): Promise<HubServer> {
  const revisions = new Map<string, HubFiles>()
  const access = new Map<string, 'gated' | 'private'>()
  const faults = new Map<string, Fault[]>()
  const replaced = new Map<string, Uint8Array>()
  const blobs = new Map<string, { path: string; bytes: Uint8Array }>()
  let requests: HubRequest[] = []
  let isAway = false

  const hub = createServer((request, response) => {
    if (!admitted('hub', request, response)) return
    const url = new URL(request.url!, 'http://hub')
    const api = /^\/api\/models\/([^/]+\/[^/]+)\/revision\/([^/]+)$/.exec(url.pathname)
    if (api) return describeModel(api[1]!, decodeURIComponent(api[2]!), url, request, response)
    const file = /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(url.pathname)
    if (file) return resolve(file[1]!, file[2]!, decodeURIComponent(file[3]!), request, response)
    response.writeHead(404).end()
  })
  const cdn = createServer((request, response) => {
    if (!admitted('cdn', request, response)) return
    const blob = blobs.get(new URL(request.url!, 'http://cdn').pathname.slice(1))
    if (blob) send(blob.path, blob.bytes, request, response)
    else response.writeHead(403).end()
  })
  const [url, cdnUrl] = await Promise.all([listen(hub), listen(cdn)])

  function admitted(host: 'hub' | 'cdn', request: IncomingMessage, response: ServerResponse): boolean {
    if (isAway) {
      response.destroy()
      return false
    }
    response.setHeader('access-control-allow-origin', '*')
    response.setHeader('access-control-expose-headers', 'ETag, X-Repo-Commit, X-Error-Code, X-Error-Message')
    if (request.method === 'OPTIONS') {
      response.writeHead(204, { 'access-control-allow-headers': 'range' }).end()
      return false
    }
    const { range, authorization } = request.headers
    const path = new URL(request.url!, 'http://host').pathname
    requests.push({ host, path, ...(range ? { range } : {}), hasToken: authorization !== undefined })
    return true
  }

  function refused(id: string, request: IncomingMessage, response: ServerResponse, isFile: boolean): boolean {
    const rule = access.get(id)
    if (!rule || request.headers.authorization === `Bearer ${TOKEN}`) return false
    // Anyone may know what a gated model consists of.
    if (rule === 'gated' && !isFile) return false
    const code = rule === 'gated' ? 'GatedRepo' : 'RepoNotFound'
    response
      .writeHead(401, { 'x-error-code': code, 'x-error-message': `Access to model ${id} is restricted.` })
      .end()
    return true
  }

  function describeModel(
    id: string,
    revision: string,
    { searchParams }: URL,
    request: IncomingMessage,
    response: ServerResponse,
  ) {
    if (refused(id, request, response, false) || faulty('api', response)) return
    const files = revisions.get(`${id}@${revision}`)
    if (!revisions.has(`${id}@main`)) return response.writeHead(404, { 'x-error-code': 'RepoNotFound' }).end()
    if (!files) return response.writeHead(404, { 'x-error-code': 'RevisionNotFound' }).end()
    const siblings = Object.entries(files).map(([rfilename, bytes]) => ({
      rfilename,
      ...(searchParams.get('blobs') === 'true'
        ? {
            size: bytes.length,
            blobId: gitBlob(bytes),
            ...(LFS.test(rfilename)
              ? { lfs: { sha256: sha256(bytes), size: bytes.length, pointerSize: 130 } }
              : {}),
          }
        : {}),
    }))
    response.writeHead(200, { 'content-type': 'application/json' })
    return response.end(JSON.stringify({ id, sha: commitOf(files), siblings }))
  }

  function resolve(
    id: string,
    revision: string,
    path: string,
    request: IncomingMessage,
    response: ServerResponse,
  ) {
    if (refused(id, request, response, true)) return
    const files = revisions.get(`${id}@${revision}`)
    if (!files) return response.writeHead(404, { 'x-error-code': 'RevisionNotFound' }).end()
    const bytes = files[path]
    if (!bytes) return response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end()
    response.setHeader('x-repo-commit', commitOf(files))
    if (!LFS.test(path)) return send(path, bytes, request, response)
    const hash = sha256(bytes)
    blobs.set(hash, { path, bytes })
    const headers = { 'x-linked-etag': `"${hash}"`, 'x-linked-size': bytes.length }
    return response.writeHead(302, { ...headers, location: `${cdnUrl}/${hash}?signature=1` }).end()
  }

  /** True when the answer is a fault without a body. */
  function faulty(path: string, response: ServerResponse): boolean {
    const fault = faults.get(path)?.[0]
    if (!fault || !('status' in fault)) return false
    faults.get(path)!.shift()
    response
      .writeHead(fault.status, fault.retryAfter === undefined ? {} : { 'retry-after': fault.retryAfter })
      .end()
    return true
  }

  function send(path: string, original: Uint8Array, request: IncomingMessage, response: ServerResponse) {
    if (faulty(path, response)) return
    const fault = faults.get(path)?.shift()
    if (fault && 'content' in fault) replaced.set(path, fault.content)
    const bytes = replaced.get(path) ?? original
    const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? []
    const from = Number(first ?? 0)
    if (from > 0 && from >= bytes.length) return response.writeHead(416).end()
    const to = last ? Math.min(Number(last) + 1, bytes.length) : bytes.length
    const body = bytes.subarray(from, to)
    response.writeHead(first === undefined ? 200 : 206, {
      etag: `"${sha256(bytes)}"`,
      'content-length': fault && 'contentLength' in fault ? fault.contentLength : body.length,
      ...(first === undefined ? {} : { 'content-range': `bytes ${from}-${to - 1}/${bytes.length}` }),
    })
    if (!fault || 'content' in fault) return response.end(body)
    const sent = 'cutAfter' in fault ? body.subarray(0, fault.cutAfter) : body
    // What was written must leave before the connection goes.
    return response.write(sent, () => setTimeout(() => response.destroy(), 30))
  }

  return {
    url,
    takeRequests() {
      const taken = requests
      requests = []
      return taken
    },
    publish(id, files) {
      const commit = commitOf(files)
      for (const revision of ['main', commit]) revisions.set(`${id}@${revision}`, files)
      return commit
    },
    restrict: (id, rule) => void access.set(id, rule),
    fail: (path, ...list) => void faults.set(path, list),
    goAway: (away) => void (isAway = away),
    close: async () => {
      await Promise.all([hub, cdn].map(stop))
    },
  }
}

/** The same files are the same commit. */
function commitOf(files: HubFiles): string {
  const hash = createHash('sha1')
  for (const path of Object.keys(files).sort()) hash.update(`${path} ${sha256(files[path]!)}\n`)
  return hash.digest('hex')
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
