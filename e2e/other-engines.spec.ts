import { expect, test } from '@playwright/test'
import { firefox, webkit } from './engines.ts'
import { serveFolder } from './server.ts'

/** Waits in the page until a condition holds; answers what it holds. */
const until = (condition: string, what: string) => `
  const deadline = performance.now() + 90_000
  for (;;) {
    const value = (() => { ${condition} })()
    if (value) return value
    if (performance.now() > deadline) throw new Error('never: ${what}; status: ' + document.querySelector('#status-text')?.textContent)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }`

for (const engine of [firefox, webkit]) {
  test(`${engine.name}: first visit, search, explain, on WebAssembly`, async () => {
    test.skip(engine.missing !== undefined, engine.missing)
    const host = await serveFolder('dist/site')
    const page = await engine.open()
    try {
      await page.goto(`${host.url}demo/`)
      await page.run(`
        const input = document.querySelector('#query')
        input.value = 'does anything I type leave my computer'
        input.dispatchEvent(new InputEvent('input', { bubbles: true }))`)
      const ready = await page.run<string>(
        until(
          `const text = document.querySelector('#status-text').textContent; return text.includes('words and meaning') && text`,
          'meaning is ready',
        ),
      )
      expect(ready).toContain('words and meaning')
      const first = await page.run<string>(
        until(`return document.querySelector('#hits')?.textContent`, 'hits are shown'),
      )
      expect(first.toLowerCase()).toContain('privacy')
      await page.run(
        `[...document.querySelectorAll('#hits button')].find((b) => b.textContent.includes('Why')).click()`,
      )
      const explained = await page.run<string>(
        until(
          `const mark = document.querySelector('#inspector[open] .heat-9, #inspector[open] [class*="heat-"]'); return mark && mark.textContent`,
          'the heat map is shown',
        ),
      )
      expect(explained.length).toBeGreaterThan(0)
    } finally {
      await page.close()
      await host.close()
    }
  })
}
