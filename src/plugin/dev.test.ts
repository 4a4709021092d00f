import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type DevIndex, devIndex } from './dev.ts'

let folder: string
let server: Server
let origin: string
let dev: DevIndex
let builds: number
let errors: unknown[]
/** What a build does before it writes; tests replace it. */
let work: () => Promise<void>

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lateen-dev-'))
  const [runtime, model] = [join(folder, 'runtime'), join(folder, 'model-bundle')]
  for (const place of [runtime, model]) await mkdir(place)
  await writeFile(join(runtime, 'lateen-search.js'), 'export {}')
  await writeFile(join(model, 'lateen.json'), '{}')
  await writeFile(join(folder, 'secret.json'), 'secret')
  builds = 0
  errors = []
  work = async () => {}
  dev = devIndex({
    path: '/docs/lateen/',
    folder: join(folder, 'index'),
    parts: async () => ({ runtime, model }),
    async writeIndex(out, at) {
      expect(at).toBe(origin)
      const build = ++builds
      await work()
      await mkdir(out, { recursive: true })
      await writeFile(join(out, 'manifest.json'), JSON.stringify({ build }))
      await writeFile(join(out, `file-${build}.text`), `text ${build}`)
    },
    onError: (error) => errors.push(error),
    patienceMs: 300,
  })
  server = createServer((request, response) =>
    dev.middleware(request, response, () => response.writeHead(418).end('the dev server itself')),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterEach(async () => {
  dev.close()
  server.closeAllConnections()
  server.close()
  await rm(folder, { recursive: true, force: true })
})

const get = (path: string, init?: RequestInit) => fetch(`${origin}${path}`, init)
const manifest = async () => (await (await get('/docs/lateen/manifest.json')).json()) as { build: number }

test('runtime and model come from the package and build nothing', async () => {
  const script = await get('/docs/lateen/lateen-search.js?t=1')
  expect(script.headers.get('content-type')).toBe('text/javascript')
  expect(await script.text()).toBe('export {}')
  expect(await (await get('/docs/lateen/model/lateen.json')).text()).toBe('{}')
  expect(builds).toBe(0)
})

test('the first reader of the index has it built, others share it, changes build it again', async () => {
  expect(await Promise.all([manifest(), manifest()])).toEqual([{ build: 1 }, { build: 1 }])
  expect(await manifest()).toEqual({ build: 1 })
  dev.stale()
  expect(builds).toBe(1)
  expect(await manifest()).toEqual({ build: 2 })
})

test('a page that is open still finds the files of the index it started with', async () => {
  await manifest()
  dev.stale()
  await manifest()
  expect(await (await get('/docs/lateen/file-1.text')).text()).toBe('text 1')
  expect(await (await get('/docs/lateen/file-2.text')).text()).toBe('text 2')
})

test('changes during a build are in the index that the reader gets', async () => {
  work = async () => {
    if (builds === 1) dev.stale()
  }
  expect(await manifest()).toEqual({ build: 2 })
})

test('the index before answers while the new one takes long', async () => {
  await manifest()
  let finish = () => {}
  work = () => new Promise((resolve) => (finish = resolve))
  dev.stale()
  expect(await manifest()).toEqual({ build: 1 })
  finish()
  await expect.poll(async () => (await manifest()).build).toBe(2)
})

test('a build that fails is told, and tried again for the next reader', async () => {
  work = async () => {
    throw new Error('no pages')
  }
  expect((await get('/docs/lateen/manifest.json')).status).toBe(503)
  expect(String(errors)).toContain('no pages')
  work = async () => {}
  expect(await manifest()).toEqual({ build: 2 })
})

test('nothing outside the folders is served, everything else is left to the dev server', async () => {
  await manifest()
  expect((await get('/docs/lateen/no-such-file.js')).status).toBe(404)
  for (const path of [
    '/docs/',
    '/lateen/manifest.json',
    '/docs/lateen/',
    '/docs/lateen/..%2f..%2fsecret.json',
  ]) {
    expect((await get(path)).status).toBe(418)
  }
  expect((await get('/docs/lateen/manifest.json', { method: 'POST' })).status).toBe(418)
})
