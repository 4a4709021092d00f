import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readDocuments } from './read-documents.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lateen-read-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function write(path: string, content: string | Uint8Array) {
  await mkdir(dirname(join(folder, path)), { recursive: true })
  await writeFile(join(folder, path), content)
}

const read = (...paths: string[]) => readDocuments(paths.map((path) => join(folder, path)))

test('a tree becomes documents in the order of their paths, with path as id and page as URL', async () => {
  await write('guide/index.html', '<h1>Guide</h1>')
  await write('guide/set up.md', '# Set up')
  await write('index.html', '<h1>Home</h1>')
  await write('notes.txt', 'Plain notes.')
  await write('old/page.htm', '<p>x')
  await write('part.mdx', '# Part')
  await write('image.png', new Uint8Array([1, 2, 3]))
  const { documents, skipped, files } = await read('.')
  expect(documents).toEqual([
    { id: 'guide/index.html', text: '<h1>Guide</h1>', format: 'html', url: 'guide/' },
    { id: 'guide/set up.md', text: '# Set up', format: 'markdown', url: 'guide/set%20up.md' },
    { id: 'index.html', text: '<h1>Home</h1>', format: 'html', url: './' },
    { id: 'notes.txt', text: 'Plain notes.', format: 'text', url: 'notes.txt', title: 'notes' },
    { id: 'old/page.htm', text: '<p>x', format: 'html', url: 'old/page.htm' },
    { id: 'part.mdx', text: '# Part', format: 'markdown', url: 'part.mdx' },
  ])
  expect(skipped).toEqual([])
  expect(files).toBe(6)
})

test('dot folders, node_modules and folders behind links are left out', async () => {
  await write('a.md', 'a')
  await write('.git/b.md', 'b')
  await write('node_modules/c/c.md', 'c')
  await write('elsewhere.md', 'e')
  await symlink(folder, join(folder, 'loop'))
  await symlink(join(folder, 'elsewhere.md'), join(folder, 'link.md'))
  await symlink(join(folder, 'nothing.md'), join(folder, 'broken.md'))
  const { documents } = await read('.')
  expect(documents.map(({ id }) => id)).toEqual(['a.md', 'elsewhere.md', 'link.md'])
})

test('several paths share the folder above them, and overlap only once', async () => {
  await write('docs/start.md', 's')
  await write('README.md', 'r')
  const { documents } = await read('docs', 'README.md', 'docs/start.md')
  expect(documents.map(({ id }) => id)).toEqual(['docs/start.md', 'README.md'])
})

test('a file alone is known by its name, characters with a meaning in URLs are escaped', async () => {
  await write('deep/down/why?.md', 'w')
  const { documents } = await read('deep/down/why?.md')
  expect(documents).toMatchObject([{ id: 'why?.md', url: 'why%3F.md' }])
})

test('lines of .jsonl files bring id, URL and metadata themselves', async () => {
  await write(
    'corpus.jsonl',
    '{"_id": 7, "title": "Seven", "text": "seven", "url": "/7", "metadata": {"tags": ["odd"], "n": 7}}\n\n{"_id": "b", "text": "**b**", "format": "markdown", "extra": null}\n',
  )
  const { documents } = await read('corpus.jsonl')
  expect(documents).toEqual([
    { id: '7', title: 'Seven', text: 'seven', url: '/7', metadata: { tags: ['odd'], n: 7 } },
    { id: 'b', text: '**b**', format: 'markdown' },
  ])
})

test.each([
  ['{"_id": "a", "text": "a"', 'expected one JSON object'],
  ['[1]', 'expected one JSON object'],
  ['{"text": "a"}', 'expected a non-empty string field "_id"'],
  ['{"_id": "", "text": "a"}', 'expected a non-empty string field "_id"'],
  ['{"_id": "a"}', 'expected a string field "text"'],
  ['{"_id": "a", "text": "a", "title": 3}', 'expected "title" to be a string'],
  ['{"_id": "a", "text": "a", "format": "pdf"}', 'expected "format" to be one of text, markdown, html'],
  ['{"_id": "a", "text": "a", "metadata": {"x": {}}}', 'expected "metadata" to hold'],
  ['{"_id": "a", "text": "a", "metadata": []}', 'expected "metadata" to hold'],
])('the line %s is refused by file and number', async (line, message) => {
  await write('sub/bad.jsonl', `{"_id": "first", "text": "fine"}\n${line}\n`)
  await expect(read('.')).rejects.toMatchObject({
    code: 'bad-document',
    message: expect.stringContaining('sub/bad.jsonl, line 2'),
  })
  await expect(read('.')).rejects.toThrow(message)
})

test('an id that is given twice is refused with both places', async () => {
  await write('a.jsonl', '{"_id": "x", "text": "1"}\n{"_id": "y", "text": "2"}')
  await write('b.jsonl', '\n{"_id": "y", "text": "3"}')
  await expect(read('.')).rejects.toMatchObject({
    code: 'duplicate-id',
    message: expect.stringMatching(/"y".*a\.jsonl, line 2.*b\.jsonl, line 2/),
  })
})

test('files that are no text are skipped with the reason', async () => {
  await write(
    'binary.txt',
    Uint8Array.from({ length: 256 }, (_, i) => i),
  )
  await write('latin1.md', new Uint8Array([0xfc, 0x62, 0x65, 0x72]))
  await write('bom.md', '\uFEFFtext')
  const { documents, skipped } = await read('.')
  expect(documents).toMatchObject([{ id: 'bom.md', text: 'text' }])
  expect(skipped).toEqual([
    { id: 'binary.txt', reason: expect.stringContaining('binary') },
    { id: 'latin1.md', reason: expect.stringContaining('UTF-8') },
  ])
})

test('a missing path and a file of an unknown kind are bad arguments', async () => {
  await write('photo.png', 'x')
  await expect(read('nowhere')).rejects.toMatchObject({
    code: 'bad-argument',
    message: expect.stringContaining('nowhere'),
  })
  await expect(read('photo.png')).rejects.toMatchObject({
    code: 'bad-argument',
    message: expect.stringMatching(/\.md.*photo\.png/),
  })
})

test('reading stops when its signal fires', async () => {
  await write('a.md', 'a')
  await expect(readDocuments([folder], { signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: 'aborted',
  })
})
