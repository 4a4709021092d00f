/** A static host that counts what it sends: with brotli or gzip as hosts have it, or with every file as it is. */
import { readFile, stat } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, resolve } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

export type Encoding = 'brotli' | 'gzip' | 'raw'

/** Types that hosts compress, by ending; everything else is sent as it is. */
const COMPRESSED: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
}
/** Of brotli, for files that do not change. */
const QUALITY = 9

export interface Sent {
  readonly path: string
  /** Of the body as it was sent. */
  readonly bytes: number
}

export interface CountingServer {
  readonly url: string
  /** What was sent since the last call, favicons left out. */
  take(): Sent[]
  close(): Promise<void>
}

/** @param pages made-up pages by path, beside the files below `folder` */
export async function countingServer(
  folder: string,
  encoding: Encoding,
  pages: Readonly<Record<string, string>>,
): Promise<CountingServer> {
  let sent: Sent[] = []
  const compressed = new Map<string, Buffer>()

  async function answer({ url = '/', headers }: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = decodeURIComponent(new URL(url, 'http://host').pathname)
    const body = await bodyOf(path)
    if (!body) {
      response.writeHead(404).end()
      return
    }
    const type = COMPRESSED[extname(path)]
    const range = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '')
    if (range) {
      const end = Math.min(range[2] ? Number(range[2]) : body.length - 1, body.length - 1)
      const part = body.subarray(Number(range[1]), end + 1)
      send(206, part, { 'content-range': `bytes ${range[1]}-${end}/${body.length}` })
    } else if (encoding !== 'raw' && type) {
      send(200, packed(path, body), { 'content-encoding': encoding === 'brotli' ? 'br' : 'gzip' })
    } else send(200, body, {})

    function send(status: number, bytes: Buffer, extra: Record<string, string>) {
      if (path !== '/favicon.ico') sent.push({ path, bytes: bytes.length })
      const common = { 'content-type': type ?? 'application/octet-stream', 'accept-ranges': 'bytes' }
      response.writeHead(status, { ...common, 'content-length': bytes.length, ...extra }).end(bytes)
    }
  }

  async function bodyOf(path: string): Promise<Buffer | undefined> {
    const made = pages[path]
    if (made !== undefined) return Buffer.from(made)
    const file = resolve(folder, `.${path}`)
    if (!file.startsWith(resolve(folder))) return undefined
    const found = await stat(file).catch(() => undefined)
    if (!found) return undefined
    return readFile(found.isDirectory() ? join(file, 'index.html') : file).catch(() => undefined)
  }

  function packed(path: string, body: Buffer): Buffer {
    let bytes = compressed.get(path)
    if (!bytes) {
      const params = { [constants.BROTLI_PARAM_QUALITY]: QUALITY }
      bytes = encoding === 'brotli' ? brotliCompressSync(body, { params }) : gzipSync(body, { level: 9 })
      compressed.set(path, bytes)
    }
    return bytes
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    take() {
      const all = sent
      sent = []
      return all
    },
    close: () =>
      new Promise((done) => {
        server.closeAllConnections()
        server.close(() => done())
      }),
  }
}

export function bytesOf(sent: readonly Sent[]): number {
  return sent.reduce((sum, { bytes }) => sum + bytes, 0)
}
