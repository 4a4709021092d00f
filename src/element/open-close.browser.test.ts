import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { LateenSearch } from './lateen-search.ts'
import { gate, handsOn, mountBox, type TestBox } from './test-box.ts'

beforeEach(async () => {
  await page.viewport(1280, 860)
  localStorage.clear()
  document.documentElement.lang = 'en'
  document.body.replaceChildren()
})
afterEach(() => {
  document.body.replaceChildren()
  getSelection()?.removeAllRanges()
})

const dialog = ({ find }: TestBox) => find<HTMLDialogElement>('dialog')
const opened = (test: TestBox) => vi.waitFor(() => expect(dialog(test).open).toBe(true))
const closed = (test: TestBox) => vi.waitFor(() => expect(dialog(test).open).toBe(false))
const focused = ({ box }: TestBox) => document.activeElement === box && box.shadowRoot?.activeElement

/** A key as a page sees it; the default action is the browser's. */
function press(init: KeyboardEventInit, target: EventTarget = document.body): KeyboardEvent {
  const event = new KeyboardEvent('keydown', { bubbles: true, cancelable: true, composed: true, ...init })
  target.dispatchEvent(event)
  return event
}

test('nothing is opened or fetched before the reader shows intent', async () => {
  const onOpenSearch = vi.fn()
  const test = mountBox({ onOpenSearch })
  expect(dialog(test).open).toBe(false)
  expect(onOpenSearch).not.toHaveBeenCalled()
  test.find('.trigger').click()
  await vi.waitFor(() => expect(onOpenSearch).toHaveBeenCalledOnce())
})

test('the trigger opens a modal dialog with a name, and the focus comes back to it', async () => {
  const test = mountBox()
  test.find('.trigger').focus()
  test.find('.trigger').click()
  await opened(test)
  expect(dialog(test).matches(':modal')).toBe(true)
  expect(dialog(test).getAttribute('aria-label')).toBe('Search this site')
  expect(focused(test)).toBe(test.input)
  await userEvent.keyboard('{Escape}')
  await closed(test)
  await vi.waitFor(() => expect(focused(test)).toBe(test.find('.trigger')))
})

test('Control-K opens and closes, with Caps Lock and from within a text field too', async () => {
  const test = mountBox()
  const text = document.createElement('input')
  document.body.append(text)
  text.focus()
  expect(press({ key: 'K', ctrlKey: true, code: 'KeyK' }, text).defaultPrevented).toBe(true)
  await opened(test)
  press({ key: 'k', ctrlKey: true, code: 'KeyK' }, test.input)
  await closed(test)
  await vi.waitFor(() => expect(document.activeElement).toBe(text))
  expect(press({ key: 'л', ctrlKey: true, code: 'KeyK' }).defaultPrevented).toBe(true)
})

test('a slash opens only where it would not be typed', async () => {
  const test = mountBox()
  const text = document.createElement('textarea')
  const editable = Object.assign(document.createElement('div'), { contentEditable: 'true', tabIndex: 0 })
  document.body.append(text, editable)
  for (const target of [text, editable]) expect(press({ key: '/' }, target).defaultPrevented).toBe(false)
  expect(dialog(test).open).toBe(false)
  // On many keyboards it takes Shift.
  expect(press({ key: '/', shiftKey: true }).defaultPrevented).toBe(true)
  await opened(test)
  expect(test.input.value).toBe('')
})

test('shortcuts can be others or none, and the trigger says which', () => {
  const test = mountBox({ attributes: { shortcut: 'mod+shift+f' } })
  expect(test.find('.trigger').getAttribute('aria-keyshortcuts')).toBe('Control+Shift+F')
  expect(test.find('.trigger kbd').textContent).toBe('Ctrl Shift F')
  expect(press({ key: 'k', ctrlKey: true }).defaultPrevented).toBe(false)
  expect(press({ key: 'F', ctrlKey: true, shiftKey: true }).defaultPrevented).toBe(true)
  const quiet = mountBox({ attributes: { shortcut: 'none' } })
  expect(quiet.find('.trigger').hasAttribute('aria-keyshortcuts')).toBe(false)
  test.box.remove()
  expect(press({ key: '/' }).defaultPrevented).toBe(false)
})

test('of several boxes the first answers a shortcut, and an opener names the one it wants', async () => {
  const first = mountBox()
  const second = mountBox({ attributes: { id: 'other', index: '/other/' } })
  press({ key: '/' })
  await opened(first)
  expect(dialog(second).open).toBe(false)
  first.box.close()
  await closed(first)
  const opener = Object.assign(document.createElement('button'), { textContent: 'Find' })
  opener.dataset['lateenOpen'] = 'other'
  document.body.append(opener)
  opener.focus()
  opener.click()
  await opened(second)
  expect(dialog(first).open).toBe(false)
  second.box.close()
  await closed(second)
  await vi.waitFor(() => expect(document.activeElement).toBe(opener))
})

test('Escape clears a question first, then closes; in an empty field it closes at once', async () => {
  const test = mountBox()
  test.box.open('cancel')
  await vi.waitFor(() => expect(test.titles()).not.toEqual([]))
  await userEvent.keyboard('{Escape}')
  expect(test.input.value).toBe('')
  expect(dialog(test).open).toBe(true)
  await userEvent.keyboard('{Escape}')
  await closed(test)
})

test('a click on the backdrop closes, a drag that ends there does not', async () => {
  const test = mountBox()
  test.box.open()
  await opened(test)
  const point = (type: string, target: Element) =>
    target.dispatchEvent(new PointerEvent(type, { bubbles: true, composed: true }))
  point('pointerdown', test.input)
  point('click', dialog(test))
  expect(dialog(test).open).toBe(true)
  point('pointerdown', dialog(test))
  point('click', dialog(test))
  await closed(test)
})

test('the page behind does not scroll while the box is open', async () => {
  const test = mountBox()
  test.box.open()
  expect(getComputedStyle(document.documentElement).overflow).toBe('hidden')
  test.box.close()
  await vi.waitFor(() => expect(document.documentElement.style.overflow).toBe(''))
})

test('a short selection of the page becomes the question, a long one does not', async () => {
  const text = Object.assign(document.createElement('p'), { textContent: 'cancel\n  request' })
  document.body.append(text)
  const test = mountBox()
  getSelection()!.selectAllChildren(text)
  press({ key: '/' })
  await opened(test)
  expect(test.input.value).toBe('cancel request')
  expect(test.input.selectionEnd).toBe('cancel request'.length)
  test.box.close()
  await closed(test)
  text.textContent = 'word '.repeat(40)
  getSelection()!.selectAllChildren(text)
  press({ key: '/' })
  await opened(test)
  expect(test.input.value, 'the question is kept between openings').toBe('cancel request')
})

test('prefilling can be switched off', async () => {
  const text = Object.assign(document.createElement('p'), { textContent: 'cancel' })
  document.body.append(text)
  const test = mountBox({ attributes: { prefill: 'off' } })
  getSelection()!.selectAllChildren(text)
  test.box.open()
  expect(test.input.value).toBe('')
})

test('pages hear when it opens, closes, is asked, answers and changes its state', async () => {
  const heard: string[] = []
  const types = ['lateen-open', 'lateen-query', 'lateen-hits', 'lateen-state', 'lateen-close'] as const
  for (const type of types)
    document.body.addEventListener(type, () => heard.push(type), { signal: AbortSignal.timeout(5_000) })
  const test = mountBox()
  test.box.open('cancel')
  await vi.waitFor(() => expect(heard).toContain('lateen-hits'))
  test.box.close()
  await vi.waitFor(() => expect(heard).toContain('lateen-close'))
  expect(new Set(heard)).toEqual(new Set(types))
  expect(test.box.query).toBe('cancel')
  expect(test.box.hits.map(({ id }) => id)).toContain('cancel.html')
})

test('properties set before the element is known are adopted', async () => {
  // What a framework does with an element whose script has not arrived.
  const late = class extends LateenSearch {}
  const early = Object.assign(document.createElement('late-search'), {
    query: 'early',
    strings: { search: 'Find' },
  }) as LateenSearch
  early.setAttribute('index', '/nowhere/')
  document.body.append(early)
  customElements.define('late-search', late)
  expect(early.query).toBe('early')
  expect(early.shadowRoot!.querySelector('.trigger-label')!.textContent).toBe('Find')
})

test('a box that is moved keeps question, answer, engine and place on top', async () => {
  const onOpenSearch = vi.fn()
  const onClose = vi.fn()
  const test = mountBox({ onOpenSearch, onClose })
  test.box.open('cancel')
  await vi.waitFor(() => expect(test.titles()).not.toEqual([]))
  const place = document.createElement('main')
  document.body.append(place)
  place.append(test.box)
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(dialog(test).matches(':modal')).toBe(true)
  expect(test.titles()).toContain('Cancelling requests')
  await userEvent.keyboard('{ArrowDown}')
  expect(test.activeText()).toBe('Cancelling requests')
  expect(onOpenSearch).toHaveBeenCalledOnce()
  expect(onClose).not.toHaveBeenCalled()
})

test('a box that is gone for good closes its engine and listens no more', async () => {
  const onClose = vi.fn()
  const test = mountBox({ onClose })
  test.box.open('cancel')
  await vi.waitFor(() => expect(test.titles()).not.toEqual([]))
  test.box.remove()
  await vi.waitFor(() => expect(onClose).toHaveBeenCalledOnce(), { timeout: 3_000 })
  expect(document.documentElement.style.overflow).toBe('')
  expect(press({ key: '/' }).defaultPrevented).toBe(false)
})

test('boxes over one index share an engine', async () => {
  const onOpenSearch = vi.fn()
  const one = mountBox({ onOpenSearch })
  const two = document.createElement('lateen-search')
  two.setAttribute('index', '/site/lateen')
  two.createSearch = one.box.createSearch
  document.body.append(two)
  one.box.open('cancel')
  await vi.waitFor(() => expect(one.titles()).not.toEqual([]))
  one.box.close()
  two.open('cancel')
  await vi.waitFor(() => expect(handsOn(two).titles()).not.toEqual([]))
  expect(onOpenSearch).toHaveBeenCalledOnce()
})

test('in the page it is a field with results below it', async () => {
  const test = mountBox({ attributes: { mode: 'inline' } })
  expect(test.shadow.querySelector('dialog, .trigger')).toBeNull()
  expect(getComputedStyle(test.find('.footer')).display).toBe('none')
  press({ key: '/' })
  expect(focused(test)).toBe(test.input)
  await userEvent.keyboard('cancel')
  await vi.waitFor(() => expect(test.titles()).not.toEqual([]))
  expect(getComputedStyle(test.find('.footer')).display).toBe('flex')
  await userEvent.keyboard('{Escape}')
  expect(test.input.value).toBe('')
  await userEvent.keyboard('{Escape}')
  expect(document.activeElement).toBe(document.body)
})

test('a change of attributes or language is shown, and what was asked stays', async () => {
  const waiting = gate()
  const test = mountBox({ onLoad: () => waiting.passed })
  test.box.open('cancel')
  await vi.waitFor(() => expect(test.titles()).not.toEqual([]))
  test.box.setAttribute('lang', 'de')
  await vi.waitFor(() => expect(test.find('.summary').textContent).toMatch(/Treffer/))
  expect(test.input.value).toBe('cancel')
  expect(dialog(test).open).toBe(true)
  test.box.setAttribute('placeholder', 'Wonach?')
  await vi.waitFor(() => expect(test.input.placeholder).toBe('Wonach?'))
})
