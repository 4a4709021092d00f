import { expect, test } from 'vitest'
import { mergeHits } from '../element/merge-hits.ts'
import { hashOf, queryOf } from './address.ts'
import { progressText } from './files-pane.ts'
import { withFiles } from './library.ts'
import { filesOfInput, MAX_FILE_BYTES, pastedDocument, readFiles } from './read-files.ts'

const hit = (id: string, passage = 0, note = '') => ({ id, passage, note })

test('a better list replaces the shown one while nobody is in it', () => {
  const better = [hit('b'), hit('a')]
  expect(mergeHits([hit('a')], better, false)).toBe(better)
})

test('under the reader’s hands shown hits keep their places and new ones follow', () => {
  const merged = mergeHits([hit('a'), hit('b')], [hit('c'), hit('b'), hit('a')], true)
  expect(merged.map(({ id }) => id)).toEqual(['a', 'b', 'c'])
})

test('a kept hit learns what the better list knows, but not another passage', () => {
  const merged = mergeHits([hit('a'), hit('b')], [hit('a', 0, 'new'), hit('b', 3, 'new')], true)
  expect(merged).toEqual([hit('a', 0, 'new'), hit('b', 0, '')])
})

test('a query survives the address bar', () => {
  for (const query of ['a b', '50% & more #1', 'ünïcode 検索', '+plus'])
    expect(queryOf(hashOf(query))).toBe(query)
  expect(hashOf('  ')).toBe('')
  expect(queryOf('#section')).toBe('')
})

const named = (path: string, content: BlobPart) => ({ path, file: new File([content], path) })

test('text, Markdown and HTML are read; the rest is named with its reason', async () => {
  const { documents, skipped } = await readFiles([
    named('notes/one.txt', 'first'),
    named('two.MD', '# Two'),
    named('three.html', '<h1>Three</h1>'),
    named('photo.png', 'x'),
    named('README', 'x'),
    named('latin1.txt', new Uint8Array([0xe9, 0x20])),
    named('nul.txt', 'a\0b'),
    named('blank.md', ' \n'),
    named('huge.txt', new Uint8Array(MAX_FILE_BYTES + 1)),
  ])
  expect(documents).toEqual([
    { id: 'notes/one.txt', text: 'first', format: 'text', title: 'one' },
    { id: 'two.MD', text: '# Two', format: 'markdown' },
    { id: 'three.html', text: '<h1>Three</h1>', format: 'html' },
  ])
  expect(skipped.map(({ path, reason }) => `${path}: ${reason}`)).toEqual([
    'photo.png: format',
    'README: format',
    'latin1.txt: binary',
    'nul.txt: binary',
    'blank.md: empty',
    'huge.txt: size',
  ])
})

test('hidden folders and packages are passed over', () => {
  const transfer = new DataTransfer()
  for (const name of ['.git/HEAD.txt', 'node_modules/a/readme.md', 'docs/.hidden.md', 'docs/a.md']) {
    const file = new File(['x'], name)
    Object.defineProperty(file, 'webkitRelativePath', { value: name })
    transfer.items.add(file)
  }
  // A DataTransfer hands out new File objects in some engines, so the paths are looked up by name.
  const paths = filesOfInput([...transfer.files] as unknown as FileList).map(({ path }) => path)
  expect(paths.filter((path) => path.endsWith('a.md'))).toHaveLength(1)
  expect(paths.some((path) => path.includes('.git') || path.includes('node_modules'))).toBe(false)
})

test('pasted text is named by its first words and pasting twice keeps both', () => {
  const one = pastedDocument('', 'A note about sails and the wind behind them', 0)
  const two = pastedDocument(' Mine ', 'text', 1)
  expect(one.title).toBe('A note about sails and the')
  expect(two.title).toBe('Mine')
  expect(one.id).not.toBe(pastedDocument('', one.text, 1).id)
})

test('adding a document again replaces its record', () => {
  const files = withFiles(
    [{ id: 'b', length: 1 }],
    [
      { id: 'b', length: 2 },
      { id: 'a', length: 3 },
    ],
  )
  expect(files).toEqual([
    { id: 'a', length: 3 },
    { id: 'b', length: 2 },
  ])
})

test('progress tells passages, rate and time left', () => {
  const progress = {
    job: 'indexing',
    stage: 'encode',
    done: 50,
    total: 200,
    unit: 'passages',
    remainingMs: 7_400,
  } as const
  expect(progressText({ kind: 'running', startedAt: 0, progress }, 2_000)).toBe(
    '50 of 200 passages · 25 per second · about 7 seconds left',
  )
})
