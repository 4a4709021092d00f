import { afterEach, expect, test, vi } from 'vitest'
import type { LateenSearch } from './lateen-search.ts'
import { handsOn, mountBox } from './test-box.ts'

afterEach(() => document.body.replaceChildren())

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'"

/** A page with a strict policy, in a frame; its module scripts come from the server of this test. */
async function strictPage(): Promise<{ page: Document; violations: string[] }> {
  const frame = document.createElement('iframe')
  const script = new URL('./register.ts', import.meta.url).pathname
  frame.srcdoc = `<!doctype html><html lang="en"><meta http-equiv="Content-Security-Policy" content="${POLICY}"><title>Strict</title>
    <body><main></main><script type="module" src="${script}"></script></body></html>`
  document.body.append(frame)
  await new Promise((resolve) => frame.addEventListener('load', resolve, { once: true }))
  // Vitest rewrites dynamic imports to go through this.
  Object.assign(frame.contentWindow!, {
    __vitest_browser_runner__: { wrapDynamicImport: (load: () => unknown) => load() },
  })
  const page = frame.contentDocument!
  const violations: string[] = []
  page.addEventListener('securitypolicyviolation', (event) => {
    // The development server brings a script of its own along.
    if (!event.sourceFile.includes('@vite/client'))
      violations.push(`${event.effectiveDirective} ${event.sourceFile}`)
  })
  await frame.contentWindow!.customElements.whenDefined('lateen-search')
  return { page, violations }
}

test('a policy without inline styles and with Trusted Types is no obstacle to anything the box shows', async () => {
  const { page, violations } = await strictPage()
  const box = page.createElement('lateen-search') as LateenSearch
  box.setAttribute('index', '/site/lateen/')
  box.setAttribute('filters', 'section')
  const source = mountBox()
  box.createSearch = source.box.createSearch
  source.box.remove()
  page.querySelector('main')!.append(box)
  box.open('cancel')
  const strict = handsOn(box)
  await vi.waitFor(() => expect(strict.titles()).toContain('Cancelling requests'))
  expect(strict.find<HTMLDialogElement>('dialog').matches(':modal')).toBe(true)
  expect(getComputedStyle(strict.find('.panel')).display, 'the style sheet is in force').toBe('flex')
  strict.find('.why-button').click()
  await vi.waitFor(() => expect(strict.shadow.querySelector('.heat-passage')).not.toBeNull(), {
    timeout: 10_000,
  })
  expect(getComputedStyle(strict.find('.heat-9')).backgroundColor).not.toBe('rgba(0, 0, 0, 0)')
  expect(strict.all('[style]').map((element) => element.className)).toEqual(
    strict.all('.chip-bar').map((element) => element.className),
  )
  expect(violations).toEqual([])
})
