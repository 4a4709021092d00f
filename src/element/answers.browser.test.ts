import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { GERMAN, gate, mountBox, SITE, type TestBox, type TestOptions } from './test-box.ts'

beforeEach(async () => {
  await page.viewport(1280, 860)
  localStorage.clear()
  document.documentElement.lang = 'en'
  document.body.replaceChildren()
  life = new AbortController()
})
afterEach(() => {
  life.abort()
  document.body.replaceChildren()
})

/** Ends the listeners of one test. */
let life = new AbortController()

const answered = (test: TestBox) => vi.waitFor(() => expect(test.titles()).not.toEqual([]))
const settled = (test: TestBox) =>
  vi.waitFor(() => expect(test.find('.list').getAttribute('aria-busy')).toBe('false'))

function ask(text: string, options: TestOptions = {}): TestBox {
  const test = mountBox(options)
  test.box.open(text)
  return test
}

const active = (test: TestBox) => test.input.getAttribute('aria-activedescendant')

test('the first letter is answered by keywords while meaning is still loading', async () => {
  const loading = gate()
  const test = mountBox({ onLoad: () => loading.passed })
  test.box.open()
  await userEvent.keyboard('c')
  await answered(test)
  expect(test.find('.status').dataset['tone']).toBe('busy')
  loading.open()
  await vi.waitFor(() => expect(test.find('.status').dataset['tone']).toBe('good'))
})

test('the field is a combobox over a list of options, and keeps the focus', async () => {
  const test = ask('cancel')
  await settled(test)
  const { input } = test
  expect(input.getAttribute('role')).toBe('combobox')
  expect(input.getAttribute('aria-expanded')).toBe('true')
  expect(test.find(`#${input.getAttribute('aria-controls')}`).getAttribute('role')).toBe('listbox')
  expect(active(test), 'nothing is active before the first arrow').toBeNull()
  await userEvent.keyboard('{ArrowDown}')
  expect(test.find(`#${active(test)}`).getAttribute('aria-selected')).toBe('true')
  expect(test.shadow.activeElement).toBe(input)
})

test('arrows walk pages and their sections; Home, End and Page keys jump; typing leaves the list', async () => {
  const test = ask('cancel')
  await settled(test)
  await userEvent.keyboard('{Home}')
  expect(active(test), 'without an active option Home belongs to the text').toBeNull()
  await userEvent.keyboard('{ArrowDown}{ArrowDown}')
  expect(test.activeText()).toBe('Deadlines')
  await userEvent.keyboard('{End}')
  const last = test.activeText()
  await userEvent.keyboard('{ArrowDown}')
  expect(test.activeText()).toBe(last)
  await userEvent.keyboard('{Home}')
  expect(test.activeText()).toBe('Cancelling requests')
  await userEvent.keyboard('{PageDown}{PageUp}')
  expect(test.activeText()).toBe('Cancelling requests')
  await userEvent.keyboard('{ArrowUp}')
  expect(active(test)).toBeNull()
  await userEvent.keyboard('{ArrowUp}')
  expect(test.activeText()).toBe(last)
  await userEvent.keyboard('s')
  expect(active(test)).toBeNull()
})

test('keys that an input method is using are not ours', async () => {
  const test = ask('cancel')
  await settled(test)
  const press = (init: KeyboardEventInit) =>
    test.input.dispatchEvent(
      new KeyboardEvent('keydown', { bubbles: true, cancelable: true, composed: true, ...init }),
    )
  for (const key of ['ArrowDown', 'Enter', 'Escape']) {
    expect(press({ key, isComposing: true })).toBe(true)
    expect(press({ key, keyCode: 229 })).toBe(true)
  }
  expect(active(test)).toBeNull()
  expect(test.input.value).toBe('cancel')
})

/** Clicks on links, as the page sees them, without leaving it. */
function followed(): string[] {
  const links: string[] = []
  addEventListener(
    'click',
    (event) => {
      const link = event
        .composedPath()
        .find((node): node is HTMLAnchorElement => node instanceof HTMLAnchorElement)
      if (!link) return
      links.push(
        `${link.href.replace(location.origin, '')}${event.ctrlKey ? ' ctrl' : ''}${event.shiftKey ? ' shift' : ''}`,
      )
      event.preventDefault()
    },
    { signal: life.signal, capture: true },
  )
  return links
}

test('Enter follows the first hit, or the active one, with its modifier keys, and closes the box', async () => {
  const links = followed()
  const test = ask('cancel request')
  await settled(test)
  await userEvent.keyboard('{Control>}{Enter}{/Control}')
  expect(test.box.opened, 'a new tab leaves the box where it is').toBe(true)
  await userEvent.keyboard('{ArrowDown}{ArrowDown}{Enter}')
  expect(links).toEqual(['/docs/cancel.html ctrl', '/docs/cancel.html#deadlines'])
  await vi.waitFor(() => expect(test.box.opened).toBe(false))
})

test('a click nobody handles goes to the marked words; the link itself keeps its plain address', async () => {
  const test = ask('signal')
  await settled(test)
  let aimed = ''
  const link = test.find<HTMLAnchorElement>('.page')
  const plain = link.href
  test.box.addEventListener('click', () => {
    // The box aims in the last listener of the window, and has added it by now.
    window.addEventListener(
      'click',
      (event) => {
        aimed = link.href
        event.preventDefault()
      },
      { once: true },
    )
  })
  link.click()
  expect(aimed).toBe(`${plain}#:~:text=Pass%20an%20abort%20signal%20to%20a%20request%20to`)
  await vi.waitFor(() => expect(link.href).toBe(plain))
})

test('a page can follow hits itself', async () => {
  const test = ask('signal')
  await settled(test)
  const urls: string[] = []
  test.box.addEventListener('lateen-select', (event) => {
    urls.push(event.detail.url)
    event.preventDefault()
  })
  await userEvent.keyboard('{ArrowDown}{Enter}')
  expect(urls).toEqual([new URL('/docs/cancel.html', location.href).href])
})

test('fused results take the place of keyword results while the reader has not moved', async () => {
  const meaning = gate()
  const documents = [
    { id: 'a', title: 'Alpha', text: 'query query' },
    { id: 'b', title: 'Beta', text: 'halt cancel query' },
    { id: 'c', title: 'Gamma', text: 'halt cancel' },
  ]
  const test = ask('query cancel', { documents, beforeMeaning: () => meaning.passed })
  await vi.waitFor(() => expect(test.titles()).toEqual(['Beta', 'Alpha', 'Gamma']))
  meaning.open()
  await vi.waitFor(() => expect(test.titles()).toEqual(['Beta', 'Gamma', 'Alpha']))
  expect(test.shadow.querySelector('.related-head')).toBeNull()
})

const moves: Readonly<Record<string, (test: TestBox) => Promise<void> | void>> = {
  'an arrow key': () => userEvent.keyboard('{ArrowDown}'),
  'the pointer over the list': (test) => userEvent.hover(test.find('.page')),
  'a touch': (test) =>
    void test.find('.page').dispatchEvent(new TouchEvent('touchstart', { bubbles: true, composed: true })),
  async 'scrolling by hand'(test) {
    await new Promise((resolve) => setTimeout(resolve, 250))
    test.find('.body').dispatchEvent(new Event('scroll'))
  },
}
test.each(Object.keys(moves))(
  'after %s hits keep their places and related ones follow in a group',
  async (name) => {
    const meaning = gate()
    const test = ask('cancel', { beforeMeaning: () => meaning.passed, sections: {} })
    await vi.waitFor(() => expect(test.titles()).toEqual(['Cancelling requests', 'Fetching data']))
    await moves[name]!(test)
    const before = active(test)
    meaning.open()
    await vi.waitFor(() =>
      expect(test.titles()).toEqual(['Cancelling requests', 'Fetching data', 'Timeouts and retries']),
    )
    expect(test.find('.related-head').nextElementSibling!.getAttribute('aria-label')).toBe(
      'Related by meaning: Timeouts and retries',
    )
    expect(active(test)).toBe(before)
    await vi.waitFor(() =>
      expect(test.all('[role=status]').map((voice) => voice.textContent)).toContain('1 related result added'),
    )
  },
)

test('what an index says is shown as text and never becomes markup or a script address', async () => {
  const test = ask('text', {
    documents: [
      {
        id: 'evil',
        title: '<img src=x onerror=alert(1)>',
        text: 'text <script>alert(2)</script>',
        url: 'javascript:alert(3)',
      },
      { id: 'data', title: 'Data text', text: 'text', url: 'data:text/html,x' },
    ],
  })
  await settled(test)
  expect(test.find('.list').textContent).toContain('<img src=x onerror=alert(1)>')
  expect(test.shadow.querySelector('.list :is(img, script, a[href])')).toBeNull()
  expect(test.all('mark').map((mark) => mark.textContent)).toContain('text')
  await userEvent.keyboard('{ArrowDown}{Enter}')
  expect(test.box.opened).toBe(true)
})

test('addresses are resolved against the root of the site', async () => {
  const documents = [{ id: 'a', title: 'text', text: 'text', url: 'guide/#top' }]
  const test = ask('text', { documents, attributes: { index: '/base/lateen/' } })
  await settled(test)
  expect(test.find<HTMLAnchorElement>('.page').href).toBe(`${location.origin}/base/guide/#top`)
  test.box.setAttribute('site-root', '/elsewhere')
  await vi.waitFor(() =>
    expect(test.find<HTMLAnchorElement>('.page').href).toBe(`${location.origin}/elsewhere/guide/#top`),
  )
})

test('only the language of the page is searched, until the reader asks for all', async () => {
  const test = ask('abbrechen', { documents: [...SITE, GERMAN] })
  await vi.waitFor(() => expect(test.find('.message').textContent).toMatch(/No results for “abbrechen”/))
  expect(test.find('.message-title bdi').textContent).toBe('“abbrechen”')
  test.find('.message .plain').click()
  await vi.waitFor(() => expect(test.titles()).toEqual(['Anfragen abbrechen']))
  const all = mountBox({ documents: [...SITE, GERMAN], attributes: { 'all-languages': '', index: '/all/' } })
  all.box.open('abbrechen')
  await vi.waitFor(() => expect(all.titles()).toEqual(['Anfragen abbrechen']))
})

test('filters are check boxes with counts; any value of a key will do', async () => {
  const onQuery = vi.fn()
  const test = ask('request', { attributes: { filters: 'section,tag:Tags' }, onQuery })
  await settled(test)
  expect(test.find('.filters').hidden).toBe(true)
  test.find('.filter-toggle').click()
  expect(test.all('.filters legend').map((legend) => legend.textContent)).toEqual(['Section', 'Tags'])
  expect(test.all('.filter').map((label) => label.textContent)).toEqual([
    'API 2',
    'Guide 3',
    'basics 3',
    'howto 3',
    'reference 2',
  ])
  test.all('.filter input')[0]!.click()
  await vi.waitFor(() => expect(test.titles()).toEqual(['Request options', 'Error codes']))
  expect(test.find('.filter-count').textContent).toBe('1')
  test.all('.filter input')[1]!.click()
  await vi.waitFor(() => expect(test.titles().length).toBeGreaterThan(2))
  expect(onQuery.mock.lastCall![1].filters).toEqual({ section: { any: ['API', 'Guide'] } })
  test.find('.filter-clear').click()
  await vi.waitFor(() => expect(test.find('.filter-count').hidden).toBe(true))
})

test('followed questions are remembered, chosen again, and taken away one by one or all', async () => {
  followed()
  const test = ask('cancel')
  await settled(test)
  await userEvent.keyboard('{Enter}')
  test.box.open('fetching')
  await settled(test)
  await userEvent.keyboard('{Enter}')
  const again = mountBox()
  test.box.remove()
  again.box.open()
  const recent = () => again.all('.recent .title').map((title) => title.textContent)
  expect(recent()).toEqual(['fetching', 'cancel'])
  await userEvent.keyboard('{ArrowDown}{ArrowDown}{Enter}')
  expect(again.input.value).toBe('cancel')
  await answered(again)
  await userEvent.keyboard('{Escape}{ArrowDown}{Delete}')
  expect(recent()).toEqual(['cancel'])
  again.find('.list-clear').click()
  expect(recent()).toEqual([])
})

test('remembering can be switched off', async () => {
  followed()
  const test = ask('cancel', { attributes: { recent: '0' } })
  await settled(test)
  await userEvent.keyboard('{Enter}')
  expect(Object.keys(localStorage)).toEqual([])
})

test('every hit explains itself, by keyboard, and the way back leads to where the reader was', async () => {
  const test = ask('halt')
  await vi.waitFor(() => expect(test.titles()).toContain('Cancelling requests'))
  await settled(test)
  await userEvent.keyboard('{ArrowDown}{ArrowDown}')
  const before = active(test)
  await userEvent.keyboard('{ArrowRight}')
  await vi.waitFor(() => expect(test.shadow.querySelector('.heat-passage')).not.toBeNull())
  expect(test.shadow.activeElement).toBe(test.find('.back'))
  expect(test.find('.why-summary').textContent).toContain('“halt” met')
  expect(test.find('.why-table').textContent).toContain('halt')
  await userEvent.keyboard('{Escape}')
  expect(test.shadow.activeElement).toBe(test.input)
  expect(active(test)).toBe(before)
  expect(test.box.opened).toBe(true)
  test.find('.why-button').click()
  await vi.waitFor(() => expect(test.shadow.querySelector('.heat-passage')).not.toBeNull())
})

test('the strongest match of a long passage is in sight at once', async () => {
  const text = `${'Nothing of interest here. '.repeat(200)}The word is cancel.`
  const test = ask('cancel', { documents: [{ id: 'long', title: 'Long', text }] })
  await settled(test)
  test.find('.why-button').click()
  await vi.waitFor(() => expect(test.shadow.querySelector('.heat-passage')).not.toBeNull())
  expect(test.find('.why-body').scrollTop).toBeGreaterThan(0)
  const { bottom } = test.find('.why-body').getBoundingClientRect()
  expect(test.find('.is-match').getBoundingClientRect().bottom).toBeLessThan(bottom)
})

test('where text runs from right to left the other arrow explains', async () => {
  document.documentElement.dir = 'rtl'
  try {
    const test = ask('cancel')
    await settled(test)
    await userEvent.keyboard('{ArrowDown}{ArrowRight}')
    expect(test.find('.why-pane').hidden).toBe(true)
    await userEvent.keyboard('{ArrowLeft}')
    expect(test.find('.why-pane').hidden).toBe(false)
  } finally {
    document.documentElement.dir = ''
  }
})

test('results of an older question are marked as such until the new answer is there', async () => {
  const slow = gate()
  let waits = 0
  const test = ask('c', { beforeMeaning: async () => (waits++ > 0 ? slow.passed : undefined) })
  await settled(test)
  await userEvent.keyboard('{End}xz')
  await vi.waitFor(() => expect(test.find('.summary').textContent).toBe('Searching…'))
  expect(test.find('.list').getAttribute('aria-busy')).toBe('true')
  await userEvent.keyboard('{Enter}')
  expect(test.box.opened, 'an old hit is not followed for a new question').toBe(true)
  slow.open()
  await vi.waitFor(() => expect(test.find('.message').textContent).toMatch(/No results for “cxz”/))
})

test('a question is cut at 512 characters', () => {
  const test = mountBox()
  test.box.open('x'.repeat(600))
  expect(test.input.value).toHaveLength(512)
  expect(test.input.maxLength).toBe(512)
})
