/**
 * A dumb static host for the stories: no compression, no caching rules, no COOP/COEP. It can serve under
 * a sub-path, go away, spoil single files, replace the site, and it remembers what was asked for.
 */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'

/** Only what browsers insist on: modules and styles need a type, everything else is bytes. */
const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
}

/** What becomes of the answers it applies to. */
export interface Fault {
  readonly status?: number
  /** In place of what would be sent. Empty values leave a header out. */
  readonly headers?: Readonly<Record<string, string>>
  /** What is sent in place of the file; an empty one stands for a file that is not there. */
  readonly body?: (file: Buffer) => Buffer | string
  /** The connection breaks after so many bytes of the content; at 0 there is no answer at all. */
  readonly cutAfter?: number
  /** To how many answers it happens. @default all */
  readonly times?: number
}

export interface StaticHost {
  /** Address of the folder, with a slash at the end. */
  readonly url: string
  /** Paths asked for so far, without the base. */
  readonly requests: string[]
  /** Bytes of content sent so far, by path. */
  readonly sent: Map<string, number>
  /** Answers with this status for paths that match, until `heal()`. */
  fail(path: RegExp, status: number): void
  /** Spoils the answers for paths that match, until `heal()`. The first fault that matches counts. */
  spoil(path: RegExp, fault: Fault): void
  heal(): void
  /** Serves another folder at the same address from now on. */
  deploy(folder: string): void
  close(): Promise<void>
}

export interface StaticHostOptions {
  /** Path prefix, with slashes, as it stands in an address. @default '/' */
  readonly base?: string
  readonly headers?: Record<string, string>
  /** Whether single ranges are served. @default false */
  readonly ranges?: boolean
}

export async function serveFolder(
  folder: string,
  { base = '/', headers = {}, ranges = false }: StaticHostOptions = {},
): Promise<StaticHost> {
  const requests: string[] = []
  const sent = new Map<string, number>()
  const faults: { readonly path: RegExp; readonly fault: Fault; left: number }[] = []
  let site = folder
  const server: Server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://host').pathname)
    const root = decodeURIComponent(base)
    const inside = path.startsWith(root) ? normalize(path.slice(root.length)) : '..'
    requests.push(inside)
    const wanted = join(site, inside === '.' || inside.endsWith('/') ? join(inside, 'index.html') : inside)
    const isThere = !inside.startsWith('..') && existsSync(wanted) && statSync(wanted).isFile()
    const found = faults.find((one) => one.left > 0 && one.path.test(inside))
    if (found) found.left--
    const file = isThere ? readFileSync(wanted) : Buffer.alloc(0)
    const range = ranges && isThere ? /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') : undefined
    const [from, to] = range ? [Number(range[1]), range[2] ? Number(range[2]) + 1 : file.length] : []
    const type = isThere ? TYPES[extname(wanted)] : 'text/html'
    const answer: Answer = {
      status: isThere ? (range ? 206 : 200) : 404,
      headers: {
        ...(type ? { 'content-type': type } : {}),
        ...(range ? { 'content-range': `bytes ${from}-${to! - 1}/${file.length}` } : {}),
        ...(isThere ? headers : {}),
      },
      body: isThere ? file.subarray(from, to) : Buffer.from('<!doctype html><title>Not found</title>'),
    }
    const given = found ? spoiled(answer, file, found.fault) : answer
    const length = Math.min(given.body.length, given.cutAfter ?? Number.POSITIVE_INFINITY)
    sent.set(inside, (sent.get(inside) ?? 0) + length)
    send(response, given)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}${base}`,
    requests,
    sent,
    fail(path, status) {
      faults.push({ path, fault: { status, body: () => '' }, left: Number.POSITIVE_INFINITY })
    },
    spoil(path, fault) {
      faults.push({ path, fault, left: fault.times ?? Number.POSITIVE_INFINITY })
    },
    heal() {
      faults.length = 0
    },
    deploy(next) {
      site = next
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  readonly cutAfter?: number | undefined
}

function spoiled(answer: Answer, file: Buffer, { status, headers, body, cutAfter }: Fault): Answer {
  return {
    status: status ?? answer.status,
    headers: Object.fromEntries(
      Object.entries({ ...answer.headers, ...headers }).filter(([, value]) => value !== ''),
    ),
    body: body ? Buffer.from(body(file)) : answer.body,
    cutAfter,
  }
}

function send(response: ServerResponse, { status, headers, body, cutAfter }: Answer): void {
  if (cutAfter === 0) return void response.destroy()
  response.writeHead(status, { 'content-length': body.length, ...headers })
  if (cutAfter === undefined || cutAfter >= body.length) return void response.end(body)
  response.write(body.subarray(0, cutAfter), () => response.destroy())
}
