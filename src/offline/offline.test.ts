import { expect, test } from 'vitest'
import { isKeepMessage } from './message.ts'
import { pageStrategy, searchStrategy } from './routes.ts'
import { workboxSettings } from './workbox.ts'

const FOLDER = new URL('https://example.org/docs/lateen/')
const SCOPE = new URL('https://example.org/docs/')

test.each([
  ['https://example.org/docs/lateen/assets/host-a1b2.js', 'kept-first'],
  ['https://example.org/docs/lateen/lateen-search.js', 'network-first'],
  ['https://example.org/docs/lateen/manifest.json', undefined],
  ['https://example.org/docs/lateen/0f-3.text', undefined],
  ['https://example.org/docs/lateen/model/onnx/model.onnx.gzip', undefined],
  ['https://example.org/docs/guide/', undefined],
  ['https://example.org/lateen/lateen-search.js', undefined],
  ['https://elsewhere.org/docs/lateen/lateen-search.js', undefined],
] as const)('%s of the search is answered %s', (url, expected) => {
  expect(searchStrategy(new URL(url), FOLDER)).toBe(expected)
})

test.each([
  ['https://example.org/docs/guide/', 'GET', 'document', 'network-first'],
  ['https://example.org/docs/site.css', 'GET', 'style', 'network-first'],
  ['https://example.org/docs/api', 'GET', '', undefined],
  ['https://example.org/docs/form', 'POST', 'document', undefined],
  ['https://example.org/blog/', 'GET', 'document', undefined],
  ['https://elsewhere.org/docs/a.png', 'GET', 'image', undefined],
] as const)('%s by %s for %j is answered %s', (url, method, destination, expected) => {
  expect(pageStrategy({ method, destination }, new URL(url), SCOPE)).toBe(expected)
})

test('Workbox keeps the code of the search when it is used and precaches none of it', () => {
  const { globIgnores, runtimeCaching } = workboxSettings('/search+/')
  expect(globIgnores).toEqual(['**/search+/**'])
  const handlerOf = (url: string) => runtimeCaching.find(({ urlPattern }) => urlPattern.test(url))?.handler
  expect(handlerOf('https://example.org/docs/search+/assets/host-a1b2.js')).toBe('CacheFirst')
  expect(handlerOf('https://example.org/docs/search+/lateen-search.js')).toBe('NetworkFirst')
  expect(handlerOf('https://example.org/docs/search+/model/onnx/model.onnx.gzip')).toBeUndefined()
  expect(handlerOf('https://example.org/docs/searchhh/lateen-search.js')).toBeUndefined()
})

test.each([[null], ['keep'], [{ lateen: 'keep' }], [{ lateen: 'keep', urls: ['not a url'] }]])(
  'the message %j is another script’s',
  (data) => {
    expect(isKeepMessage(data)).toBe(false)
  },
)
