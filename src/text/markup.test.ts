import { expect, test } from 'vitest'
import { readHtml } from './html.ts'

const page = (body: string, head = '') =>
  `<!doctype html><html lang="en-GB"><head>${head}</head><body>${body}</body></html>`
const texts = (html: string) => readHtml(html).sections.map(({ text }) => text)
const weights = (html: string) =>
  Object.fromEntries(readHtml(html).sections.map(({ headings, weight }) => [headings.join('/'), weight]))

test.each(['lateen', 'pagefind'])(
  'attributes of %s: only marked bodies are read, without ignored parts',
  (name) => {
    const html = page(`<p>Out</p><div data-${name}-body>In <i data-${name}-ignore>not</i>
    <div data-${name}-body>nested</div> <b data-${name}-ignore="all">nor this</b></div><p data-${name}-body>Too</p>`)
    expect(texts(html)).toEqual(['In\nnested\n\nToo'])
  },
)

test('ignoring a part keeps what it declares, unless all of it is ignored', () => {
  const { metadata, details } = readHtml(
    page(`<p>x</p><div data-pagefind-ignore><i data-pagefind-filter="kind">guide</i></div>
      <div data-pagefind-ignore="all"><i data-pagefind-filter="topic">a</i><i data-pagefind-meta="b">b</i></div>`),
  )
  expect(metadata).toEqual({ lang: 'en', kind: 'guide' })
  expect(details).toEqual({})
})

test('a page whose body is ignored asks to be left out', () => {
  expect(readHtml('<body data-pagefind-ignore><p>x</p></body>')).toMatchObject({
    sections: [],
    isLeftOut: true,
  })
  expect(readHtml('<html data-lateen-ignore><body><main>x</main></body></html>').isLeftOut).toBe(true)
  expect(readHtml('<body></body>').isLeftOut).toBe(false)
})

test('a heading excluded as in MkDocs takes its section with it, up to the next heading that is not below it', () => {
  const html =
    page(`<h1>T</h1><p>a</p><h2 data-search-exclude>Gone</h2><p>gone</p><h3>Also gone</h3><p>gone</p>
    <h2>Back</h2><p>b</p><p data-search-exclude>gone</p>`)
  expect(readHtml(html).sections.map(({ headings, text }) => [...headings, text])).toEqual([
    ['a'],
    ['Back', 'b'],
  ])
})

test('metadata is taken from text, an attribute, or what is written to the end of the declaration', () => {
  const { details } = readHtml(
    page(
      `<a href="/x" title="Home" data-lateen-meta="text, tip[title], missing[lang], rest:Free, text: more">Go<script>x</script></a>`,
    ),
  )
  expect(details).toEqual({ text: 'Go', tip: 'Home', rest: 'Free, text: more' })
})

test('the first value of a key counts, and defaults fill what is found nowhere else', () => {
  const html = page(
    '<h1>Heading</h1><p data-lateen-meta="author:Ada">x</p><p data-lateen-meta="author:Bob">y</p>',
    `<meta data-pagefind-default-meta="image[content]" content="/social.png">
     <meta data-lateen-default-meta="title:Default"><meta data-lateen-default-meta="author:Nobody">`,
  )
  expect(readHtml(html)).toMatchObject({ title: 'Heading', details: { author: 'Ada', image: '/social.png' } })
  const untitled = page('<p>x</p>', '<title>Tab</title><meta data-lateen-default-meta="title:Default">')
  expect(readHtml(untitled).title).toBe('Default')
})

test('the first picture of the content is shown with the page, unless it names another', () => {
  const body =
    '<nav><img src="logo.svg"></nav><main><p>x <img src="a.png" alt="A boat"><img src="b.png"></p></main>'
  expect(readHtml(page(body)).details).toEqual({ image: 'a.png', image_alt: 'A boat' })
  const named = `${body}<img src="c.png" data-pagefind-meta="image[src]">`
  expect(readHtml(page(named)).details).toEqual({ image: 'c.png' })
})

test.each([
  'javascript:alert(1)',
  ' java\nscript:alert(1)',
  'data:image/svg+xml,<svg>',
  'vbscript:x',
  'file:///etc',
])('an address that is neither http(s) nor relative is never kept: %j', (address) => {
  const html = page(`<p>x</p><img src="${address}" data-lateen-meta="image[src]"><a href="${address}"
      data-lateen-meta="link[href]">l</a><i data-lateen-meta="image:${address}"></i>`)
  expect(readHtml(html).details).toEqual({})
})

test('addresses are made addresses of the site', () => {
  const html = page('<p><img src="../a.png"> <a href="b" data-lateen-meta="link[href]">text</a></p>')
  expect(readHtml(html, { resolve: (address) => `site/${address}` }).details).toEqual({
    image: 'site/../a.png',
    link: 'site/b',
  })
})

test('a weight holds for the sections that begin in the element, the innermost deciding', () => {
  expect(
    weights(
      page(`<h1>T</h1><p>top</p><h2>A</h2><p>a</p><section data-lateen-weight="3"><h2>B</h2><p>b</p>
        <div data-pagefind-weight="0.5"><h3>C</h3><p>c</p></div><h3>D</h3></section><h2 data-pagefind-weight="99">E</h2>
        <h2>F</h2><p data-lateen-weight="heavy">f</p>`),
    ),
  ).toEqual({ '': undefined, A: undefined, B: 3, 'B/C': 0.5, 'B/D': 3, E: 10, F: undefined })
})

test('a weight on or around the body is that of the whole page', () => {
  const html = '<body data-pagefind-weight="2"><div data-pagefind-body><p>x</p><h2>A</h2>a</div></body>'
  expect(weights(html)).toEqual({ '': 2, A: 2 })
})

test('attributes are read as text where an element asks for it', () => {
  expect(
    texts(
      page(
        '<p>See <abbr data-pagefind-index-attrs="title, data-x" title="HyperText" data-x="!">HT</abbr></p>',
      ),
    ),
  ).toEqual(['See HyperText ! HT'])
})

test('an element with an id and a title of its own is a section, and the text after it belongs to the one around', () => {
  const html =
    page(`<h1>T</h1><h2 id="a">A</h2><p>before</p><div id="card" data-pagefind-title="Card"><p>inside</p>
    <h3 id="in">Below</h3><p>deep</p></div><p>after</p><p data-lateen-title="No id">plain</p>
    <h2 id="b" data-lateen-title="Called B">B</h2>`)
  expect(readHtml(html).sections).toEqual([
    { headings: ['A'], anchor: 'a', text: 'before\n\nafter\n\nplain' },
    { headings: ['A', 'Card'], anchor: 'card', text: 'inside' },
    { headings: ['A', 'Card', 'Below'], anchor: 'in', text: 'deep' },
    { headings: ['Called B'], anchor: 'b', text: '' },
  ])
})

test('elements with titles nested beyond all sense are read', () => {
  const html = page(`<h1>T</h1>${'<div id="a" data-lateen-title="t">'.repeat(20_000)}deep`)
  expect(readHtml(html).sections).toHaveLength(8)
})

test('the language of the page is a filter', () => {
  expect(readHtml('<html lang="pt-BR"><body>x</body></html>').metadata).toEqual({ lang: 'pt' })
  expect(readHtml('<html xml:lang="DE"><body>x</body></html>').metadata).toEqual({ lang: 'de' })
  expect(readHtml('<html lang="???"><body>x</body></html>').metadata).toEqual({})
})
