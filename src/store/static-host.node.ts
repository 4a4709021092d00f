/** A static host for tests, with the faults of real ones. Not part of any entry. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface StaticHost {
  readonly url: string
  /** What is served, by path without the leading slash. May be changed at any time. */
  readonly files: Map<string, Uint8Array | string>
  /** One line per request: path, and the range that was asked for. */
  readonly requests: string[]
  /** Answers in place of the files while it is set; false leaves the request to the files. */
  fault: ((request: IncomingMessage, response: ServerResponse, path: string) => boolean) | undefined
  close(): Promise<void>
}

export interface StaticHostOptions {
  /** Whether Range requests are understood. @default true */
  readonly ranges?: boolean
}

export async function staticHost({ ranges = true }: StaticHostOptions = {}): Promise<StaticHost> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').slice(1)
    const { range } = request.headers
    host.requests.push(range ? `${path} ${range}` : path)
    if (host.fault?.(request, response, path)) return
    const content = host.files.get(path)
    if (content === undefined) {
      response.writeHead(404).end('not found')
      return
    }
    const bytes = Buffer.from(content as Uint8Array)
    const wanted = ranges ? /^bytes=(\d+)-(\d+)$/.exec(range ?? '') : null
    if (!wanted) {
      response.writeHead(200, { 'content-length': bytes.length }).end(bytes)
      return
    }
    const [first, last] = [Number(wanted[1]), Math.min(Number(wanted[2]), bytes.length - 1)]
    if (first > last) {
      response.writeHead(416).end()
      return
    }
    response
      .writeHead(206, {
        'content-range': `bytes ${first}-${last}/${bytes.length}`,
        'content-length': last - first + 1,
      })
      .end(bytes.subarray(first, last + 1))
  })
  const host: StaticHost = {
    url: '',
    files: new Map(),
    requests: [],
    fault: undefined,
    close() {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(host, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` })
}
