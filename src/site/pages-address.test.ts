import { expect, test } from 'vitest'
import { addressOfPath, givenAddress, prefixOf, resolveOnPage, withPrefix } from './pages-address.ts'

test.each([
  ['index.html', './'],
  ['guide/index.html', 'guide/'],
  ['guide/index.htm', 'guide/'],
  ['guide/Index.html', 'guide/Index.html'],
  ['guide/install.html', 'guide/install.html'],
  ['a b/ü#1?.html', 'a%20b/%C3%BC%231%3F.html'],
  ['100%.html', '100%25.html'],
  ['std::vector.html', 'std%3A%3Avector.html'],
  ['javascript:alert(1).html', 'javascript%3Aalert(1).html'],
  ['\ud800.html', '%EF%BF%BD.html'],
  ['notes.md', 'notes.md'],
])('%s is found at %s', (path, address) => {
  expect(addressOfPath(path, {})).toBe(address)
  // What a browser makes of it below any folder is below that folder.
  expect(new URL(address, 'https://x.y/sub/').href).toMatch(/^https:\/\/x\.y\/sub\//)
})

test('clean addresses have no ending, and the name of an index can be kept', () => {
  expect(addressOfPath('guide/install.html', { cleanUrls: true })).toBe('guide/install')
  expect(addressOfPath('guide/index.html', { cleanUrls: true })).toBe('guide/')
  expect(addressOfPath('index.html', { keepIndexUrl: true })).toBe('index.html')
  expect(addressOfPath('index.html', { keepIndexUrl: true, cleanUrls: true })).toBe('index')
})

test('a base is put in front, unless it is what browsers assume anyway', () => {
  expect([undefined, '', '/', './', '/docs', '/docs/', 'https://x.y/docs'].map(prefixOf)).toEqual([
    '',
    '',
    '',
    '',
    '/docs/',
    '/docs/',
    'https://x.y/docs/',
  ])
  expect(withPrefix('/docs/', './')).toBe('/docs/')
  expect(withPrefix('/docs/', 'a.html')).toBe('/docs/a.html')
  expect(withPrefix('/docs/', 'https://x.y/')).toBe('https://x.y/')
})

test.each(['docs', 'javascript:alert(1)', '//evil', '/a?b', 'ftp://x.y/'])('%s is no base', (base) => {
  expect(() => prefixOf(base)).toThrow(expect.objectContaining({ code: 'bad-argument' }))
})

test('addresses that are given are made relative to the root of the site', () => {
  expect(givenAddress('/docs/guide/#x', '/docs/')).toBe('guide/')
  expect(givenAddress('/docs/', '/docs/')).toBe('./')
  expect(givenAddress('/', '')).toBe('./')
  expect(givenAddress('./guide', '')).toBe('guide')
  expect(givenAddress('https://x.y/docs/a', 'https://x.y/docs/')).toBe('a')
  expect(givenAddress('https://other.y/a', '/docs/')).toBe('https://other.y/a')
  expect(givenAddress('javascript:alert(1)', '')).toBeUndefined()
})

test.each([
  ['guide/a.html', 'img/x.png', 'guide/img/x.png'],
  ['guide/', '../x.png?v=1#a', 'x.png?v=1#a'],
  ['guide/a.html', '../../../x.png', 'x.png'],
  ['./', './x.png', 'x.png'],
  ['guide/a.html', '/x.png', '/x.png'],
  ['guide/a.html', '//cdn.y/x.png', '//cdn.y/x.png'],
  ['guide/a.html', 'https://x.y/z', 'https://x.y/z'],
  ['guide/a.html', '..', './'],
  ['guide/a.html', 'b/', 'guide/b/'],
])('on %s, %s is %s', (page, address, resolved) => {
  expect(resolveOnPage(page, address)).toBe(resolved)
})
