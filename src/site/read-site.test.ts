import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { pagePaths, readPages } from './pages.node.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lateen-site-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function write(...paths: string[]) {
  for (const path of paths) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), `<p>${path}</p>`)
  }
}

test('the pages of a folder are read one by one in the order of their paths', async () => {
  await write('b.html', 'index.html', 'a/z.htm', 'a/B.HTML', 'a/b.html', 'style.css', 'a.md', 'ä b.html')
  const pages = []
  for await (const page of readPages(folder, await pagePaths(folder))) pages.push(page)
  expect(pages.map(({ path }) => path)).toEqual([
    'a/B.HTML',
    'a/b.html',
    'a/z.htm',
    'b.html',
    'index.html',
    'ä b.html',
  ])
  expect(pages[0]).toEqual({ path: 'a/B.HTML', format: 'html', source: expect.any(Uint8Array) })
})

test('dependencies, hidden folders and what is excluded are not pages', async () => {
  await write(
    'a.html',
    'node_modules/x/a.html',
    'sub/node_modules/a.html',
    '.cache/a.html',
    '.a.html',
    'lateen/a.html',
  )
  expect(await pagePaths(folder, { exclude: ['lateen/**'] })).toEqual(['a.html'])
})

test('other files are pages when patterns say so', async () => {
  await write('a.html', 'docs/b.md', 'docs/draft.md')
  expect(await pagePaths(folder, { glob: ['docs/**/*.md', '!**/draft.md'] })).toEqual(['docs/b.md'])
})

test('the format follows from the name, and what cannot be read is said to be unreadable', async () => {
  await write('b.md', 'c.html')
  const pages = []
  for await (const page of readPages(folder, ['b.md', 'c.html', 'gone.html'])) pages.push(page)
  expect(pages).toMatchObject([{ format: 'markdown' }, { format: 'html' }, { reason: 'unreadable' }])
})

test('names that look like patterns are names', async () => {
  await write('[slug]/a (1).html', '{x}.html')
  expect(await pagePaths(folder)).toEqual(['[slug]/a (1).html', '{x}.html'])
})

test('a link that leads back into the site ends', async () => {
  await write('a/b.html')
  await symlink(folder, join(folder, 'a', 'loop'))
  expect(await pagePaths(folder)).toContain('a/b.html')
})

test('a folder without pages is empty, a missing one is named', async () => {
  expect(await pagePaths(folder)).toEqual([])
  await expect(pagePaths(join(folder, 'gone'))).rejects.toThrow(/gone/)
  await write('a.html')
  await expect(pagePaths(join(folder, 'a.html'))).rejects.toMatchObject({ code: 'bad-argument' })
})
