import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { splitDocument } from '../text/passages.ts'
import type { ParsedDocument } from '../types.ts'
import { pagePaths, readPages } from './pages.node.ts'
import { pageReader } from './pages.ts'

/** Documentation as Debian packages it; a site that is not installed is skipped. */
const SITES = [
  {
    name: 'git (AsciiDoc)',
    folder: '/usr/share/doc/git/html',
    glob: 'git-[a-f]*.html',
    page: 'git-add.html',
    title: 'git-add(1) Manual Page',
    section: ['_options', 'OPTIONS'],
  },
  {
    name: 'Python (Sphinx)',
    folder: '/usr/share/doc/python3/html',
    glob: ['library/[o-p]*.html', 'tutorial/*.html'],
    page: 'library/os.path.html',
    title: 'os.path — Common pathname manipulations',
    section: ['os.path.join', 'os.path.join(path, *paths)'],
  },
  {
    name: 'PostgreSQL (DocBook)',
    folder: '/usr/share/doc/postgresql-doc-15/html',
    glob: ['runtime-*.html', 'sql-s*.html', 'functions-*.html'],
    page: 'runtime-config-resource.html',
    title: '20.4. Resource Consumption',
    section: ['GUC-WORK-MEM', 'work_mem (integer)'],
  },
  {
    name: 'cppreference (MediaWiki)',
    folder: '/usr/share/cppreference/doc/html',
    glob: 'en/cpp/container/vector/*.html',
    page: 'en/cpp/container/vector/push_back.html',
    title: 'std::vector::push_back',
    section: ['Parameters', 'Parameters'],
  },
] as const

/** Lines that are navigation in one of these sites. */
const NAVIGATION =
  /^(?:Table of Contents|Previous topic|Next topic|This Page|Show Source|Report a Bug|Navigation|Quick search|Prev|Next|Up|Home|Next \| Previous|Up \| Home \| Next|Retrieved from.*|Jump to:.*|Last updated.*)$/m

describe.each(SITES)('$name', ({ folder, glob, page, title, section }) => {
  test.skipIf(!existsSync(folder))('pages are read as what they say', async () => {
    const patterns = [glob].flat()
    const reader = pageReader()
    const paths = await pagePaths(folder, { glob: patterns })
    for await (const one of readPages(folder, paths)) {
      if ('source' in one) reader.first(one)
    }
    const documents = new Map<string, ParsedDocument>()
    const unreachable: string[] = []
    let anchors = 0
    for await (const one of readPages(folder, paths)) {
      expect(one).toHaveProperty('source')
      if (!('source' in one)) continue
      const result = reader.read(one)
      expect(result, one.path).toHaveProperty('document')
      if (!('document' in result)) continue
      documents.set(one.path, result.document)
      const ids = idsOf(new TextDecoder().decode(one.source as Uint8Array))
      for (const { anchor } of result.document.sections) {
        if (anchor === '') continue
        anchors++
        if (!ids.has(anchor)) unreachable.push(`${one.path}#${anchor}`)
      }
    }
    expect(documents.size).toBe(paths.length)
    expect(documents.size).toBeGreaterThan(20)

    expect(anchors).toBeGreaterThan(documents.size)
    expect(unreachable).toEqual([])

    const read = documents.get(page)
    expect(read?.title).toBe(title)
    const found = read?.sections.find(({ anchor }) => anchor === section[0])
    expect(found?.headings.at(-1)).toBe(section[1])
    expect(found?.text.length).toBeGreaterThan(100)

    const passages = [...documents.values()].flatMap((document) =>
      splitDocument(document, { countTokens: (text) => Math.ceil(text.length / 4), maxTokens: 300 }),
    )
    expect(passages.filter(({ text }) => NAVIGATION.test(text)).map(({ url, text }) => [url, text])).toEqual(
      [],
    )
    const withText = [...documents.values()].filter(({ sections }) =>
      sections.some(({ text }) => text !== ''),
    )
    expect(withText.length / documents.size).toBeGreaterThan(0.95)
  })
})

function idsOf(html: string): Set<string> {
  const values = [...html.matchAll(/\s(?:id|name)="([^"]*)"/g)].map(([, value]) => value!)
  return new Set(
    values.map((value) => value.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&')),
  )
}
