/** axe-core on a page. Its script comes in through the debugger, which no content security policy forbids. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from '@playwright/test'
import type { AxeResults } from 'axe-core'

const script = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** The violations at and below the first element that matches `selector`, as readable lines. */
export async function axeViolations(page: Page, selector: string): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(script)
  const { violations } = await page.evaluate((root) => {
    const { axe } = globalThis as unknown as { axe: { run(root: Element): Promise<AxeResults> } }
    return axe.run(document.querySelector(root)!)
  }, selector)
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
}
