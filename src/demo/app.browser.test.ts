import axe from 'axe-core'
import { beforeEach, expect, test, vi } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import html from '../../index.html?raw'
import { type FakeOptions, fakeSearch } from '../element/fake-search.ts'
import { LateenError } from '../errors.ts'
import type { DocumentInput } from '../types.ts'
import { startApp } from './app.ts'
import type { OpenSearch } from './port.ts'
import './styles/demo.css'

const documents: DocumentInput[] = [
  {
    id: 'abort.md',
    title: 'Cancelling › Signals',
    text: 'Pass a signal to abort a query. A newer query always wins.',
    url: 'https://example.org/abort',
  },
  { id: 'stop.md', title: 'Stopping', text: 'How to halt what is under way.' },
  {
    id: 'evil.md',
    title: '<img src=x onerror=alert(1)>',
    text: 'Query <script>alert(2)</script> text.',
    url: 'javascript:alert(3)',
  },
]
const synonyms = [['abort', 'halt']]

/** Resolves when the test says so. */
function gate(): { readonly passed: Promise<void>; open(): void } {
  let open = () => {}
  const passed = new Promise<void>((resolve) => {
    open = resolve
  })
  return { passed, open: () => open() }
}

/** Page-wide listeners of the app of one test, so that the next test starts on a silent page. */
let life = new AbortController()

function launch(open: OpenSearch, hash = ''): void {
  // The page of the test before may still have written its query a moment ago.
  history.replaceState(null, '', location.pathname + location.search + hash)
  life.abort()
  life = new AbortController()
  const { signal } = life
  const listen = EventTarget.prototype.addEventListener
  EventTarget.prototype.addEventListener = function (type, listener, options) {
    const wanted = typeof options === 'object' ? options : { capture: options ?? false }
    listen.call(this, type, listener, { signal, ...wanted })
  }
  try {
    startApp({ open, siteRoot: document.baseURI })
  } finally {
    EventTarget.prototype.addEventListener = listen
  }
}

function start(options: Partial<FakeOptions> = {}, hash = ''): void {
  launch(
    async (corpus, open) =>
      fakeSearch(
        { synonyms, ...options, documents: corpus === 'docs' ? (options.documents ?? documents) : [] },
        open,
      ),
    hash,
  )
}

const find = <T extends HTMLElement = HTMLElement>(selector: string) => document.querySelector<T>(selector)!
const input = () => find<HTMLInputElement>('#query')
const titles = () => [...document.querySelectorAll('.hit-title')].map((title) => title.textContent)
const active = () => input().getAttribute('aria-activedescendant')
const typed = async (text: string) => {
  input().focus()
  await userEvent.keyboard(text)
}
const shows = (selector: string, text: string | RegExp) =>
  vi.waitFor(() => expect(find(selector).textContent).toMatch(text))

beforeEach(async () => {
  await page.viewport(1280, 900)
  localStorage.clear()
  const parsed = new DOMParser().parseFromString(html, 'text/html')
  document.documentElement.lang = 'en'
  document.title = parsed.title
  document.body.replaceChildren(...parsed.body.childNodes)
  delete document.documentElement.dataset['theme']
})

test('the first letter is answered by keywords while meaning is still loading', async () => {
  const loading = gate()
  start({ onLoad: () => loading.passed })
  await typed('q')
  await shows('#hits', /Cancelling/)
  expect(find('#results-summary').textContent).toMatch(/by keywords so far/)
  expect(find('#status').dataset['tone']).toBe('busy')
  loading.open()
  await shows('#status-text', /words and meaning/)
})

test('meaning brings what keywords cannot find', async () => {
  start()
  await typed('abort')
  await vi.waitFor(() => expect(titles()).toContain('Stopping'))
  const row = [...document.querySelectorAll('.hit')].find((hit) => hit.textContent.includes('Stopping'))!
  expect([...row.querySelectorAll('.badge')].map((badge) => badge.textContent)).toEqual(['meaning'])
})

test('nothing moves under the active result: new ones follow, and the best order is one click away', async () => {
  const meaning = gate()
  start({
    documents: [
      { id: 'a', title: 'Alpha', text: 'query query' },
      { id: 'b', title: 'Beta', text: 'halt abort query' },
      { id: 'c', title: 'Gamma', text: 'halt abort' },
    ],
    beforeMeaning: () => meaning.passed,
  })
  await typed('query abort')
  await vi.waitFor(() => expect(titles()).toEqual(['Beta', 'Alpha', 'Gamma']))
  await userEvent.keyboard('{ArrowDown}{ArrowDown}')
  const before = active()
  meaning.open()
  await vi.waitFor(() => expect(find('#results-summary').textContent).not.toMatch(/so far/))
  expect(titles()).toEqual(['Beta', 'Alpha', 'Gamma'])
  expect(active()).toBe(before)
  await vi.waitFor(() => expect(find('#order-kept').hidden).toBe(false))
  find('#reorder').click()
  expect(titles()).toEqual(['Beta', 'Gamma', 'Alpha'])
})

test('no result is active before the first arrow, and typing leaves the list again', async () => {
  start()
  await typed('query')
  await shows('#hits', /Cancelling/)
  expect(active()).toBeNull()
  await userEvent.keyboard('{ArrowDown}')
  expect(document.getElementById(active()!)?.textContent).toContain(titles()[0])
  expect(document.activeElement).toBe(input())
  await userEvent.keyboard('{ArrowRight}')
  expect(document.getElementById(active()!)?.textContent).toBe('Why this result')
  await userEvent.keyboard('{ArrowLeft}{ArrowUp}')
  expect(active()).toBeNull()
  await userEvent.keyboard('{ArrowDown}x')
  expect(active()).toBeNull()
})

test('keys that an input method is using are not ours', async () => {
  start()
  await typed('query')
  await shows('#hits', /Cancelling/)
  for (const key of ['ArrowDown', 'Enter', 'Escape']) {
    input().dispatchEvent(
      new KeyboardEvent('keydown', { key, isComposing: true, bubbles: true, cancelable: true }),
    )
  }
  expect(active()).toBeNull()
  expect(input().value).toBe('query')
})

test('Escape clears, then closes the pane, then leaves the field', async () => {
  start()
  await typed('query')
  await shows('#hits', /Cancelling/)
  find('.hit-read button').click()
  await vi.waitFor(() => expect(find<HTMLDialogElement>('#inspector').open).toBe(true))
  input().focus()
  await userEvent.keyboard('{Escape}')
  expect(input().value).toBe('')
  expect(find<HTMLDialogElement>('#inspector').open).toBe(true)
  await userEvent.keyboard('{Escape}')
  expect(find<HTMLDialogElement>('#inspector').open).toBe(false)
  input().focus()
  await userEvent.keyboard('{Escape}')
  expect(document.activeElement).not.toBe(input())
})

test('slash and Ctrl-K lead to the field, but a slash typed elsewhere is a slash', async () => {
  start()
  await userEvent.keyboard('/')
  expect(document.activeElement).toBe(input())
  expect(input().value).toBe('')
  find<HTMLInputElement>('[name=corpus][value=files]').click()
  await vi.waitFor(() => expect(find('#files').hidden).toBe(false))
  find<HTMLDetailsElement>('#paste-box').open = true
  find('#paste-text').focus()
  await userEvent.keyboard('/')
  expect(find<HTMLTextAreaElement>('#paste-text').value).toBe('/')
  await userEvent.keyboard('{Control>}k{/Control}')
  expect(document.activeElement).toBe(input())
})

test('Enter follows the link of the active result', async () => {
  start()
  const followed: string[] = []
  document.addEventListener(
    'click',
    (event) => {
      const link = (event.target as HTMLElement).closest('a')
      if (!link) return
      followed.push(`${link.href} ${event.ctrlKey}`)
      event.preventDefault()
    },
    { signal: AbortSignal.timeout(20_000) },
  )
  await typed('signal')
  await shows('#hits', /Cancelling/)
  await userEvent.keyboard('{ArrowDown}{Control>}{Enter}{/Control}')
  expect(followed).toEqual(['https://example.org/abort true'])
})

test('what an index says is shown as text and never becomes markup or a script address', async () => {
  start()
  await typed('text')
  await shows('#hits', /<img src=x onerror=alert\(1\)>/)
  expect(find('#hits').textContent).toContain('<script>alert(2)</script>')
  expect(document.querySelector('#hits img, #hits script, #hits a[href^="javascript"]')).toBeNull()
  expect([...document.querySelectorAll('#hits mark')].map((mark) => mark.textContent)).toContain('text')
})

test('an explanation tints the passage and every word of the question can be chosen', async () => {
  start()
  await typed('abort')
  await vi.waitFor(() => expect(titles()).toContain('Stopping'))
  const row = [...document.querySelectorAll('.hit')].find((hit) => hit.textContent.includes('Stopping'))!
  row.querySelector<HTMLButtonElement>('.hit-why button')!.click()
  await vi.waitFor(() => expect(find('.heat-passage .heat-9').textContent).toBe('halt'))
  const chips = [...document.querySelectorAll<HTMLButtonElement>('.chip')]
  expect(chips.map((chip) => chip.textContent)).toEqual(['All words', 'abort100%of the score'])
  chips[1]!.click()
  expect(chips.map((chip) => chip.getAttribute('aria-pressed'))).toEqual(['false', 'true'])
  expect(find('.is-match').textContent).toBe('halt')
  expect(find('.why-summary').textContent).toContain('“abort” met “halt”')
  expect(find('.why-table tbody tr').textContent).toBe('aborthalt0.81100%')
})

test('a model that cannot be had leaves keyword results and one honest line, and can be tried again', async () => {
  let broken = true
  start({
    async onLoad() {
      if (broken) throw new LateenError('network', 'model.onnx answered with status 404.')
    },
  })
  await typed('query')
  await shows('#status-text', /Keyword results only.*status 404/)
  expect(titles()).toContain('Cancelling')
  broken = false
  find('#status-action').click()
  await shows('#status-text', /words and meaning/)
})

test('a connection that saves data is asked before the model is loaded', async () => {
  Object.defineProperty(navigator, 'connection', { value: { saveData: true }, configurable: true })
  try {
    let loads = 0
    start({ onLoad: async () => void loads++ })
    await typed('query')
    await shows('#results-summary', /ms$/)
    expect(loads).toBe(0)
    expect(find('#status-text').textContent).toMatch(/asks to save data/)
    find('#status-action').click()
    await shows('#status-text', /words and meaning/)
    expect(loads).toBe(1)
  } finally {
    Reflect.deleteProperty(navigator, 'connection')
  }
})

test('results of an older question are marked as such until the new answer is there', async () => {
  const slow = gate()
  let waits = 0
  start({ beforeMeaning: async () => (waits++ > 0 ? slow.passed : undefined) })
  await typed('q')
  await shows('#results-summary', /results? in \d+ ms$/)
  await userEvent.keyboard('xz')
  await shows('#results-summary', /Searching/)
  expect(find('#hits').getAttribute('aria-busy')).toBe('true')
  slow.open()
  await shows('#empty', /close enough to “qxz”/)
  expect(find('#results-summary').textContent).toBe('')
})

test('another backend starts the engine anew and answers the same query', async () => {
  start()
  await typed('query')
  await shows('#status-text', /WebGPU/)
  find<HTMLInputElement>('[name=prefer][value=wasm]').click()
  await shows('#status-text', /WebAssembly/)
  await shows('#results-summary', /result.*ms$/)
  expect(find('#facts').textContent).toContain('WebAssembly')
  expect(localStorage.getItem('lateen.demo.prefer')).toBe('wasm')
})

test('an answer of the corpus left behind never shows', async () => {
  const meaning = gate()
  start({ beforeMeaning: () => meaning.passed })
  await typed('query')
  await shows('#hits', /Cancelling/)
  find<HTMLInputElement>('[name=corpus][value=files]').click()
  meaning.open()
  await shows('#files-summary', /Nothing here yet/)
  await shows('#empty', /close enough/)
  expect(titles()).toEqual([])
})

test('an index that cannot be opened says so', async () => {
  launch(async () => {
    throw new LateenError('index-not-found', 'No index here.')
  })
  await shows('#status-text', /cannot be opened: No index here/)
})

test('a query nobody can answer gets a sentence, and it is announced', async () => {
  start()
  await typed('zzz')
  await shows('#empty', /No passage is close enough to “zzz”/)
  await vi.waitFor(() =>
    expect(find('#announcer-a').textContent + find('#announcer-b').textContent).toMatch(
      /close enough to “zzz”/,
    ),
  )
})

test('what was typed before the script ran is answered, and stays', async () => {
  input().value = 'signal'
  start()
  await vi.waitFor(() => expect(titles()).toContain('Cancelling'))
  expect(input().value).toBe('signal')
})

test('a linked query is answered on arrival, and the address follows the field', async () => {
  start({}, '#q=signal')
  await vi.waitFor(() => expect(titles()).toContain('Cancelling'))
  expect(input().value).toBe('signal')
  input().focus()
  input().select()
  await userEvent.keyboard('query')
  await vi.waitFor(() => expect(location.hash).toBe('#q=query'))
})

const note = (name: string) => new File(['# Notes\n\nAbout sails.'], name, { type: 'text/markdown' })

test('files are indexed with progress, found, listed again after a reload, and removed', async () => {
  const step = gate()
  start({ onPassage: () => step.passed })
  find<HTMLInputElement>('[name=corpus][value=files]').click()
  await shows('#files-summary', /Nothing here yet/)
  await userEvent.upload(find('#file-input'), [note('one.md'), note('two.md'), new File(['x'], 'three.png')])
  await vi.waitFor(() => expect(find('#indexing').dataset['kind']).toBe('running'))
  step.open()
  await shows('#indexing-text', /Indexed 2 documents, 8 passages/)
  expect(find('#indexing-skipped').textContent).toContain('three.png: not text, Markdown or HTML')
  expect([...document.querySelectorAll('.file-name')].map((name) => name.textContent)).toEqual([
    'one.md',
    'two.md',
  ])
  expect(localStorage.getItem('lateen.demo.files')).toContain('one.md')
  await typed('sails')
  await vi.waitFor(() => expect(titles()).toEqual(['one.md', 'two.md']))
  find('.file-list button').click()
  await vi.waitFor(() => expect(titles()).toEqual(['two.md']))
})

test('indexing can be cancelled', async () => {
  start({ onPassage: () => new Promise((resolve) => setTimeout(resolve, 20)) })
  find<HTMLInputElement>('[name=corpus][value=files]').click()
  await shows('#files-summary', /Nothing here yet/)
  await userEvent.upload(find('#file-input'), [note('one.md')])
  await vi.waitFor(() => expect(find('#indexing-cancel').hidden).toBe(false))
  find('#indexing-cancel').click()
  await shows('#indexing-text', /cancelled/)
  expect(document.querySelectorAll('.file-name')).toHaveLength(0)
})

test('the page works where storage is forbidden', async () => {
  const forbid = () => {
    throw new DOMException('denied', 'SecurityError')
  }
  const spies = (['getItem', 'setItem', 'removeItem'] as const).map((name) =>
    vi.spyOn(Storage.prototype, name).mockImplementation(forbid),
  )
  try {
    start()
    find('#theme').click()
    expect(document.documentElement.dataset['theme']).toBeDefined()
    await typed('query')
    await shows('#hits', /Cancelling/)
  } finally {
    for (const spy of spies) spy.mockRestore()
  }
})

/** Every state the page can be in, and how to get there. */
const states: Readonly<Record<string, () => Promise<void>>> = {
  async idle() {
    start()
    await shows('#status-text', /Keyword search is ready/)
  },
  async loading() {
    start({
      onLoad: async (report) => {
        report({ job: 'model', stage: 'model.onnx', done: 1e6, total: 8e6, unit: 'bytes' })
        await new Promise(() => {})
      },
    })
    await typed('query')
    await shows('#status-text', /1 MB of 8 MB/)
  },
  async results() {
    start()
    await typed('query')
    await shows('#results-summary', /ms$/)
    await userEvent.keyboard('{ArrowDown}')
  },
  async explanation() {
    await states['results']!()
    find('.hit-why button').click()
    await vi.waitFor(() => expect(find('.heat-passage .heat-9')).not.toBeNull())
    find<HTMLDetailsElement>('.why-table').open = true
  },
  async passage() {
    await states['results']!()
    find('.hit-read button').click()
    await shows('#inspector-body', /Passage 1 of 3/)
  },
  async 'nothing found'() {
    start()
    await typed('zzz')
    await shows('#empty', /close enough/)
  },
  async failed() {
    start({ onLoad: async () => Promise.reject(new LateenError('network', 'status 404')) })
    await typed('query')
    await shows('#status-text', /unavailable/)
  },
  async files() {
    start()
    find<HTMLInputElement>('[name=corpus][value=files]').click()
    await shows('#files-summary', /Nothing here yet/)
    await userEvent.upload(find('#file-input'), [note('one.md'), new File(['x'], 'two.png')])
    await shows('#indexing-text', /Indexed 1 document/)
    for (const details of document.querySelectorAll('details')) details.open = true
  },
}

for (const theme of ['light', 'dark'] as const) {
  for (const width of [1280, 360]) {
    test.each(Object.keys(states))(`axe finds nothing in ${theme} at ${width} px: %s`, async (name) => {
      await page.viewport(width, 800)
      localStorage.setItem('lateen.demo.theme', theme)
      await states[name]!()
      const { violations } = await axe.run(document, { resultTypes: ['violations'] })
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target)}`)).toEqual([])
      expect(document.documentElement.scrollWidth, 'nothing sticks out sideways').toBeLessThanOrEqual(width)
    })
  }
}
