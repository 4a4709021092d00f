/**
 * A dumb static host for the stories: no compression, no caching rules, no COOP/COEP. It can serve under
 * a sub-path, go away, fail single files, and it remembers what was asked for.
 */
import { createReadStream, existsSync, statSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
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

export interface StaticHost {
  /** Address of the folder, with a slash at the end. */
  readonly url: string
  /** Paths asked for so far, without the base. */
  readonly requests: string[]
  /** Answers with this status for paths that match, until `heal()`. */
  fail(path: RegExp, status: number): void
  heal(): void
  close(): Promise<void>
}

export interface StaticHostOptions {
  /** Path prefix, with slashes. @default '/' */
  readonly base?: string
  readonly headers?: Record<string, string>
}

export async function serveFolder(
  folder: string,
  { base = '/', headers = {} }: StaticHostOptions = {},
): Promise<StaticHost> {
  const requests: string[] = []
  let failing: { path: RegExp; status: number } | undefined
  const server: Server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://host').pathname)
    const inside = path.startsWith(base) ? normalize(path.slice(base.length)) : '..'
    requests.push(inside)
    const wanted = join(folder, inside === '.' || inside.endsWith('/') ? join(inside, 'index.html') : inside)
    if (failing?.path.test(inside)) return void response.writeHead(failing.status).end()
    if (inside.startsWith('..') || !existsSync(wanted) || !statSync(wanted).isFile()) {
      return void response
        .writeHead(404, { 'content-type': 'text/html' })
        .end('<!doctype html><title>Not found</title>')
    }
    const type = TYPES[extname(wanted)]
    response.writeHead(200, {
      ...(type ? { 'content-type': type } : {}),
      'content-length': statSync(wanted).size,
      ...headers,
    })
    createReadStream(wanted).pipe(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}${base}`,
    requests,
    fail(path, status) {
      failing = { path, status }
    },
    heal() {
      failing = undefined
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
