import { expect, test } from 'vitest'
import { readFrontMatter } from './front-matter.ts'
import { readMarkdown } from './markdown.ts'

const values = (block: string, fence = '---') =>
  Object.fromEntries(readFrontMatter(`${fence}\n${block}\n${fence}\nText`).values)

test('plain values are read with and without quotes, comments left out', () => {
  expect(
    values(
      `title: "A: \\"b\\" # c" # really\nlang: 'it''s'\nplain: a value # comment\nnumber: 2\n"quoted": x\n# no: 1\nurl: http://x.y/#z`,
    ),
  ).toEqual({
    title: 'A: "b" # c',
    lang: "it's",
    plain: 'a value',
    number: '2',
    quoted: 'x',
    url: 'http://x.y/#z',
  })
})

test('keys below another key are joined by a dot, in blocks, braces and tables alike', () => {
  const expected = { 'search.exclude': 'true', 'search.boost': '2', after: 'x' }
  expect(values('search:\n  exclude: true\n  boost: 2\nafter: x')).toMatchObject(expected)
  expect(values('search: { exclude: true, boost: 2 }\nafter: x')).toEqual(expected)
  expect(values('after = "x"\n[search]\nexclude = true\nboost = 2', '+++')).toEqual(expected)
})

test('what is deeper, in lists or over several lines is passed over', () => {
  expect(
    values(
      'search:\n  deep:\n    exclude: true\nlist:\n  - search: false\nfolded: >-\n  search: false\nok: 1',
    )['search.exclude'],
  ).toBeUndefined()
  expect(values('list:\n  - a: 1\nok: 1')).toMatchObject({ ok: '1' })
  expect(values('head:\n  - - meta\n    - name: x\n      search: false').search).toBeUndefined()
})

test.each([
  'search: false',
  'pagefind: false',
  'search:\n  exclude: true',
  'search: {exclude: true}',
  '"search": false # yes',
])('a document leaves itself out with %j', (block) => {
  expect(readMarkdown(`---\ntitle: T\n${block}\n---\nText`)).toEqual({
    title: 'T',
    sections: [],
    isLeftOut: true,
  })
})

test.each([
  'search: true',
  'search:\n  exclude: false',
  'pagefind: true',
  'other:\n  search: false',
  'tags:\n  - "search: false"',
])('a document stays in with %j', (block) => {
  expect(readMarkdown(`---\n${block}\n---\nText`).sections).toHaveLength(1)
})

test('a boost weighs the whole document, and the language is a filter', () => {
  const { sections, metadata } = readMarkdown(
    '---\nlang: de-AT\nsearch:\n  boost: 2\n---\nText\n\n<div data-lateen-weight="3">\n\n## A\n\na\n\n</div>',
  )
  expect(sections.map(({ weight }) => weight)).toEqual([2, 6])
  expect(metadata).toEqual({ lang: 'de' })
})
