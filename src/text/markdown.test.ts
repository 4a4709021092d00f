import { expect, test } from 'vitest'
import { readMarkdown } from './markdown.ts'

const anchors = (markdown: string) =>
  readMarkdown(`# Title\n\n${markdown}`).sections.map(({ anchor }) => anchor)
const text = (markdown: string) => readMarkdown(markdown).sections[0]?.text

test('headings become sections with the ids GitHub gives them', () => {
  const { title, sections } = readMarkdown(
    "# The Guide\n\nHello.\n\n## What's new?\n\nA\n\n## What's new?\n\nB `code_x` c\n",
  )
  expect(title).toBe('The Guide')
  expect(sections).toEqual([
    { headings: [], anchor: '', text: 'Hello.' },
    { headings: ["What's new?"], anchor: 'whats-new', text: 'A' },
    { headings: ["What's new?"], anchor: 'whats-new-1', text: 'B code_x c' },
  ])
  expect(anchors('## `foo_bar()` & *more* — A/B\n## 検索 する')).toEqual(['foo_bar--more--ab', '検索-する'])
})

test('an id given in braces wins and is not part of the heading', () => {
  const { sections } = readMarkdown('# T\n\n## Setting *up* {#setup-1}\n\nx')
  expect(sections).toEqual([{ headings: ['Setting up'], anchor: 'setup-1', text: 'x' }])
})

test.each([
  ['---\nlayout: page\ntitle: "Quoted: yes"\n---\n# Other\n\nText\n', 'Quoted: yes'],
  ["---\r\ntitle: 'One'\r\n---\r\nText", 'One'],
  ['+++\ntitle = "Toml"\n+++\nText', 'Toml'],
  ['---\ntitle: >-\n  folded\n---\n# Heading\n\nText', 'Heading'],
  ['---\n---\nText', ''],
])('front matter is dropped and its title used: %j', (markdown, title) => {
  expect(readMarkdown(markdown)).toMatchObject({ title, sections: [{ text: 'Text' }] })
})

test('a document that wants to stay out of search has no text', () => {
  expect(readMarkdown('---\ntitle: Hidden\nsearch: false\n---\nText').sections).toEqual([])
})

test('a rule in the middle is no front matter', () => {
  expect(text('One\n\n---\n\nTwo\n\n---\n')).toBe('One\n\nTwo')
})

test('code blocks keep their lines and their angle brackets', () => {
  expect(text('```ts\nconst a: Map<string, X> = b && c\n\n  d()\n```')).toBe(
    'const a: Map<string, X> = b && c\n\n  d()',
  )
})

test('the marks of notices are dropped, their text and title are kept', () => {
  expect(text('::: tip Remember\nBe *careful*.\n:::\n\n> [!NOTE]\n> Noted.')).toBe(
    'Remember Be careful.\n\nNoted.',
  )
  expect(text('```\n::: tip\n```')).toBe('::: tip')
})

test('links and pictures give their text, raw HTML is read as HTML', () => {
  expect(
    text('[a link](https://x.y "t") ![alt](data:image/png;base64,AA) <b>bold</b><script>x</script>'),
  ).toBe('a link alt bold')
})

test.each([
  ['stars', '*'],
  ['brackets', '['],
  ['backticks', '`a'],
  ['links', '[a](b '],
  ['tags', '<a '],
  ['underscores', '_a '],
  ['tables', '|a'],
])('a hundred thousand %s are read in time', (_, unit) => {
  const startMs = performance.now()
  readMarkdown(unit.repeat(100_000))
  expect(performance.now() - startMs).toBeLessThan(20_000)
})
