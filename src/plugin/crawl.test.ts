import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { crawl } from './crawl.ts'

let server: Server | undefined
afterEach(() => server?.close())

interface Answer {
  readonly status?: number
  readonly type?: string
  readonly location?: string
  readonly body?: string
}

/** A server that knows these paths and answers 404 to all others. */
async function serving(answers: Readonly<Record<string, Answer>>) {
  const asked: string[] = []
  server = createServer((request, response) => {
    asked.push(request.url!)
    const {
      status = 200,
      type = 'text/html; charset=utf-8',
      location,
      body,
    } = answers[request.url!] ?? {
      status: 404,
      body: '<a href="/docs/from-404.html">x</a>',
    }
    response.writeHead(status, { 'content-type': type, ...(location ? { location } : {}) }).end(body)
  })
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve))
  return { asked, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

async function pathsOf(pages: AsyncIterable<{ readonly url?: string }>) {
  const found: string[] = []
  for await (const { url = '' } of pages) found.push(url)
  return found
}

const links = (...hrefs: string[]) => ({ body: hrefs.map((href) => `<a href="${href}">x</a>`).join('') })

test('pages are found by links and redirects, each once, and only below the base', async () => {
  const { origin, asked } = await serving({
    '/docs/': links(
      'guide/',
      'guide/index.html#top',
      '/docs/old',
      '/elsewhere.html',
      'https://example.com/',
      'a.pdf',
    ),
    '/docs/guide/': links('../', '?page=2', 'deep.html'),
    '/docs/guide/deep.html': { body: 'deep' },
    '/docs/old': { status: 302, location: 'new' },
    '/docs/new': { body: 'new' },
    '/docs/hidden.html': { body: 'no page links here' },
  })
  const found = await pathsOf(crawl({ origin, base: '/docs/', seeds: ['/docs/hidden.html'] }))
  expect(found).toEqual(['./', 'hidden.html', 'guide/', 'guide/deep.html', 'new'])
  expect(asked).not.toContain('/elsewhere.html')
  expect(asked).not.toContain('/docs/a.pdf')
})

test('what a server says to every path is one page', async () => {
  const shell = { body: '<a href="/a">a</a><a href="/b">b</a><div id="app"></div>' }
  const { origin } = await serving({ '/': shell, '/a': shell, '/b': shell })
  expect(await pathsOf(crawl({ origin, base: '/' }))).toEqual(['./'])
})

test('answers that are no pages are left out', async () => {
  const { origin } = await serving({
    '/': links('/data', '/gone', '/broken'),
    '/data': { type: 'application/json', body: '{}' },
    '/broken': { status: 500, body: 'an error page' },
  })
  expect(await pathsOf(crawl({ origin, base: '/' }))).toEqual(['./'])
})

test('no more pages than the limit are asked for', async () => {
  const { origin, asked } = await serving({
    '/': links('/1', '/2', '/3'),
    '/1': { body: '1' },
    '/2': { body: '2' },
    '/3': { body: '3' },
  })
  expect(await pathsOf(crawl({ origin, base: '/', limit: 2 }))).toHaveLength(2)
  expect(asked).toHaveLength(2)
})

test('a server that has gone away has no pages', async () => {
  const { origin } = await serving({})
  await new Promise((resolve) => server!.close(resolve))
  expect(await pathsOf(crawl({ origin, base: '/' }))).toEqual([])
})
