import { expect, test } from 'vitest'
import { decodeText, documentFromFile, formatOf } from './file.ts'

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
  expect(['a.txt', 'a.markdown', 'a.htm', 'a.b/c', '.md'].map(formatOf)).toEqual([
    'text',
    'markdown',
    'html',
    undefined,
    'markdown',
  ])
  expect(() => documentFromFile('x.exe', utf8('MZ'))).toThrow(/x\.exe.*\.txt/)
  expect(() => documentFromFile('README', utf8('x'))).toThrow(badDocument)
})

test('byte order marks decide, and are not part of the text', () => {
  expect(decodeText(new Uint8Array([0xef, 0xbb, 0xbf, 0x41]), 'a.txt')).toBe('A')
  expect(decodeText(new Uint8Array([0xff, 0xfe, 0x41, 0, 0x42, 0]), 'a.txt')).toBe('AB')
  expect(decodeText(new Uint8Array([0xfe, 0xff, 0, 0x41]), 'a.txt')).toBe('A')
})

test('UTF-16 is recognised without a mark', () => {
  const units = [...'A page of text, and a 漢字.'].map((character) => character.charCodeAt(0))
  expect(decodeText(new Uint8Array(units.flatMap((unit) => [unit & 255, unit >> 8])), 'a.txt')).toMatch(
    /^A page .*漢字/,
  )
  expect(decodeText(new Uint8Array(units.flatMap((unit) => [unit >> 8, unit & 255])), 'a.txt')).toMatch(
    /^A page .*漢字/,
  )
})

test('HTML may declare an older encoding', () => {
  const bytes = new Uint8Array([...utf8('<meta charset="windows-1252"><p>caf'), 0xe9, 0x20, 0x93, 0x41, 0x94])
  expect(decodeText(bytes, 'a.html', 'html')).toContain('café “A”')
  expect(() => decodeText(bytes, 'a.txt')).toThrow(/a\.txt.*UTF-8/)
})

test('bytes that are not the encoding they claim are refused', () => {
  const latin1 = new Uint8Array([...utf8('caf'), 0xe9])
  expect(() => decodeText(latin1, 'a.md')).toThrow(badDocument)
  expect(() => decodeText(latin1, 'a.html', 'html')).toThrow(badDocument)
  const unknown = new Uint8Array([...utf8('<meta charset="klingon">'), 0xe9])
  expect(() => decodeText(unknown, 'a.html', 'html')).toThrow(/KLINGON/)
})

test.each([
  ['a PNG picture', [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13]],
  ['a PDF file', [...utf8('%PDF-1.7 readable at first')]],
  ['a ZIP archive', [0x50, 0x4b, 3, 4, 20, 0, 0, 0]],
  ['binary data', [1, 2, 3, 4, 5, 0x41, 0x42]],
  ['binary data', [0x41, 0x42, 0, 0, 0, 0x43]],
])('%s is refused by what is in it, not by its name', (what, bytes) => {
  const decode = () => decodeText(new Uint8Array(bytes), 'notes.txt')
  expect(decode).toThrow(badDocument)
  expect(decode).toThrow(what)
})

test('an empty file is an empty text', () => {
  expect(decodeText(new Uint8Array(), 'a.txt')).toBe('')
})

test('MDX is read without its statements and comments', () => {
  const mdx =
    "import A from './a'\nimport {\n  b,\n} from 'b'\n\n# Title\n\n{/* gone */}\n<A>Kept</A>\n\n```js\nimport x from 'x'\n```\n\nexport const c = 1\n"
  const { text } = documentFromFile('a.mdx', utf8(mdx))
  expect(text.replace(/\n+/g, '|')).toBe("|# Title|<A>Kept</A>|```js|import x from 'x'|```|")
})
