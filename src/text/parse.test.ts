import { expect, test } from 'vitest'
import type { DocumentInput } from '../types.ts'
import { documentFromFile } from './file.ts'
import { parseDocument } from './parse.ts'

const badDocument = expect.objectContaining({ code: 'bad-document' })
const textOf = (text: string, format: DocumentInput['format'] = 'text') =>
  parseDocument({ id: 'a', text, format }).sections.map((section) => section.text)

test('an empty file is a document without sections, whatever its format', () => {
  for (const name of ['a.txt', 'a.md', 'a.html']) {
    expect(parseDocument(documentFromFile(name, new Uint8Array())).sections, name).toEqual([])
  }
  expect(textOf(' \n\t\n')).toEqual([])
})

test('plain text keeps its paragraphs, whatever ends its lines', () => {
  expect(textOf('one\r\ntwo\r\n\r\n \r\nthree\r\rfour')).toEqual(['one\ntwo\n\nthree\n\nfour'])
})

test('plain text is not read as markup', () => {
  expect(textOf('# not a heading <b>not bold</b> &amp;')).toEqual(['# not a heading <b>not bold</b> &amp;'])
})

test('lone surrogates, control and invisible characters do not survive, other scripts do', () => {
  expect(textOf('a\uD800b\uDC00\u0007c d\u00ADe\u200Bf 🙂 👩‍👩‍👧 עברית ‏العربية 漢字')).toEqual([
    'a\uFFFDb\uFFFD c def 🙂 👩‍👩‍👧 עברית ‏العربية 漢字',
  ])
})

test.each(['text', 'markdown', 'html'] as const)('embedded data never becomes text: %s', (format) => {
  const data = `data:image/svg+xml;charset=utf-8;base64,${'PHN2Zy'.repeat(1000)}==`
  expect(textOf(`before ${data} after`, format)).toEqual([
    'before after'.replace(' ', format === 'text' ? '  ' : ' '),
  ])
})

test('a title that is given wins over one that is found', () => {
  expect(parseDocument({ id: 'a', format: 'markdown', text: '# Found', title: 'Given' }).title).toBe('Given')
  expect(parseDocument({ id: 'a', format: 'markdown', text: '# Found' }).title).toBe('Found')
})

test('metadata that is given wins over what the markup declares', () => {
  const text = '<p data-lateen-filter="kind[title], topic:t" title="found">x</p>'
  expect(parseDocument({ id: 'a', format: 'html', text, metadata: { kind: 'given' } }).metadata).toEqual({
    kind: 'given',
    topic: 't',
  })
})

test('binary data and unknown formats are refused', () => {
  expect(() => parseDocument({ id: 'x', text: 'a\0b' })).toThrow(badDocument)
  expect(() => parseDocument({ id: 'a', text: '', format: 'docx' as never })).toThrow(/docx/)
  expect(() => parseDocument({ id: 'a', text: '', format: 'constructor' as never })).toThrow(
    expect.objectContaining({ code: 'bad-argument' }),
  )
})

test('five megabytes of one line are read', () => {
  const text = 'word '.repeat(1_000_000)
  for (const format of ['text', 'markdown', 'html'] as const) {
    expect(textOf(text, format)[0]!.length).toBe(text.length - 1)
  }
})

test('Markdown nested beyond all sense is refused with a code', () => {
  expect(() => parseDocument({ id: 'a', text: `${'>'.repeat(50_000)} a`, format: 'markdown' })).toThrow(
    badDocument,
  )
})
