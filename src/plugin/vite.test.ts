import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build, createLogger, type InlineConfig, type Plugin } from 'vite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import lateen, { type LateenOptions } from './vite.ts'

let root: string
let said: string[]

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'lateen-vite-'))
  said = []
})
afterEach(() => rm(root, { recursive: true, force: true }))

/** Builds as a project with this plugin would; `runtime` files come with the package and are not needed here. */
async function buildWith(config: InlineConfig, options: LateenOptions = {}): Promise<void> {
  const plugin: Plugin = lateen({ cache: false, ...options })
  const customLogger = { ...createLogger('silent'), info: (line: string) => void said.push(line) }
  await build({ ...config, root, configFile: false, customLogger, plugins: [plugin] })
}

test('a build without any page is no failure, and says so', async () => {
  await writeFile(join(root, 'main.js'), 'export const answer = 42\n')
  await buildWith({ build: { lib: { entry: 'main.js', formats: ['es'], fileName: 'main' } } })
  expect(said.join('\n')).toContain('lateen: nothing to search in')
  expect(existsSync(join(root, 'dist/main.mjs'))).toBe(true)
})

test('a build for a server is left alone', async () => {
  await writeFile(join(root, 'server.js'), 'export const render = () => "<p>text</p>"\n')
  await buildWith({ build: { ssr: 'server.js' } })
  expect(said.filter((line) => line.startsWith('lateen'))).toEqual([])
  expect(existsSync(join(root, 'dist/lateen'))).toBe(false)
})

test('pages of a site that may lie anywhere ask for the script by a relative address', async () => {
  await writeFile(join(root, 'index.html'), '<!doctype html><title>A</title><main></main>')
  await buildWith({ base: './' }, { inject: 'script', subdir: 'find' })
  expect(await readFile(join(root, 'dist/index.html'), 'utf8')).toContain('src="./find/lateen-search.js"')
})

test('options that cannot be used are refused before anything is built', () => {
  for (const options of [{ subdir: '../up' }, { subdir: 'a/b' }, { inject: 'box' as 'script' }]) {
    expect(() => lateen(options)).toThrow(/Expected (subdir|inject)/)
  }
})
