import { mkdir, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openSearch } from '../node.ts'
import { parseManifest } from '../segment/manifest.ts'
import type { Progress } from '../types.ts'
import { buildSite, type SiteBuildOptions, type SitePage } from './build-site.node.ts'
import { BOATS, contents, page, type SiteFolder, siteFolder, snapshot } from './site-folder.node.ts'

let site: SiteFolder
beforeEach(async () => {
  site = await siteFolder(BOATS)
})
afterEach(() => site.remove())

const out = () => site.at('public/lateen')
const build = (options: Partial<SiteBuildOptions> = {}) =>
  buildSite({
    ...('pages' in options ? {} : { site: site.at('public') }),
    out: out(),
    runtime: false,
    threads: 0,
    ...options,
  })

async function hits(query: string, index = out()) {
  const search = await openSearch({ index })
  const { hits } = await search.query(query)
  await search.close()
  return hits.map(({ url }) => url)
}

describe('a site', () => {
  test('is searchable by keyword and by meaning, and the report names every page', async () => {
    const report = await build()
    expect(report).toMatchObject({ revision: 1, passages: 5, encoded: 5, reused: 0, warnings: [] })
    expect(report.pages).toEqual([
      { path: 'guide/cancel/index.html', url: 'guide/cancel/', title: 'Cancel', passages: 1 },
      { path: 'guide/install.html', url: 'guide/install.html', title: 'Install', passages: 3 },
      { path: 'index.html', url: './', title: 'Boats', passages: 1 },
    ])
    expect(report.skipped).toEqual([
      { path: 'empty.html', reason: 'no text' },
      { path: 'hidden.html', reason: 'noindex' },
    ])
    expect((await hits('setup program'))[0]).toBe('guide/install.html#windows')
    expect((await hits('stop a transfer that is in progress'))[0]).toBe('guide/cancel/')
  })

  test('its bytes by kind are those on disk', async () => {
    const { bytes } = await build()
    const sizes = Object.values(await contents(out())).map((content) => Buffer.from(content, 'base64').length)
    expect(bytes.total).toBe(sizes.reduce((a, b) => a + b))
    expect(bytes.manifest + bytes.vectors + bytes.text + bytes.lexical).toBe(bytes.total)
  })

  test('progress counts pages up to all of them', async () => {
    const reports: Progress[] = []
    await build({ onProgress: (progress) => reports.push(progress) })
    expect(reports.at(-1)).toMatchObject({ done: 5, total: 5, unit: 'pages' })
    expect(reports.map(({ done }) => done)).toEqual(reports.map(({ done }) => done).sort((a, b) => a - b))
  })
})

describe('building again', () => {
  test('encodes nothing, touches no file and keeps the revision when nothing changed', async () => {
    await build()
    const before = await snapshot(out())
    const report = await build()
    expect(report).toMatchObject({ revision: 1, encoded: 0, reused: 5 })
    expect(await snapshot(out())).toEqual(before)
  })

  test('encodes only what changed, and gives the bytes of a build from nothing', async () => {
    await build()
    await site.write('public/guide/new.html', page('Anchors', '<p>An anchor holds a boat in place.</p>'))
    await rm(site.at('public/guide/cancel'), { recursive: true })
    expect(await build()).toMatchObject({ revision: 2, encoded: 1, reused: 4 })
    const fresh = await build({ out: site.at('fresh'), cache: false })
    expect(fresh).toMatchObject({ encoded: 5, reused: 0 })
    const { 'manifest.json': manifest, ...files } = await contents(out())
    const { 'manifest.json': other, ...otherFiles } = await contents(site.at('fresh'))
    expect(files).toEqual(otherFiles)
    const read = (text: string) => parseManifest(Buffer.from(text, 'base64'))
    expect({ ...read(manifest!), revision: 1 }).toEqual(read(other!))
  })

  test('mends files of the index that were damaged or lost, and those alone', async () => {
    await build()
    const before = await snapshot(out())
    const names = Object.keys(before)
    await truncate(join(out(), names.find((name) => name.endsWith('.vectors'))!), 10)
    await rm(join(out(), names.find((name) => name.endsWith('.text'))!))
    expect((await build()).revision).toBe(1)
    const after = await snapshot(out())
    expect(Object.entries(after).map(([path, { content }]) => [path, content])).toEqual(
      Object.entries(before).map(([path, { content }]) => [path, content]),
    )
    const manifest = 'manifest.json'
    expect(after[manifest]).toEqual(before[manifest])
  })

  test('keeps vectors with the other caches of the project, else beside the site', async () => {
    await build()
    expect(await readdir(site.folder)).toContain('.lateen-cache')
    await rm(site.at('.lateen-cache'), { recursive: true })
    await site.write('package.json', '{}')
    await build()
    expect(await readdir(site.at('node_modules/.cache/lateen'))).not.toEqual([])
    expect(await readdir(site.folder)).not.toContain('.lateen-cache')
  })

  test('a damaged cache costs time and a warning, never a wrong index', async () => {
    await build()
    const before = await contents(out())
    const cache = site.at('.lateen-cache')
    for (const name of await readdir(cache)) {
      const bytes = await readFile(join(cache, name))
      bytes[40]! ^= 255
      await writeFile(join(cache, name), bytes)
    }
    const report = await build()
    expect(report.encoded).toBeGreaterThan(0)
    expect(report.warnings.join()).toContain('damaged')
    expect(await contents(out())).toEqual(before)
  })
})

describe('what goes wrong', () => {
  test('a build that is aborted in the middle leaves the old index as it was', async () => {
    await build()
    const before = await snapshot(out())
    await site.write('public/index.html', page('Boats', '<p>Other words.</p>'))
    const abort = new AbortController()
    const enrich: SiteBuildOptions['enrich'] = (document) => {
      if (document.id === './') abort.abort()
      return document
    }
    await expect(build({ signal: abort.signal, enrich })).rejects.toMatchObject({ code: 'aborted' })
    expect(await snapshot(out())).toEqual(before)
  })

  test('a hook that throws ends the build with its error and leaves the old index', async () => {
    await build()
    const before = await snapshot(out())
    const enrich = () => {
      throw new Error('from the hook')
    }
    await expect(build({ enrich })).rejects.toThrow('from the hook')
    expect(await snapshot(out())).toEqual(before)
  })

  test('pages that cannot be read are skipped and named', async () => {
    await mkdir(site.at('public/folder.html'))
    await symlink('/nowhere', site.at('public/gone.html'))
    await site.write(
      'public/binary.html',
      Uint8Array.from({ length: 256 }, (_, i) => i),
    )
    const { skipped, pages } = await build()
    expect(pages).toHaveLength(3)
    expect(skipped).toContainEqual({ path: 'binary.html', reason: 'unreadable', detail: expect.any(String) })
  })

  test('pages and keys called like parts of an object are pages and keys like others', async () => {
    const named = page('Names', '<p data-pagefind-filter="__proto__:yes">Prototypes of boats.</p>')
    await site.write('public/__proto__.html', named)
    await site.write('public/constructor.html', page('Constructor', '<p>Who builds a ship.</p>'))
    const { pages } = await build()
    expect(pages.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['__proto__.html', 'constructor.html']),
    )
    expect((await hits('prototypes of boats'))[0]).toBe('__proto__.html')
    expect(await build()).toMatchObject({ encoded: 0, revision: 1 })
  })

  test.each<[string, string, () => Partial<SiteBuildOptions>]>([
    ['bad-argument', 'a site that is not there', () => ({ site: site.at('nowhere') })],
    ['bad-argument', 'a site that is a file', () => ({ site: site.at('public/index.html') })],
    ['bad-argument', 'both a site and pages', () => ({ pages: [], site: site.at('public') })],
    ['bad-argument', 'neither', () => ({ pages: undefined as never })],
    ['bad-argument', 'an output folder with other files', () => ({ out: site.at('public/guide') })],
    ['bad-argument', 'the site as output folder', () => ({ out: site.at('public') })],
    ['bad-argument', 'an output folder around the site', () => ({ out: site.folder })],
    ['bad-argument', 'half a thread', () => ({ threads: 0.5 })],
    ['bad-argument', 'a selector that is none', () => ({ rootSelector: 'main[' })],
    ['bad-argument', 'a base that is none', () => ({ base: 'docs' })],
    ['bad-document', 'a pattern without pages', () => ({ glob: '**/*.xhtml' })],
    ['bad-document', 'pages without text', () => ({ glob: 'empty.html' })],
    ['bad-document', 'no pages at all', () => ({ pages: [] })],
    ['model-missing-file', 'a model that is not there', () => ({ model: site.at('public') })],
  ])('%s: %s, and nothing is written', async (code, _what, options) => {
    const before = await contents(site.folder)
    await expect(build(options())).rejects.toMatchObject({ code })
    expect(await contents(site.folder)).toEqual(before)
  })

  test('a folder below a file cannot be written to', async () => {
    await expect(build({ out: site.at('public/style.css/lateen') })).rejects.toMatchObject({
      code: expect.stringMatching(/^(bad-argument|storage-unavailable)$/),
    })
  })
})

describe('pages from elsewhere', () => {
  const pages: SitePage[] = [
    { path: 'a.html', source: page('Tides', '<p>The moon pulls the sea.</p>'), format: 'html' },
    { path: 'b.md', source: '# Bread\n\nYeast makes dough rise.', format: 'markdown' },
    { path: 'c.html', source: new TextEncoder().encode(page('Äther', '<p>Ein Wort.</p>')), format: 'html' },
  ]
  async function* stream() {
    yield* pages
  }

  test('a stream gives the index of a list', async () => {
    await build({ pages, out: site.at('list') })
    await build({ pages: stream(), out: site.at('stream') })
    expect(await contents(site.at('stream'))).toEqual(await contents(site.at('list')))
    expect((await hits('dough', site.at('list')))[0]).toBe('b.md')
    expect((await hits('Äther', site.at('list')))[0]).toBe('c.html')
  })

  test('a stream that fails ends the build with its error', async () => {
    async function* failing() {
      yield pages[0]!
      throw new Error('the crawler fell')
    }
    await expect(build({ pages: failing() })).rejects.toThrow('the crawler fell')
  })

  test('a hook changes pages and leaves some out', async () => {
    const { skipped } = await build({
      pages,
      enrich: (document) =>
        document.title === 'Bread' ? null : { ...document, title: `${document.title}!` },
    })
    expect(skipped).toEqual([{ path: 'b.md', reason: 'left out by enrich' }])
    const search = await openSearch({ index: out() })
    expect((await search.query('moon')).hits[0]?.title).toBe('Tides!')
    await search.close()
  })
})

test('files in the folder of the index are no pages', async () => {
  await build()
  await site.write('public/lateen/page.html', page('Inside', '<p>Inside the index.</p>'))
  expect((await build()).pages).toHaveLength(3)
})
