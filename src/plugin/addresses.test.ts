import { expect, test } from 'vitest'
import { basePath, below, isRelative, wayTo, withoutSlash } from './addresses.ts'

test('addresses lose their slash where links of the site have none, but the start page keeps it', () => {
  expect(
    ['guide/', '/docs/guide/', 'a.html', './', '/docs/'].map((url) => withoutSlash(url, '/docs/')),
  ).toEqual(['guide', '/docs/guide', 'a.html', './', '/docs/'])
})

test('a path of the dev server becomes an address below the root of the site', () => {
  expect(['/docs/', '/docs/guide/', '/docs/docs/'].map((path) => below('/docs/', path))).toEqual([
    './',
    'guide/',
    'docs/',
  ])
})

test('a base is a path with a slash at both ends, whatever a host calls its base', () => {
  expect(
    ['/', '/docs', '/docs/', '', './', 'https://cdn.example/x/', '//cdn.example/'].map(basePath),
  ).toEqual(['/', '/docs/', '/docs/', '/', '/', '/', '/'])
  expect(['', './', '/', '/docs/', 'https://cdn.example/'].map(isRelative)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ])
})

test('a page of a site that may lie anywhere counts its own way up', () => {
  expect(wayTo('index.html', 'lateen/a.js')).toBe('./lateen/a.js')
  expect(wayTo('guide/deep/page.html', 'lateen/a.js')).toBe('../../lateen/a.js')
})
