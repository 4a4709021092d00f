import { expect, test } from '@playwright/test'
import { makeDebianSite, missingSite } from './debian-site.ts'
import { firefox, webkit } from './engines.ts'
import { STRICT_POLICY } from './search-box.ts'
import { serveFolder } from './server.ts'

/** Waits in the page until a condition holds; answers what it holds. */
const until = (condition: string, what: string) => `
  const deadline = performance.now() + 90_000
  for (;;) {
    const value = (() => { ${condition} })()
    if (value) return value
    if (performance.now() > deadline) throw new Error('never: ${what}; status: ' + (document.querySelector('#status-text') ?? document.querySelector('lateen-search')?.shadowRoot)?.textContent)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }`

/** Waits for what a look into the box returns; answers a property of it, or what a call of it answers. */
const inBox = (look: string, what: string, then?: string) => `
  const found = await (async () => { ${until(`const box = document.querySelector('lateen-search'); const $ = (selector) => box?.shadowRoot?.querySelector(selector); ${look}`, what)} })()
  return ${then ? `found.${then} ?? null` : 'typeof found === "string" ? found : true'}`

/** In `inBox`: the link of a hit. */
const hitAbout = (pattern: string) =>
  `return [...(box?.shadowRoot?.querySelectorAll('[role=option]') ?? [])].map((option) => option.closest('a') ?? option.querySelector('a')).find((link) => link && /${pattern}/.test(link.textContent))`

/** In the field: what typing does. */
const TYPE = `{ const found = $('input'); if (!found) return; found.value = QUERY; found.dispatchEvent(new InputEvent('input', { bubbles: true })); return true }`
const type = (query: string) => inBox(TYPE.replace('QUERY', JSON.stringify(query)), 'there is a field')

let site: string | undefined

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

  test(`${engine.name}: search of a site under a strict policy: keywords, meaning, a question, a hit`, async () => {
    test.skip(engine.missing !== undefined, engine.missing)
    test.skip(missingSite !== undefined, missingSite)
    site ??= makeDebianSite('git-engines', { attributes: 'offline' })
    const host = await serveFolder(site, {
      base: '/docs/',
      headers: { 'content-security-policy': STRICT_POLICY },
    })
    const page = await engine.open()
    try {
      await page.goto(host.url)
      await page.run(inBox(`return $('button')`, 'the button is there', 'click()'))
      await page.run(
        inBox(`return $('dialog')?.open && box.shadowRoot.activeElement === $('input')`, 'the box is open'),
      )
      await page.run(type('bisect run'))
      const keyword = await page.run<string>(
        inBox(hitAbout('git-bisect'), 'keywords have found something', 'textContent'),
      )
      expect(keyword).toContain('git-bisect')
      const state = await page.run<string>(
        inBox(
          `const text = $('[part=status]').textContent; return /words and meaning|unavailable/.test(text) && text`,
          'meaning is ready',
        ),
      )
      expect(state).toContain('Searching by words and meaning')
      await page.run(type('how do I throw away my last commit but keep the changes'))
      await page.run(
        inBox(hitAbout('git-reset|git-revert|git-restore'), 'a question is answered', 'textContent'),
      )
      await page.run(type('--keep-index'))
      const address = await page.run<string>(inBox(hitAbout('git-stash'), 'the option is found', 'href'))
      expect(address).toMatch(/\/docs\/git-stash\.html#/)
      // Leaving the page must not overtake the answer.
      await page.run(
        `const box = document.querySelector('lateen-search'); const link = (() => { ${hitAbout('git-stash')} })(); setTimeout(() => link.click(), 100)`,
      )
      // A script that runs while the page changes has no answer.
      const at = () =>
        page.run<string>(`return document.readyState === 'complete' ? location.href : ''`).catch(() => '')
      await expect.poll(at, { timeout: 20_000 }).toContain('/docs/git-stash.html#')
      expect(
        await page.run(`return document.getElementById(decodeURIComponent(location.hash.slice(1))) !== null`),
      ).toBe(true)
    } finally {
      await page.close()
      await host.close()
    }
  })
}
