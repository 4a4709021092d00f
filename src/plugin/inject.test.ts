import fc from 'fast-check'
import { expect, test } from 'vitest'
import { inject } from './inject.ts'

const SRC = '/docs/lateen/lateen-search.js'
const SCRIPT = `<script type="module" src="${SRC}"></script>`
const PAGE = '<!doctype html><html><head><title>A</title></head><body><p>Text</p></body></html>'
const both = (html: string) => inject(html, { src: SRC, element: true })

test('a page gets the script in its head and the box at the end of its body', () => {
  expect(both(PAGE)).toBe(
    `<!doctype html><html><head><title>A</title>${SCRIPT}</head><body><p>Text</p><lateen-search mode="floating"></lateen-search></body></html>`,
  )
})

test('only the script is added when the page is to place the box itself', () => {
  const html = inject(PAGE, { src: SRC, element: false })
  expect(html).toContain(SCRIPT)
  expect(html).not.toContain('<lateen-search')
})

test('a box that is there already stays the only one', () => {
  const own = PAGE.replace('<p>', '<lateen-search placeholder="Ask"></lateen-search><p>')
  expect(both(own).match(/<lateen-search[\s>]/g)).toHaveLength(1)
})

test('adding twice changes nothing, whatever the page looks like', () => {
  const piece = fc.constantFrom(
    '<!doctype html>',
    '<html>',
    '<head>',
    '</head>',
    '<body class="x">',
    '</body>',
    '</html>',
    '<p>a</p>',
    'text',
    '<header>h</header>',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const once = both(pieces.join(''))
      expect(both(once)).toBe(once)
    }),
  )
})

test('tags that HTML lets one leave out are not missed', () => {
  expect(both('<!doctype html><title>A</title><p>Text')).toBe(
    `<!doctype html>${SCRIPT}<title>A</title><p>Text<lateen-search mode="floating"></lateen-search>`,
  )
})

test('a fragment and a feed are no pages', () => {
  for (const text of ['<p>part of a page</p>', '<?xml version="1.0"?><rss></rss>'])
    expect(both(text)).toBe(text)
})

test('the address is written as an attribute value', () => {
  expect(inject(PAGE, { src: '/a"b&c/', element: false })).toContain('src="/a&quot;b&amp;c/"')
})
