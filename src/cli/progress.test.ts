import { PassThrough } from 'node:stream'
import { afterEach, expect, test, vi } from 'vitest'
import { progressDisplay, titled } from './progress.ts'

afterEach(() => {
  vi.useRealTimers()
})

function stream(isTTY: boolean) {
  const through = new PassThrough()
  const written: string[] = []
  through.on('data', (chunk) => written.push(String(chunk)))
  const terminal = Object.assign(through, { isTTY, columns: 80, clearLine() {}, cursorTo() {} })
  return { terminal: terminal as unknown as NodeJS.WriteStream, text: () => written.join('') }
}

const report = (done: number) =>
  titled({ job: 'indexing', stage: 'encode', done, total: 2000, unit: 'passages', remainingMs: 61_400 })

test('without a terminal a line is written now and then, in words', () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  const { terminal, text } = stream(false)
  const display = progressDisplay(terminal)
  display.show(report(1))
  vi.advanceTimersByTime(6000)
  display.show(report(1200))
  display.show(report(1201))
  expect(text()).toBe('Indexing (encode): 1,200 of 2,000 passages, 62 s left\n')
})

test('on a terminal a bar is drawn and removed', () => {
  const { terminal, text } = stream(true)
  const display = progressDisplay(terminal)
  display.show(report(500))
  display.show(report(1000))
  display.end()
  expect(text()).toContain('Indexing (encode)')
  expect(text()).toMatch(/50 %/)
  expect(text().endsWith('\n')).toBe(false)
})

test('what is finished at once gets no bar', () => {
  const { terminal, text } = stream(true)
  const display = progressDisplay(terminal)
  display.show(report(2000))
  display.end()
  expect(text()).toBe('')
})
