import { expect, test } from 'vitest'
import { decodeText, documentFromFile } from './file.ts'
import { parseDocument } from './parse.ts'

const utf8 = (text: string) => new TextEncoder().encode(text)
const badDocument = expect.objectContaining({ code: 'bad-document' })

test('the ending says the format', () => {
  expect(documentFromFile('a/b.md', utf8('# Hi'))).toEqual({
    id: 'a/b.md',
    url: 'a/b.md',
    format: 'markdown',
    text: '# Hi',
  })
  expect(documentFromFile('x.HTML', utf8('<p>'))).toMatchObject({ format: 'html' })
  expect(() => documentFromFile('x.exe', utf8('MZ'))).toThrow(badDocument)
  expect(() => documentFromFile('README', utf8('x'))).toThrow(badDocument)
})

test('byte order marks decide, and are not part of the text', () => {
  expect(decodeText(new Uint8Array([0xef, 0xbb, 0xbf, 0x41]), 'a.txt')).toBe('A')
  expect(decodeText(new Uint8Array([0xff, 0xfe, 0x41, 0, 0x42, 0]), 'a.txt')).toBe('AB')
  expect(decodeText(new Uint8Array([0xfe, 0xff, 0, 0x41]), 'a.txt')).toBe('A')
})

test('HTML may declare an older encoding', () => {
  const bytes = new Uint8Array([...utf8('<meta charset="windows-1252"><p>caf'), 0xe9])
  expect(decodeText(bytes, 'a.html', 'html')).toContain('café')
  expect(() => decodeText(bytes, 'a.txt')).toThrow(badDocument)
})

test('binary files are refused by what is in them, not by their name', () => {
  const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13])
  expect(() => decodeText(png, 'picture.txt')).toThrow(badDocument)
  expect(() => parseDocument({ id: 'x', text: 'a\0b' })).toThrow(badDocument)
})

test('an empty file is an empty document', () => {
  expect(parseDocument(documentFromFile('a.txt', new Uint8Array())).sections).toEqual([])
})

test('plain text keeps its paragraphs, whatever ends its lines', () => {
  expect(parseDocument({ id: 'a', text: 'one\r\ntwo\r\n\r\n \r\nthree' }).sections).toEqual([
    { headings: [], anchor: '', text: 'one\ntwo\n\nthree' },
  ])
})

test('lone surrogates and control characters do not survive', () => {
  expect(parseDocument({ id: 'a', text: 'a\uD800b\u0007c 🙂 עברית' }).sections[0]?.text).toBe(
    'a\uFFFDb c 🙂 עברית',
  )
})

test('a title that is given wins over one that is found', () => {
  expect(parseDocument({ id: 'a', format: 'markdown', text: '# Found', title: 'Given' }).title).toBe('Given')
  expect(parseDocument({ id: 'a', format: 'markdown', text: '# Found' }).title).toBe('Found')
})

test('an unknown format is named', () => {
  expect(() => parseDocument({ id: 'a', text: '', format: 'docx' as never })).toThrow(/docx/)
})

test('five megabytes of one line are read', () => {
  const text = 'word '.repeat(1_000_000)
  expect(parseDocument({ id: 'a', text, format: 'markdown' }).sections[0]!.text.length).toBe(text.length - 1)
})

test('markup nested beyond all sense is refused with a code', () => {
  const text = '<div>'.repeat(20_000)
  expect(() => parseDocument({ id: 'a', text, format: 'html' })).toThrow(badDocument)
})
