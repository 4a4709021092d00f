import { afterEach, expect, test, vi } from 'vitest'
import { createAnnouncer } from './announcer.ts'
import { readConfig } from './config.ts'
import { leaseEngine } from './engines.ts'
import { hitUrl, phraseOf, withTextFragment } from './links.ts'
import { placeHits } from './merge-hits.ts'
import { ariaShortcuts, isPressed, keycap, parseShortcuts } from './shortcut.ts'
import { readRecent, withRecent, writeRecent } from './storage.ts'
import { en } from './strings/en.ts'
import { englishWords, languageOf, loadWords } from './strings.ts'
import { themeOf } from './theme.ts'

afterEach(() => {
  document.body.replaceChildren()
  document.body.style.background = ''
  document.documentElement.style.colorScheme = ''
})

test('only http, https and relative addresses become links, below the root of the site', () => {
  const root = 'https://example.org/docs/'
  expect(hitUrl('guide.html#a', root)).toBe('https://example.org/docs/guide.html#a')
  expect(hitUrl('/guide/', root)).toBe('https://example.org/guide/')
  expect(hitUrl('https://other.example/', root)).toBe('https://other.example/')
  for (const url of [
    '',
    'javascript:alert(1)',
    ' JAVASCRIPT:alert(1)',
    'java\nscript:alert(1)',
    'data:text/html,x',
    'blob:x',
    'http://[',
  ]) {
    expect(hitUrl(url, root), JSON.stringify(url)).toBeUndefined()
  }
})

const part = (text: string, marked = false) => ({ text, marked })

test('the words to show on arrival stand around the first mark, within one sentence', () => {
  expect(phraseOf([part('First one. Then '), part('cancel', true), part(' the job. Last.')])).toBe(
    'Then cancel the job',
  )
  expect(
    phraseOf([
      part('… of a long line with many words before the '),
      part('mark', true),
      part('ed one and after it too'),
    ]),
  ).toBe('many words before the marked one and after')
  expect(phraseOf([part('no mark')])).toBe('')
  expect(withTextFragment('/a#b', [part('well-known, '), part('A&B', true)])).toBe(
    '/a#b:~:text=well%2Dknown%2C%20A%26B',
  )
  expect(withTextFragment('/a', [part('x', true)])).toBe('/a#:~:text=x')
})

test('shortcuts are read, matched and named', () => {
  const [command, slash] = parseShortcuts('mod+K /')
  const key = (init: KeyboardEventInit) => new KeyboardEvent('keydown', init)
  expect(isPressed(command!, key({ key: 'K', ctrlKey: true }))).toBe(true)
  expect(isPressed(command!, key({ key: 'k', ctrlKey: true, altKey: true }))).toBe(false)
  expect(isPressed(command!, key({ key: 'k', ctrlKey: true, shiftKey: true }))).toBe(false)
  expect(isPressed(command!, key({ key: 'k' }))).toBe(false)
  expect(isPressed(slash!, key({ key: '/', shiftKey: true }))).toBe(true)
  expect(isPressed(slash!, key({ key: '/', ctrlKey: true }))).toBe(false)
  expect(keycap(command!)).toBe('Ctrl K')
  expect(ariaShortcuts([command!, slash!])).toBe('Control+K /')
  expect(parseShortcuts('none')).toEqual([])
})

const leaves = (value: unknown, path = ''): string[] =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([key, child]) => leaves(child, `${path}.${key}`))
    : [path]
const namesIn = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(String).sort()
const at = (value: unknown, path: string) =>
  path
    .split('.')
    .slice(1)
    .reduce<unknown>((parent, key) => (parent as Record<string, unknown>)[key], value)

test.each(['de', 'fr', 'es', 'ja', 'zh'])(
  '%s says everything English says, with the same numbers and names in it',
  async (lang) => {
    const { strings } = await loadWords(lang)
    for (const path of leaves(en)) {
      if (path.endsWith('.one')) continue
      const text = at(strings, path)
      expect(text, path).toBeTypeOf('string')
      expect(namesIn(String(text)), path).toEqual(namesIn(String(at(en, path))))
      expect(String(text), path).not.toBe('')
    }
  },
)

test('plural forms follow the language, and a page can bring its own', async () => {
  const words = englishWords()
  expect(words.plural(words.strings.count, 1)).toBe('1 result')
  expect(words.plural(words.strings.count, 1200)).toBe('1,200 results')
  const french = await loadWords('fr-CA')
  expect(french.plural(french.strings.count, 0)).toBe('0 résultat')
  const own = englishWords({ search: 'Find', count: { other: '{n} pages' } })
  expect(own.strings.search).toBe('Find')
  expect(own.plural(own.strings.count, 1)).toBe('1 pages')
  expect(languageOf('pt-BR')).toBe('en')
  expect(words.fill('{query} {query}', { query: '$& {n}' })).toBe('$& {n} $& {n}')
})

const hit = (id: string, passage = 0, sections: number[] = []) => ({
  id,
  passage,
  sections: sections.map((number) => ({ passage: number }) as never),
})

test('under the reader’s hands hits and their sections keep their places, and late ones are related', () => {
  const shown = { hits: [hit('a', 0, [1]), hit('b')], related: [] }
  const placed = placeHits(shown, [hit('c'), hit('b', 0, [2]), hit('a', 0, [3, 1])], true)
  expect(placed.hits.map(({ id, sections }) => [id, sections.length])).toEqual([
    ['a', 1],
    ['b', 0],
  ])
  expect(placed.related.map(({ id }) => id)).toEqual(['c'])
  expect(placeHits(shown, [hit('c')], false)).toEqual({ hits: [hit('c')], related: [] })
  expect(placeHits(undefined, [hit('c')], true).hits).toHaveLength(1)
  const later = placeHits(placed, [hit('d'), hit('c', 4)], true)
  expect(later.related.map(({ id, passage }) => [id, passage])).toEqual([
    ['c', 0],
    ['d', 0],
  ])
})

test('recent searches are few, newest first, each once, and survive nonsense in the store', () => {
  expect(withRecent(['b', 'A'], 'a', 2)).toEqual(['a', 'b'])
  writeRecent('x', ['one', 'two'])
  expect(readRecent('x', 1)).toEqual(['one'])
  for (const nonsense of ['{', '{"a":1}', '[1, null]']) {
    localStorage.setItem('lateen.recent:x', nonsense)
    expect(readRecent('x', 7)).toEqual([])
  }
  localStorage.clear()
})

test('the index lies where the script came from, and the site around it', () => {
  const element = document.createElement('div')
  const base = 'https://example.org/docs/lateen/'
  expect(readConfig(element, base)).toMatchObject({
    index: base,
    siteRoot: 'https://example.org/docs/',
    recent: 7,
    limit: 10,
  })
  for (const [name, value] of Object.entries({
    index: '/s',
    recent: '-1',
    limit: '0',
    filters: 'tag: Label , ,section',
    mode: 'x',
  })) {
    element.setAttribute(name, value)
  }
  expect(readConfig(element, base)).toMatchObject({
    index: `${location.origin}/s/`,
    recent: 7,
    limit: 1,
    inline: false,
    filters: [
      { key: 'tag', label: 'Label' },
      { key: 'section', label: 'Section' },
    ],
  })
})

test('the theme follows what the page tells the browser, else its background', () => {
  const host = document.createElement('div')
  document.body.append(host)
  document.documentElement.style.colorScheme = 'dark'
  expect(themeOf(host, 'auto')).toBe('dark')
  expect(themeOf(host, 'light')).toBe('light')
  document.documentElement.style.colorScheme = 'normal'
  expect(themeOf(host, 'auto')).toBe('light')
  document.body.style.background = 'rgb(20, 20, 30)'
  expect(themeOf(host, 'auto')).toBe('dark')
})

test('an engine that failed to open is opened anew the next time', async () => {
  let calls = 0
  const open = async () => {
    calls++
    throw new TypeError('no')
  }
  for (const expected of [1, 2]) {
    const lease = leaseEngine(open, { index: 'a' }, () => {})
    await expect(lease.search).rejects.toThrow('no')
    lease.release()
    expect(calls).toBe(expected)
  }
})

test('a sentence said twice is said in another node', async () => {
  vi.useFakeTimers()
  const regions = [document.createElement('p'), document.createElement('p')] as const
  const announce = createAnnouncer(regions)
  announce('one')
  announce('two')
  vi.advanceTimersByTime(600)
  const first = regions.map(({ textContent }) => textContent)
  announce('two')
  vi.advanceTimersByTime(600)
  expect(first.toSorted()).toEqual(['', 'two'])
  expect(regions.map(({ textContent }) => textContent)).toEqual(first.toReversed())
  vi.useRealTimers()
})
