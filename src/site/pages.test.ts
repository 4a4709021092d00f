import { expect, test } from 'vitest'
import { type PageOptions, type PageResult, pageReader, type SitePage } from './pages.ts'

const html = (body: string, head = '', attributes = '') =>
  `<!doctype html><html ${attributes}><head>${head}</head><body>${body}</body></html>`

function readAll(
  pages: Readonly<Record<string, string | Uint8Array>> | SitePage[],
  options: PageOptions = {},
) {
  const list: SitePage[] = Array.isArray(pages)
    ? pages
    : Object.entries(pages).map(([path, source]) => ({
        path,
        source,
        format: path.endsWith('.md') ? 'markdown' : 'html',
      }))
  const reader = pageReader(options)
  for (const page of list) reader.first(page)
  return list.map((page) => reader.read(page))
}

const reasons = (results: readonly PageResult[]) =>
  results.map((result) => ('skipped' in result ? result.skipped : 'read'))
const documentsOf = (results: readonly PageResult[]) =>
  results.flatMap((result) => ('document' in result ? [result.document] : []))

test('a page is a document whose id and address are relative to the root of the site', () => {
  const page = html('<main><h1>Install</h1><p>Text</p><h2 id="a">A</h2><p>a</p></main>', '', 'lang="en"')
  expect(readAll({ 'guide/index.html': page })).toEqual([
    {
      document: {
        id: 'guide/',
        url: 'guide/',
        title: 'Install',
        metadata: { lang: 'en' },
        sections: [
          { headings: [], anchor: '', text: 'Text' },
          { headings: ['A'], anchor: 'a', text: 'a' },
        ],
      },
    },
  ])
})

test('every page that is not searched says why', () => {
  const text = html('<p>x</p>')
  expect(
    reasons(
      readAll({
        'index.html': text,
        'empty.html': '',
        'blank.html': html('<nav>Menu</nav><main></main>'),
        'hidden.html': html('<p>x</p>', '<meta name="robots" content="noindex">'),
        'old.html': html('<p>x</p>', '<meta http-equiv="refresh" content="0; url=/new">'),
        '404.html': text,
        'de/404/index.html': text,
        'ignored.html': '<body data-lateen-ignore><p>x</p></body>',
        'draft.md': '---\nsearch: false\n---\nText',
        'binary.html': new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0, 1, 2]),
        'latin.html': new Uint8Array([0x3c, 0x70, 0x3e, 0xe9]),
        'klingon.html': new TextEncoder().encode('<meta charset="klingon"><p>x</p>'),
      }),
    ),
  ).toEqual([
    'read',
    'no text',
    'no text',
    'noindex',
    'redirect',
    'error page',
    'error page',
    'left out by the page',
    'left out by the page',
    'unreadable',
    'unreadable',
    'unreadable',
  ])
})

test('what is unreadable is named', () => {
  const [result] = readAll({ 'a.html': new Uint8Array([0x3c, 0x70, 0x3e, 0xe9]) })
  expect(result).toMatchObject({ skipped: 'unreadable', detail: expect.stringMatching(/a\.html.*UTF-8/) })
})

test('bytes are read in the encoding the page declares', () => {
  const bytes = new Uint8Array([...new TextEncoder().encode('<meta charset="windows-1252"><p>caf'), 0xe9])
  expect(documentsOf(readAll({ 'a.html': bytes }))[0]?.sections[0]?.text).toBe('café')
})

test('a site without pages has no documents', () => {
  expect(readAll({})).toEqual([])
})

test('once a page marks its body, pages without one are left out', () => {
  const pages = {
    'a.html': html('<p>Navigation</p><p data-pagefind-body>Marked</p>'),
    'b.html': html('<p>Unmarked</p>'),
    'notes.md': 'Markdown',
  }
  expect(reasons(readAll(pages))).toEqual(['read', 'no search body', 'read'])
  expect(reasons(readAll({ 'b.html': pages['b.html'] }))).toEqual(['read'])
})

test('a page that only mentions the attribute marks nothing', () => {
  const mention = html('<pre>&lt;main data-pagefind-body&gt;</pre><script>"<p data-pagefind-body>"</script>')
  expect(reasons(readAll({ 'a.html': mention, 'b.html': html('<p>x</p>') }))).toEqual(['read', 'read'])
})

test('titles of tabs are read without the name of the site', () => {
  const pages = Object.fromEntries(
    ['One', 'Two', 'Three'].map((name) => [
      `${name}.html`,
      html('<p>x</p>', `<title>${name} | My Site</title>`),
    ]),
  )
  expect(documentsOf(readAll(pages)).map(({ title }) => title)).toEqual(['One', 'Two', 'Three'])
})

test('a heading that all pages begin with is not their title', () => {
  const pages = Object.fromEntries(
    ['One', 'Two', 'Three'].map((name) => [
      `${name}.html`,
      html(`<h1>My <b>Site</b></h1><p>x</p>`, `<title>${name}</title>`),
    ]),
  )
  expect(documentsOf(readAll(pages)).map(({ title, sections }) => [title, sections])).toEqual(
    ['One', 'Two', 'Three'].map((name) => [name, [{ headings: [], anchor: '', text: 'x' }]]),
  )
})

test('addresses end as pages say themselves, unless an option says otherwise', () => {
  const pages = {
    'guide/a.html': html('<p>x</p>', '<link rel="canonical" href="https://x.y/docs/guide/a/">'),
  }
  const id = (options?: PageOptions) => documentsOf(readAll(pages, options))[0]?.id
  expect(id()).toBe('guide/a/')
  expect(id({ cleanUrls: true })).toBe('guide/a')
})

test('copies and pages that share an address are skipped', () => {
  const pages = {
    'a.html': html('<p>x</p>', '<link rel="canonical" href="https://x.y/a.html">'),
    'print/a.html': html('<p>x</p>', '<link rel="canonical" href="https://x.y/a.html">'),
  }
  expect(reasons(readAll(pages))).toEqual(['read', 'copy of another page'])
  const clash = readAll({ 'a/index.html': html('<p>x</p>'), 'a/index.htm': html('<p>x</p>') })
  expect(clash[1]).toEqual({ skipped: 'same address as another page', detail: 'a/' })
})

test('a page that is hidden is no original', () => {
  const pages = {
    'b.html': html('<p>x</p>', '<link rel="canonical" href="https://x.y/b.html">'),
    'a.html': html(
      '<p>x</p>',
      '<link rel="canonical" href="https://x.y/a.html"><meta name=robots content=noindex>',
    ),
    'copy.html': html('<p>x</p>', '<link rel="canonical" href="https://x.y/a.html">'),
  }
  expect(reasons(readAll(pages))).toEqual(['read', 'noindex', 'read'])
})

test('an address that is given wins, and a base is put in front of all', () => {
  const page = (url: string): SitePage => ({ path: 'a.md', url, source: 'Text', format: 'markdown' })
  const [document] = documentsOf(readAll([page('/docs/guide/a#x')], { base: '/docs/' }))
  expect(document).toMatchObject({ id: 'guide/a', url: '/docs/guide/a' })
  expect(documentsOf(readAll([page('javascript:alert(1)')]))[0]?.url).toBe('a.md')
})

test('pictures and links lead from the root of the site', () => {
  const page = html('<p>x <img src="../img/a.png"></p><a href="b.html" data-lateen-meta="next[href]">b</a>')
  expect(documentsOf(readAll({ 'guide/a/index.html': page }))[0]?.details).toEqual({
    image: 'guide/img/a.png',
    next: 'guide/a/b.html',
  })
  expect(documentsOf(readAll({ 'guide/a/index.html': page }, { base: '/docs/' }))[0]?.details).toEqual({
    image: '/docs/guide/img/a.png',
    next: '/docs/guide/a/b.html',
  })
})

test('a language can be forced on all pages', () => {
  const pages = { 'a.html': html('<p>x</p>', '', 'lang="en"'), 'b.md': '---\nlang: fr\n---\nx' }
  const languages = (options: PageOptions) =>
    documentsOf(readAll(pages, options)).map(({ metadata }) => metadata['lang'])
  expect(languages({})).toEqual(['en', 'fr'])
  expect(languages({ forceLanguage: 'de-CH' })).toEqual(['de', 'de'])
})

test('selectors say where reading starts and what is left out', () => {
  const page = html(
    '<p>Out</p><div class="doc"><p>In <b class="x">not</b></p><div class="doc">nested</div><i>nor</i></div>',
  )
  const options = { rootSelector: '.doc', excludeSelectors: ['.x', '.doc > i'] }
  const results = readAll({ 'a.html': page, 'b.html': html('<p>Other</p>') }, options)
  expect(reasons(results)).toEqual(['read', 'nothing at the root selector'])
  expect(documentsOf(results)[0]?.sections[0]?.text).toBe('In\n\nnested')
})

test('what selectors leave out declares nothing', () => {
  const page = html('<p>x</p><div class="x" data-lateen-filter="kind:a"><i data-lateen-meta="b:c"></i></div>')
  const [document] = documentsOf(readAll({ 'a.html': page }, { excludeSelectors: '.x' }))
  expect(document).not.toHaveProperty('details')
  expect(document?.metadata).toEqual({})
})

test.each([
  { rootSelector: 'div[' },
  { excludeSelectors: ['p', ':nonsense(x)'] },
  { base: 'docs' },
  { forceLanguage: '?' },
])('an option that cannot be used is refused by name: %j', (options) => {
  const [[name, value]] = Object.entries(options) as [[string, string | string[]]]
  expect(() => pageReader(options)).toThrow(
    expect.objectContaining({ code: 'bad-argument', message: expect.stringContaining(name) }),
  )
  expect(() => pageReader(options)).toThrow([value].flat().at(-1))
})

test('a page of ten megabytes is read in time in proportion to its length', () => {
  const time = (sections: number) => {
    const body = Array.from(
      { length: sections },
      (_, i) => `<h2 id="s${i}">Section ${i}</h2><p>${'some words '.repeat(40)}</p>`,
    )
    const startMs = performance.now()
    const [result] = readAll({ 'all.html': html(body.join('')) })
    expect(result && 'document' in result && result.document.sections).toHaveLength(sections)
    return performance.now() - startMs
  }
  time(500)
  const small = time(2_200)
  expect(time(22_000)).toBeLessThan(small * 40 + 1_000)
})

test('a page nested beyond all sense is read with selectors', () => {
  const page = `${'<div class="a">'.repeat(20_000)}<p>deep</p>`
  const options = { rootSelector: 'div.a div', excludeSelectors: '.a > i' }
  expect(reasons(readAll({ 'a.html': page }, options))).toEqual(['read'])
})
