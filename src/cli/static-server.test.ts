import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { staticServer } from './static-server.ts'

let folder: string
let server: Server
let base: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lateen-serve-'))
  await mkdir(join(folder, 'site/sub'), { recursive: true })
  await writeFile(join(folder, 'secret.txt'), 'secret')
  await writeFile(join(folder, 'site/index.html'), '<h1>Home</h1>')
  await writeFile(join(folder, 'site/sub/index.html'), '<h1>Sub</h1>')
  await writeFile(join(folder, 'site/data.vectors'), '0123456789')
  await writeFile(join(folder, 'site/empty.json'), '')
  await writeFile(join(folder, 'site/ä b.md'), 'umlaut')
  server = staticServer(join(folder, 'site'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  server.close()
  await rm(folder, { recursive: true })
})

test('files come as they are, with their type and without coding or caching headers', async () => {
  const response = await fetch(`${base}/`, { headers: { 'accept-encoding': 'gzip, br' } })
  expect(await response.text()).toBe('<h1>Home</h1>')
  expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
  expect(response.headers.get('content-encoding')).toBeNull()
  expect(response.headers.get('cross-origin-opener-policy')).toBeNull()
  expect(await (await fetch(`${base}/%C3%A4%20b.md?x=1`)).text()).toBe('umlaut')
  expect((await fetch(`${base}/empty.json`)).headers.get('content-length')).toBe('0')
})

test('a folder answers with its page, after a redirect when the slash is missing', async () => {
  const response = await fetch(`${base}/sub?q=1`)
  expect(response.url).toBe(`${base}/sub/?q=1`)
  expect(await response.text()).toBe('<h1>Sub</h1>')
})

test.each([
  ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
  ['bytes=7-', 206, '789', 'bytes 7-9/10'],
  ['bytes=-3', 206, '789', 'bytes 7-9/10'],
  ['bytes=8-99', 206, '89', 'bytes 8-9/10'],
  ['bytes=-99', 206, '0123456789', 'bytes 0-9/10'],
  ['bytes=0-1,4-5', 200, '0123456789', null],
  ['lines=1-2', 200, '0123456789', null],
  ['bytes=10-', 416, '', 'bytes */10'],
  ['bytes=5-2', 416, '', 'bytes */10'],
])('the range %s is answered with %i', async (range, status, body, contentRange) => {
  const response = await fetch(`${base}/data.vectors`, { headers: { range } })
  expect(response.status).toBe(status)
  expect(await response.text()).toBe(body)
  expect(response.headers.get('content-range')).toBe(contentRange)
})

test('HEAD tells the length, other methods are refused', async () => {
  const head = await fetch(`${base}/data.vectors`, { method: 'HEAD' })
  expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '10', ''])
  expect((await fetch(base, { method: 'POST' })).status).toBe(405)
})

test('what is not there is 404, malformed escapes 400', async () => {
  expect((await fetch(`${base}/nothing.js`)).status).toBe(404)
  expect((await fetch(`${base}/data.vectors/`)).status).toBe(404)
  expect(await rawStatus('/%E0%A4%A')).toBe(400)
  expect(await rawStatus('/a%00b')).toBe(400)
})

test.each(['/../secret.txt', '/%2e%2e/secret.txt', '/sub/..%2f..%2fsecret.txt'])(
  '%s does not lead out of the folder',
  async (path) => {
    expect([400, 404]).toContain(await rawStatus(path))
  },
)

/** The status of a path that is sent as it is; fetch would tidy it up first. */
function rawStatus(path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    request(`${base}`, { path }, (response) => {
      response.resume()
      resolve(response.statusCode!)
    })
      .on('error', reject)
      .end()
  })
}
