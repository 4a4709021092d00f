/** A host as plain as they come: files as they are, byte ranges, nothing compressed, no special headers. */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { extname, join, resolve, sep } from 'node:path'
import { pipeline } from 'node:stream'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.htm': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
  '.md': 'text/plain; charset=utf-8',
  '.xml': 'application/xml',
}

/**
 * Serves the files below `folder`. A folder answers with its `index.html`.
 *
 * @param base path under which they are served, with a slash at both ends; elsewhere is nothing
 */
export function staticServer(folder: string, base = '/'): Server {
  const root = resolve(folder)
  return createServer((request, response) => {
    answer(root, base, request, response).catch(() => refuse(response, 500))
  })
}

async function answer(
  root: string,
  base: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405)
  const url = new URL(request.url ?? '/', 'http://host')
  if (`${url.pathname}/` === base) {
    response.writeHead(301, { location: `${base}${url.search}` }).end()
    return
  }
  if (!url.pathname.startsWith(base)) return refuse(response, 404)
  const path = decodePath(root, url.pathname.slice(base.length - 1))
  if (path === undefined) return refuse(response, 400)
  const found = await stat(path).catch(() => undefined)
  if (found?.isDirectory() && !url.pathname.endsWith('/')) {
    response.writeHead(301, { location: `${url.pathname}/${url.search}` }).end()
    return
  }
  const file = found?.isDirectory() ? join(path, 'index.html') : path
  const size = (found?.isFile() ? found : await stat(file).catch(() => undefined))?.size
  if (size === undefined || url.pathname.endsWith('/') !== found!.isDirectory()) return refuse(response, 404)
  send(request, response, file, size)
}

function send(request: IncomingMessage, response: ServerResponse, file: string, size: number): void {
  const type = TYPES[extname(file).toLowerCase()] ?? 'application/octet-stream'
  const headers = { 'content-type': type, 'accept-ranges': 'bytes' }
  const range = parseRange(request.headers.range, size)
  if (range === 'outside') {
    response.writeHead(416, { ...headers, 'content-range': `bytes */${size}` }).end()
    return
  }
  const { start, end } = range ?? { start: 0, end: size - 1 }
  response.writeHead(range ? 206 : 200, {
    ...headers,
    'content-length': end - start + 1,
    ...(range ? { 'content-range': `bytes ${start}-${end}/${size}` } : {}),
  })
  if (request.method === 'HEAD' || size === 0) response.end()
  // A reader that goes away ends the stream; there is nobody left to tell.
  else pipeline(createReadStream(file, { start, end }), response, () => {})
}

/** The file a path names; undefined when it is malformed or leads out of the root. */
function decodePath(root: string, pathname: string): string | undefined {
  try {
    const path = join(root, decodeURIComponent(pathname))
    return (path === root || path.startsWith(join(root, sep))) && !path.includes('\0') ? path : undefined
  } catch {
    return undefined
  }
}

/** One byte range; several, or another unit, are answered with the whole file, as RFC 9110 allows. */
function parseRange(
  header: string | undefined,
  size: number,
): { start: number; end: number } | 'outside' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '')
  if (!match || (!match[1] && !match[2])) return undefined
  const [, first, last] = match
  const start = first ? Number(first) : Math.max(0, size - Number(last))
  const end = first && last ? Math.min(Number(last), size - 1) : size - 1
  return start < size && start <= end ? { start, end } : 'outside'
}

function refuse(response: ServerResponse, status: number): void {
  if (response.headersSent) response.destroy()
  else response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${status}\n`)
}
