import { expect, test } from 'vitest'
import { readMarkdown } from './markdown.ts'

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
})

test('front matter is dropped and its title used', () => {
  const { title, sections } = readMarkdown('---\nlayout: page\ntitle: "Quoted: yes"\n---\n# Other\n\nText\n')
  expect(title).toBe('Quoted: yes')
  expect(sections.map(({ text }) => text).join(' ')).toBe('Text')
})

test('a rule in the middle is no front matter', () => {
  expect(readMarkdown('One\n\n---\n\nTwo\n\n---\n').sections[0]?.text).toBe('One\n\nTwo')
})

test('code blocks keep their lines and their angle brackets', () => {
  expect(readMarkdown('```ts\nconst a: Map<string, X> = b && c\n```').sections[0]?.text).toBe(
    'const a: Map<string, X> = b && c',
  )
})

test('headings in other scripts keep their letters in the id', () => {
  expect(readMarkdown('## 検索 する\n\nx').sections[0]?.anchor).toBe('検索-する')
})
