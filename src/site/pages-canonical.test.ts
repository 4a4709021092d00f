import { expect, test } from 'vitest'
import { canonicalAddresses } from './pages-canonical.ts'

function noted(pages: Readonly<Record<string, string>>) {
  const addresses = canonicalAddresses()
  for (const [path, canonical] of Object.entries(pages)) addresses.note(path, canonical)
  return {
    own: (path: string) => addresses.ownAddress(path, pages[path] ?? ''),
    isCopy: (path: string) => addresses.isCopy(path, pages[path] ?? ''),
  }
}

test('pages say themselves how their addresses end, wherever the site is deployed', () => {
  for (const site of ['https://x.y/', 'https://x.y/project/', '/project/']) {
    const { own } = noted({
      'index.html': site,
      'a/index.html': `${site}a`,
      'b.html': `${site}b/`,
      'c/d.html': `${site}c/d`,
      'e f.html': `${site}e%20f`,
    })
    expect(['index.html', 'a/index.html', 'b.html', 'c/d.html', 'e f.html'].map(own)).toEqual([
      './',
      'a',
      'b/',
      'c/d',
      'e%20f',
    ])
  }
})

test('a page that calls another one the original is a copy when that one is there', () => {
  const { isCopy, own } = noted({
    'a.html': 'https://x.y/a.html',
    'b/index.html': 'https://x.y/b/',
    'print/a.html': 'https://x.y/a.html',
    'print/b.html': 'https://x.y/b',
    'print/gone.html': 'https://x.y/gone.html',
  })
  expect(['a.html', 'b/index.html', 'print/a.html', 'print/b.html', 'print/gone.html'].map(isCopy)).toEqual([
    false,
    false,
    true,
    true,
    false,
  ])
  expect(own('print/a.html')).toBeUndefined()
})

test('an original on another site makes no copy', () => {
  const { isCopy } = noted({
    'a.html': 'https://x.y/a.html',
    'b.html': 'https://x.y/b.html',
    'c.html': 'https://other.y/a.html',
  })
  expect(isCopy('c.html')).toBe(false)
})

test('a site whose pages all call the start page the original is still searched', () => {
  const { isCopy } = noted({
    'index.html': 'https://x.y/',
    'a.html': 'https://x.y/',
    'b.html': 'https://x.y/',
  })
  expect(['index.html', 'a.html', 'b.html'].some(isCopy)).toBe(false)
})

test('of two pages that call each other the original, both are kept', () => {
  const { isCopy } = noted({
    'z.html': 'https://x.y/z.html',
    'a.html': 'https://x.y/b.html',
    'b.html': 'https://x.y/a.html',
  })
  expect(['a.html', 'b.html'].some(isCopy)).toBe(false)
})

test('addresses that are not on the web, or not addresses, say nothing', () => {
  const { own, isCopy } = noted({
    'a.html': 'file:///usr/share/doc/a.html',
    'b.html': 'https://x.y/%E0%A4%A/b.html',
    'c.html': 'c.html',
    'd.html': '',
  })
  expect(['a.html', 'b.html', 'c.html', 'd.html'].map(own)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ])
  expect(isCopy('a.html')).toBe(false)
})
