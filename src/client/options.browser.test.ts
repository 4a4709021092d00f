import { expect, test } from 'vitest'
import { isLateenError } from '../errors.ts'
import { resolveOptions } from './options.ts'

const PAGE = new URL('.', document.baseURI).href

function refusal(options: object): unknown {
  try {
    resolveOptions(options)
  } catch (error) {
    return error
  }
  return expect.fail('expected bad-argument')
}

test('without options everything is local, and the model is beside the page', () => {
  expect(resolveOptions({})).toMatchObject({
    host: { name: 'default', model: `${PAGE}models/lateen-mini/`, prefer: 'auto', persist: true },
    handshakeMs: 10_000,
  })
})

test('with an index the model is in its folder, on whatever page the search is opened', () => {
  const { host } = resolveOptions({ index: 'https://example.org/docs/search' })
  expect(host).toMatchObject({
    index: 'https://example.org/docs/search/',
    name: 'https://example.org/docs/search/',
    model: 'https://example.org/docs/search/model/',
  })
})

test('relative addresses are those of the page', () => {
  const { host } = resolveOptions({ index: './search/', model: 'm', name: 'mine' })
  expect(host).toMatchObject({ index: `${PAGE}search/`, model: `${PAGE}m/`, name: 'mine' })
})

test('unknown options are refused, and the known ones named', () => {
  const error = refusal({ indx: '/search/' })
  expect(isLateenError(error, 'bad-argument')).toBe(true)
  expect(error).toMatchObject({ message: expect.stringMatching(/'indx'.*index, name, model/) })
})

for (const [name, value] of Object.entries({
  index: '',
  name: 3,
  model: 'http://',
  prefer: 'gpu',
  dtype: 'int3',
  weights: '',
  persist: 'yes',
  worker: '/worker.js',
  handshakeMs: -1,
  onProgress: {},
  onChange: 'x',
  signal: new AbortController(),
})) {
  test(`option ${name} refuses ${String(value) || 'an empty string'}`, () => {
    const error = refusal({ [name]: value })
    expect(isLateenError(error, 'bad-argument')).toBe(true)
    expect(error).toMatchObject({ message: expect.stringContaining(`'${name}'`) })
  })
}

test('a model of a Hub is handed on as it is, with the address of the Hub', () => {
  const { host } = resolveOptions({
    index: '/search/',
    model: 'hub:acme/colbert@v1',
    hub: 'https://hub.test',
  })
  expect(host).toMatchObject({ model: 'hub:acme/colbert@v1', hub: 'https://hub.test' })
})

test('the type and the file of weights are handed on', () => {
  const { host } = resolveOptions({ dtype: 'q4', weights: 'colbert.onnx' })
  expect(host).toMatchObject({ dtype: 'q4', weights: 'colbert.onnx' })
})

test('undefined is the same as absent', () => {
  expect(resolveOptions({ index: undefined, persist: undefined } as object).host).toEqual(
    resolveOptions({}).host,
  )
})
