/**
 * Search on a dev server. The index is built when the first reader asks for it, never when the server starts,
 * and again when pages have changed; until it is ready the one before answers.
 */
import { createReadStream } from 'node:fs'
import { rm, stat } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { extname, join } from 'node:path'
import { pipeline } from 'node:stream'
import { once } from '../util/once.ts'

export interface DevIndexOptions {
  /** Path of the index folder on the server, with a slash at both ends. */
  readonly path: string
  /** A folder of this project that may be overwritten. */
  readonly folder: string
  /** Folders of the browser runtime and of the model, which are served as they are. */
  readonly parts: () => Promise<{ readonly runtime: string; readonly model: string }>
  /** Writes an index of the pages as they are now; `origin` is where the server listens. */
  readonly writeIndex: (folder: string, origin: string, signal: AbortSignal) => Promise<void>
  /** Told why an index could not be built. */
  readonly onError: (error: unknown) => void
  /** How long a reader waits for the new index while there is an old one, in milliseconds. @default 3000 */
  readonly patienceMs?: number
}

export interface DevIndex {
  /** Answers below `path`, passes on everything else. */
  readonly middleware: Middleware
  /** The pages have changed. */
  stale(): void
  /** Ends a build under way. */
  close(): void
}

export type Middleware = (
  request: IncomingMessage & { readonly originalUrl?: string | undefined },
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void

/** What is used of a Vite dev server, of any version. */
export interface ViteServer {
  readonly middlewares: { use(handler: Middleware): unknown }
  readonly watcher: { on(event: 'all', listener: () => void): unknown }
  readonly httpServer: { once(event: 'close', listener: () => void): unknown } | null
}

/** Puts an index on a Vite dev server: every file that changes makes it stale. */
export function serveOn(server: ViteServer, { middleware, stale, close }: DevIndex): void {
  server.middlewares.use(middleware)
  server.watcher.on('all', stale)
  server.httpServer?.once('close', close)
}

export function devIndex({
  path,
  folder,
  parts,
  writeIndex,
  onError,
  patienceMs = 3000,
}: DevIndexOptions): DevIndex {
  const abort = new AbortController()
  // Two folders in turn: a page that is open goes on reading the index it started with.
  const indexes = [join(folder, 'a'), join(folder, 'b')]
  let generation = 0
  let stale = true
  let building: Promise<boolean> | undefined

  const partsOnce = once(parts)

  async function build(origin: string): Promise<boolean> {
    stale = false
    const target = indexes[(generation + 1) % 2]!
    try {
      // What an earlier run left there may be of other pages, or half of an index.
      await rm(target, { recursive: true, force: true })
      await writeIndex(target, origin, abort.signal)
      generation++
      return true
    } catch (error) {
      stale = true
      if (!abort.signal.aborted) onError(error)
      return false
    }
  }

  /** Pages may change while an index is built: then that build is waited for, and the one after it. */
  async function fresh(origin: string): Promise<void> {
    for (let round = 0; round < 2 && (stale || building); round++) {
      building ??= build(origin).finally(() => (building = undefined))
      if (!(await building)) return
    }
  }

  /** Resolves when the newest index can be served, or the one before after a while. */
  async function ready(origin: string): Promise<void> {
    await (generation === 0 ? fresh(origin) : Promise.race([fresh(origin), pause(patienceMs)]))
  }

  /** Where a file may be, most likely first. */
  async function places(name: string): Promise<string[]> {
    const [newest, older] = [indexes[generation % 2]!, indexes[(generation + 1) % 2]!]
    if (name === MANIFEST) return generation === 0 ? [] : [join(newest, name)]
    const { runtime, model } = await partsOnce()
    if (name.startsWith(MODEL)) return [join(model, name.slice(MODEL.length))]
    return [join(runtime, name), ...(generation === 0 ? [] : [join(newest, name), join(older, name)])]
  }

  async function answer(request: IncomingMessage, response: ServerResponse, name: string): Promise<void> {
    if (name === MANIFEST) await ready(originOf(request.socket))
    for (const file of await places(name)) if (await send(file, request, response)) return
    refuse(response, name === MANIFEST ? 503 : 404)
  }

  return {
    middleware(request, response, next) {
      const name = nameOf(request.originalUrl ?? request.url ?? '/', path)
      if (name === undefined || (request.method !== 'GET' && request.method !== 'HEAD')) return next()
      answer(request, response, name).catch((error: unknown) => {
        onError(error)
        refuse(response, 500)
      })
    },
    stale() {
      stale = true
    },
    close: () => abort.abort(),
  }
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms).unref())

/** The file that is asked for below `path`; undefined when the request is for something else. */
function nameOf(url: string, path: string): string | undefined {
  const [pathname = ''] = url.split(/[?#]/)
  const name = pathname.startsWith(path) ? pathname.slice(path.length) : ''
  // Only names that this package gives its files: none of them leads out of a folder.
  return /^[\w-][\w.-]*(\/[\w-][\w.-]*)*$/.test(name) ? name : undefined
}

/** The address at which this request reached the server: right whatever host and port it was started with. */
function originOf(socket: Socket): string {
  const address = (socket.localAddress ?? '127.0.0.1').replace(/^::ffff:/, '')
  const host = address.includes(':') ? `[${address}]` : address
  return `${'encrypted' in socket ? 'https' : 'http'}://${host}:${socket.localPort}`
}

const MANIFEST = 'manifest.json'
const MODEL = 'model/'

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
}

/** Sends a file; false when there is none. */
async function send(file: string, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
  const found = await stat(file).catch(() => undefined)
  if (!found?.isFile()) return false
  response.writeHead(200, {
    'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
    'content-length': found.size,
    'cache-control': 'no-cache',
  })
  if (request.method === 'HEAD') response.end()
  // A reader that goes away ends the stream; there is nobody left to tell.
  else pipeline(createReadStream(file), response, () => {})
  return true
}

function refuse(response: ServerResponse, status: number): void {
  if (response.headersSent) response.destroy()
  else response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${status}\n`)
}
