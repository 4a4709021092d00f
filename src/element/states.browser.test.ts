import axe from 'axe-core'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { LateenError } from '../errors.ts'
import { GERMAN, gate, mountBox, notFound, SITE, type TestBox, type TestOptions } from './test-box.ts'

const rejections: unknown[] = []
const onRejection = (event: PromiseRejectionEvent) => rejections.push(event.reason)

beforeEach(async () => {
  await page.viewport(1280, 860)
  localStorage.clear()
  rejections.length = 0
  addEventListener('unhandledrejection', onRejection)
  document.documentElement.lang = 'en'
  document.documentElement.style.colorScheme = 'light dark'
  document.title = 'Test page'
  document.body.replaceChildren()
})
afterEach(() => {
  removeEventListener('unhandledrejection', onRejection)
  document.body.replaceChildren()
  Reflect.deleteProperty(navigator, 'connection')
  Reflect.deleteProperty(navigator, 'onLine')
})

const status = ({ find }: TestBox) => find('.status-text').textContent
const says = (test: TestBox, text: string | RegExp) => vi.waitFor(() => expect(status(test)).toMatch(text))
const action = ({ find }: TestBox, name: string) => find<HTMLButtonElement>(`[data-action=${name}]`)
const answered = (test: TestBox) => vi.waitFor(() => expect(test.titles()).not.toEqual([]))

function ask(text: string, options: TestOptions = {}): TestBox {
  const test = mountBox(options)
  test.box.open(text)
  return test
}

/** Loads for ever, at 2.1 of 8.4 MB. */
const forever: TestOptions['onLoad'] = async (report) => {
  report({ job: 'model', stage: 'model.onnx', done: 2_100_000, total: 8_400_000, unit: 'bytes' })
  await new Promise(() => {})
}
const unavailable = async () =>
  Promise.reject(new LateenError('network', 'model.onnx answered with status 404.'))

test('meaning is loaded when the box is opened, with its size, and the box says when it is there', async () => {
  const loading = gate()
  const test = ask('', {
    async onLoad(report) {
      report({ job: 'model', stage: 'model.onnx', done: 2_100_000, total: 8_400_000, unit: 'bytes' })
      await loading.passed
    },
  })
  await says(test, 'Loading search by meaning: 2.1 MB of 8.4 MB')
  expect(test.find<HTMLProgressElement>('progress').value).toBe(2_100_000)
  loading.open()
  await says(test, 'Searching by words and meaning')
})

test('readers who want keywords only are not asked again, and can change their mind', async () => {
  const onLoad = vi.fn(forever)
  const test = ask('cancel', { onLoad })
  await says(test, /2.1 MB/)
  action(test, 'keywords').click()
  await says(test, 'Keyword search')
  expect(test.shadow.activeElement).toBe(test.input)
  test.box.remove()
  const onQuery = vi.fn()
  const later = vi.fn(async () => {})
  const again = ask('cancel', { onLoad: later, onQuery, attributes: { index: '/again/' } })
  await answered(again)
  expect(onQuery.mock.lastCall![1].mode).toBe('lexical')
  expect(later).not.toHaveBeenCalled()
  action(again, 'load').click()
  await says(again, 'Searching by words and meaning')
  await vi.waitFor(() => expect(onQuery.mock.lastCall![1].mode).toBe('hybrid'))
})

test.each([{ saveData: true }, { effectiveType: '2g' }])(
  'a connection with %o is asked before megabytes are loaded',
  async (connection) => {
    Object.defineProperty(navigator, 'connection', { value: connection, configurable: true })
    const fetched = vi.spyOn(globalThis, 'fetch').mockResolvedValue(
      Response.json({
        files: {
          'onnx/a.onnx': { bytes: 9e6, gzip: 6e6 },
          'onnx/b.onnx': { bytes: 5e6 },
          'tokenizer.json': { bytes: 7e5 },
        },
      }),
    )
    const onLoad = vi.fn(async () => {})
    const test = ask('cancel', { onLoad, info: { indexBytes: 1e6 } })
    await answered(test)
    await vi.waitFor(() => expect(action(test, 'load').textContent).toBe('Search by meaning (11.6 MB)'))
    expect(fetched.mock.lastCall![0].toString()).toMatch(/\/site\/lateen\/model\/lateen\.json$/)
    expect(onLoad).not.toHaveBeenCalled()
    action(test, 'load').click()
    await says(test, 'Searching by words and meaning')
    fetched.mockRestore()
  },
)

test('a page can have meaning loaded on the reader’s word only, or never', async () => {
  const onLoad = vi.fn(async () => {})
  const asks = ask('cancel', { onLoad, attributes: { meaning: 'ask' } })
  await answered(asks)
  expect(action(asks, 'load').textContent).toBe('Search by meaning')
  const never = ask('cancel', { onLoad, attributes: { meaning: 'off', index: '/never/' } })
  await answered(never)
  expect(never.shadow.querySelector('[data-action], .row-why')).toBeNull()
  expect(never.find('.why-button').hidden).toBe(true)
  expect(onLoad).not.toHaveBeenCalled()
})

test('an explanation that needs the model asks for it first', async () => {
  const test = ask('cancel', { attributes: { meaning: 'ask' } })
  await answered(test)
  test.find('.row-why').click()
  await vi.waitFor(() => expect(test.shadow.querySelector('.why-body .plain')).not.toBeNull())
  expect(test.find('.why-body').textContent).toContain('loads the model first.')
  test.find('.why-body .plain').click()
  await vi.waitFor(() => expect(test.shadow.querySelector('.heat-passage')).not.toBeNull())
})

test('a model that cannot be had leaves keyword results and one honest line, and can be tried again', async () => {
  let broken = true
  const errors: string[] = []
  const test = mountBox({ onLoad: async () => (broken ? unavailable() : undefined) })
  test.box.addEventListener('lateen-error', (event) => errors.push(event.detail.code))
  test.box.open('cancel')
  await says(
    test,
    'Keyword results only. Search by meaning is unavailable: model.onnx answered with status 404.',
  )
  expect(test.titles()).toContain('Cancelling requests')
  expect(errors).toContain('network')
  broken = false
  action(test, 'retry').click()
  await says(test, 'Searching by words and meaning')
  await vi.waitFor(() => expect(test.titles()).toContain('Timeouts and retries'))
  expect(rejections).toEqual([])
})

test('an index that is not there is one line, without a rejection, and is looked for again', async () => {
  let missing = true
  const test = ask('cancel', { fails: () => (missing ? notFound() : undefined) })
  await says(test, 'There is no search index here.')
  expect(test.titles()).toEqual([])
  missing = false
  action(test, 'reopen').click()
  await answered(test)
  expect(rejections).toEqual([])
})

test('a search that cannot start says why', async () => {
  const test = ask('cancel', {
    fails: () => new LateenError('worker-failed', 'The search worker was refused.'),
  })
  await says(test, 'The search cannot start: The search worker was refused.')
  expect(rejections).toEqual([])
})

test('the real search over an address without an index says so in the box', async () => {
  const test = mountBox({ attributes: { index: '/nowhere/lateen/', meaning: 'ask' } })
  test.box.createSearch = null
  test.box.open('cancel')
  await vi.waitFor(() => expect(status(test)).toMatch(/no search index here|cannot start/), {
    timeout: 20_000,
  })
  expect(rejections).toEqual([])
})

test('offline is told, and tried again when the network is back', async () => {
  Object.defineProperty(navigator, 'onLine', { value: false, configurable: true })
  let broken = true
  const test = ask('cancel', { onLoad: async () => (broken ? unavailable() : undefined) })
  await says(test, 'Offline: keyword results only')
  broken = false
  Object.defineProperty(navigator, 'onLine', { value: true, configurable: true })
  dispatchEvent(new Event('online'))
  await says(test, 'Searching by words and meaning')
  Object.defineProperty(navigator, 'onLine', { value: false, configurable: true })
  dispatchEvent(new Event('offline'))
  await says(test, 'Offline, and everything still works')
})

test('keeping everything for offline use is offered only where the page wants it, and reports', async () => {
  expect(action(ask('', { attributes: { index: '/plain/' } }), 'keep')).toBeNull()
  document.body.replaceChildren()
  const saving = gate()
  const onKeep = vi.fn(async (report: Parameters<NonNullable<TestOptions['onKeep']>>[0]) => {
    report({ job: 'index', stage: 'x', done: 3e6, total: 9e6, unit: 'bytes' })
    await saving.passed
  })
  const test = ask('', { attributes: { offline: '' }, onKeep })
  await vi.waitFor(() => expect(action(test, 'keep')).not.toBeNull())
  expect(onKeep).not.toHaveBeenCalled()
  action(test, 'keep').click()
  await says(test, 'Saving for offline use: 3 MB of 9 MB')
  saving.open()
  await says(test, 'Available offline (9.4 MB)')
})

test('results are counted once, politely, and never in a live list', async () => {
  const test = ask('cancel')
  const spoken = () =>
    test
      .all('[role=status]')
      .map((voice) => voice.textContent)
      .filter(Boolean)
  await answered(test)
  expect(spoken(), 'not while the reader types').toEqual([])
  await vi.waitFor(() => expect(spoken()).toEqual(['3 results for “cancel”']))
  expect(test.shadow.querySelector('.list[aria-live], .list [aria-live], .body[aria-live]')).toBeNull()
  test.box.query = 'xyzzy'
  await vi.waitFor(() => expect(spoken()).toEqual(['No results for “xyzzy”']))
})

test('rows that stand in for an answer come late, hidden from screen readers', async () => {
  const opening = gate()
  const test = mountBox()
  const { createSearch } = test.box
  test.box.createSearch = async (options) => {
    await opening.passed
    return createSearch(options)
  }
  test.box.open('cancel')
  expect(test.find('.skeleton').hidden).toBe(true)
  await vi.waitFor(() => expect(test.find('.skeleton').hidden).toBe(false))
  expect(test.find('.skeleton').getAttribute('aria-hidden')).toBe('true')
  expect(test.find('.list').getAttribute('aria-busy')).toBe('true')
  opening.open()
  await answered(test)
  expect(test.find('.skeleton').hidden).toBe(true)
})

test('the box works where storage is forbidden', async () => {
  const forbid = () => {
    throw new DOMException('denied', 'SecurityError')
  }
  const spies = (['getItem', 'setItem', 'removeItem'] as const).map((name) =>
    vi.spyOn(Storage.prototype, name).mockImplementation(forbid),
  )
  const stay = (event: Event) => event.preventDefault()
  addEventListener('click', stay, true)
  try {
    const test = ask('cancel')
    await answered(test)
    await userEvent.keyboard('{Enter}')
    test.box.open('')
    expect(test.all('.recent')).toHaveLength(1)
    expect(rejections).toEqual([])
  } finally {
    removeEventListener('click', stay, true)
    for (const spy of spies) spy.mockRestore()
  }
})

/** Every state the box can be in, and how to get there. */
const states: Readonly<Record<string, (attributes: Record<string, string>) => Promise<unknown>>> = {
  closed: async (attributes) => mountBox({ attributes }),
  async rest(attributes) {
    localStorage.setItem(`lateen.recent:${location.origin}/site/lateen/`, '["cancel", "timeouts"]')
    const test = ask('', { attributes })
    await vi.waitFor(() => expect(test.find('.list-head').hidden).toBe(false))
  },
  async loading(attributes) {
    const test = ask('cancel', { attributes, onLoad: forever })
    await answered(test)
    await vi.waitFor(() => expect(test.find('progress').hidden).toBe(false))
  },
  async results(attributes) {
    const test = ask('cancel', { attributes: { ...attributes, filters: 'section,tag', offline: '' } })
    await vi.waitFor(() => expect(test.titles()).toHaveLength(3))
    await userEvent.keyboard('{ArrowDown}')
    test.find('.filter-toggle').click()
  },
  async explanation(attributes) {
    const test = ask('cancel', { attributes })
    await answered(test)
    test.find('.why-button').click()
    await vi.waitFor(() => expect(test.shadow.querySelector('.heat-passage')).not.toBeNull())
    test.find<HTMLDetailsElement>('.why-table').open = true
  },
  async 'nothing found'(attributes) {
    const test = ask('xyzzy', { attributes, documents: [...SITE, GERMAN] })
    await vi.waitFor(() => expect(test.find('.message').hidden).toBe(false))
  },
  async failed(attributes) {
    const test = ask('cancel', { attributes, onLoad: unavailable })
    await vi.waitFor(() => expect(test.find('.status').dataset['tone']).toBe('warn'))
  },
  async missing(attributes) {
    const test = ask('cancel', { attributes, fails: notFound })
    await vi.waitFor(() => expect(test.find('.status').dataset['tone']).toBe('warn'))
  },
}

async function check(name: string, attributes: Record<string, string>): Promise<void> {
  const heading = Object.assign(document.createElement('h1'), { textContent: 'Page' })
  const main = document.createElement('main')
  main.append(heading)
  document.body.append(main)
  await states[name]!(attributes)
  // Colours are judged when they have arrived.
  const { shadowRoot } = document.querySelector('lateen-search')!
  await Promise.all(shadowRoot!.getAnimations().map(({ finished }) => finished.catch(() => undefined)))
  const { violations } = await axe.run(document, { resultTypes: ['violations'] })
  const found = violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`)}`,
  )
  expect(found).toEqual([])
  expect(document.documentElement.scrollWidth, 'nothing sticks out sideways').toBeLessThanOrEqual(innerWidth)
}

for (const theme of ['light', 'dark'] as const) {
  for (const mode of ['modal', 'inline'] as const) {
    test.each(Object.keys(states))(`axe finds nothing in ${theme}, ${mode}: %s`, async (name) => {
      await page.viewport(mode === 'modal' ? 1280 : 360, 780)
      document.documentElement.style.colorScheme = theme
      await check(name, { theme, mode })
    })
  }
}

test.each(['en', 'de', 'fr', 'es', 'ja', 'zh'])(
  'axe finds nothing in %s on a phone, and counts are whole sentences',
  async (lang) => {
    await page.viewport(390, 780)
    document.documentElement.lang = lang
    await check('results', { theme: 'light', 'all-languages': '' })
    const box = document.querySelector('lateen-search')!
    expect(box.shadowRoot!.querySelector('.lateen')!.getAttribute('lang')).toBe(lang)
    expect(box.shadowRoot!.querySelector('.summary')!.textContent).toMatch(/^3\s?\p{L}+/u)
    expect(box.shadowRoot!.textContent).not.toMatch(/[{}]|undefined/)
  },
)
