import { expect, test } from 'vitest'
import { bareHubAddress, formatHubAddress, hubUrl, parseModelAddress } from './address.ts'

const hub = (id: string, revision = 'main') => ({ kind: 'hub', id, revision })

test.each([
  ['hub:acme/colbert', hub('acme/colbert')],
  ['hub:acme/colbert-v1.5@v2', hub('acme/colbert-v1.5', 'v2')],
  ['hub:acme/colbert@refs/pr/3', hub('acme/colbert', 'refs/pr/3')],
  ['https://huggingface.co/acme/colbert', hub('acme/colbert')],
  ['https://huggingface.co/acme/colbert/tree/refs%2Fpr%2F3/', hub('acme/colbert', 'refs/pr/3')],
  [
    'https://huggingface.co/acme/colbert/resolve/main/',
    { kind: 'url', url: 'https://huggingface.co/acme/colbert/resolve/main/' },
  ],
  ['https://example.org/models/colbert', { kind: 'url', url: 'https://example.org/models/colbert' }],
  [
    'https://huggingface.co/acme/colbert/tree/100%',
    { kind: 'url', url: 'https://huggingface.co/acme/colbert/tree/100%' },
  ],
  ['models/colbert', { kind: 'path', path: 'models/colbert' }],
  ['/models/colbert/', { kind: 'path', path: '/models/colbert/' }],
])('%s', (text, address) => {
  expect(parseModelAddress(text)).toEqual(address)
})

test.each([
  '',
  '  ',
  'hub:',
  'hub:colbert',
  'hub:acme/colbert@',
  'hub:acme/../etc',
  'hub:acme/colbert@../x',
  'hub:a/b/c',
  'hub:acme/colbert?x',
])('%j is refused, with what is expected', (text) => {
  expect(() => parseModelAddress(text)).toThrow(/hub:owner\/name/)
})

test('paths are told from bare ids', () => {
  expect(bareHubAddress('acme/colbert@v1')).toEqual(hub('acme/colbert', 'v1'))
  for (const path of ['./acme/colbert', '/acme/colbert', '../colbert', 'colbert', 'a/b/c', 'acme\\colbert']) {
    expect(bareHubAddress(path)).toBeUndefined()
  }
})

test('an address is written as it is read', () => {
  for (const text of ['hub:acme/colbert', 'hub:acme/colbert@v2']) {
    const address = parseModelAddress(text)
    expect(address.kind === 'hub' && formatHubAddress(address)).toBe(text)
  }
})

test('the address of a Hub is an http(s) one', () => {
  expect(hubUrl('http://127.0.0.1:8080/')).toBe('http://127.0.0.1:8080')
  expect(hubUrl()).toBe('https://huggingface.co')
  for (const url of ['huggingface.co', 'ftp://host', 'https://', 'https://host/?x'])
    expect(() => hubUrl(url)).toThrow(/http/)
})
