import { afterEach, expect, test, vi } from 'vitest'
import { createSearch } from '../index.ts'
import { handsOn, mountBox } from './test-box.ts'

afterEach(() => document.body.replaceChildren())

const DOCUMENTS = [
  {
    id: 'fetch',
    title: 'Stopping a transfer',
    text: 'A running download is ended by an AbortController: hand its signal over, then call abort.',
    url: '/fetch',
    metadata: { topic: 'network' },
  },
  {
    id: 'bread',
    title: 'Sourdough',
    text: 'Knead flour, water and salt. Let the dough rise over night before it goes into the oven.',
    url: '/bread',
    metadata: { topic: 'kitchen' },
  },
]

test('over the real search a question in other words is answered, filtered and explained', async () => {
  const test = mountBox({ attributes: { filters: 'topic' } })
  test.box.createSearch = async ({ onProgress }) => {
    const search = await createSearch({
      model: '/models/lateen-mini/',
      prefer: 'wasm',
      persist: false,
      ...(onProgress ? { onProgress } : {}),
    })
    await search.add(DOCUMENTS)
    return search
  }
  const { titles, find, shadow } = handsOn(test.box)
  test.box.open('cancel downloading')
  // Keywords alone find this one; when meaning follows, the other comes behind it.
  await vi.waitFor(() => expect(titles()[0]).toBe('Stopping a transfer'), { timeout: 60_000 })
  await vi.waitFor(() => expect(find('.status').dataset['tone']).toBe('good'), { timeout: 20_000 })
  expect(find<HTMLAnchorElement>('.page').pathname).toBe('/fetch')
  find('.why-button').click()
  await vi.waitFor(() => expect(shadow.querySelector('.heat-passage .is-match')).not.toBeNull(), {
    timeout: 20_000,
  })
  expect(find('.heat-text').textContent).toBe(DOCUMENTS[0]!.text)
  test.box.query = 'oven'
  await vi.waitFor(() => expect(titles()[0]).toBe('Sourdough'))
  const network = [...shadow.querySelectorAll<HTMLLabelElement>('.filter')].find(({ textContent }) =>
    textContent.includes('network'),
  )!
  network.click()
  await vi.waitFor(() => expect(titles()).not.toContain('Sourdough'))
})
