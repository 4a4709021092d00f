import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, type Page, test } from '@playwright/test'
import { field, hits, trigger } from './search-box.ts'
import { serveFolder } from './server.ts'
import { BASE, build, type DevServer, type Project, setUp, startDev } from './site-projects.ts'

interface Site {
  readonly name: string
  /** Program of the framework, below node_modules. */
  readonly program: string
  readonly build: readonly string[]
  readonly dev: (port: string) => readonly string[]
  /** Where a build goes. */
  readonly out: string
  /** A page to start from, below the base. */
  readonly start: string
  /** The section of the lamp page that tells how to change its bulb. */
  readonly bulb: RegExp
  /** Source of the tides page. */
  readonly tides: string
}

const listen = (port: string) => ['--port', port, '--host', '127.0.0.1']

const SITES: readonly Site[] = [
  {
    name: 'vite',
    program: 'vite/bin/vite.js',
    build: ['build'],
    dev: (port) => [...listen(port), '--strictPort'],
    out: 'dist',
    start: 'tides.html',
    bulb: /\/harbour\/lamp\/#changing-the-bulb/,
    tides: 'tides.html',
  },
  {
    name: 'eleventy',
    program: '@11ty/eleventy/cmd.cjs',
    build: [],
    dev: (port) => ['--serve', `--port=${port}`],
    out: '_site',
    start: 'tides/',
    bulb: /\/harbour\/lamp\/#changing-the-bulb/,
    tides: 'pages/tides.md',
  },
  {
    name: 'astro',
    program: 'astro/astro.js',
    build: ['build'],
    dev: (port) => ['dev', ...listen(port)],
    out: 'dist',
    start: 'tides/',
    bulb: /\/harbour\/lamp\/#changing-the-bulb/,
    tides: 'src/pages/tides.md',
  },
  {
    name: 'vitepress',
    program: 'vitepress/bin/vitepress.js',
    build: ['build'],
    dev: (port) => ['dev', ...listen(port)],
    out: '.vitepress/dist',
    start: 'tides.html',
    bulb: /\/harbour\/lamp\.html#changing-the-bulb/,
    tides: 'water/tides.md',
  },
  {
    name: 'docusaurus',
    program: '@docusaurus/core/bin/docusaurus.mjs',
    build: ['build', '--no-minify'],
    dev: (port) => ['start', ...listen(port), '--no-open'],
    out: 'build',
    start: 'tides/',
    bulb: /\/harbour\/lamp\/#changing-the-bulb/,
    tides: 'docs/tides.md',
  },
]

/** Added to the tides page while it is served. */
const NEWS = 'The foghorn sounds every ninety seconds'

async function ask(page: Page, question: string) {
  await trigger(page).click()
  await field(page).fill(question)
}

/** What the browser complains about while a page is used. */
function errorsOf(page: Page): string[] {
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(String(error)))
  return errors
}

for (const site of SITES) {
  test.describe(site.name, () => {
    let project: Project

    test.beforeAll(async () => {
      test.setTimeout(300_000)
      project = await setUp(site.name)
    })

    test.beforeEach(() => {
      test.setTimeout(240_000)
      test.skip(project.missing !== undefined, project.missing)
    })

    test(`a site built with ${site.name} has its search: every page the box, hits lead to their headings`, async ({
      page,
    }) => {
      const said = await build(project, site.program, site.build)
      // Neither pages for what is not there, nor those that ask to be left out.
      expect(said).toContain('4 pages, 9 passages')
      const host = await serveFolder(join(project.folder, site.out), { base: BASE })
      const errors = errorsOf(page)
      try {
        await page.goto(`${host.url}${site.start}`)
        await expect(page.locator('lateen-search')).toHaveCount(1)
        await ask(page, 'bulb')
        const hit = hits(page).filter({ hasText: 'Changing the bulb' }).first()
        await expect(hit).toBeVisible({ timeout: 30_000 })
        await hit.click()
        await expect(page).toHaveURL(site.bulb)
        await expect(page.locator('#changing-the-bulb')).toBeVisible()
        await expect(page.locator('lateen-search')).toHaveCount(1)
        expect(errors).toEqual([])
      } finally {
        await host.close()
      }
    })

    test(`the dev server of ${site.name} finds pages, and new words after an edit`, async ({ page }) => {
      let server: DevServer | undefined
      try {
        server = await startDev(project, site.program, site.dev)
        const errors = errorsOf(page)
        await page.goto(`${server.url}${site.start}`)
        await expect(page.locator('lateen-search')).toHaveCount(1)
        expect(server.output(), 'the index is built when somebody asks').not.toContain('building the search')
        await ask(page, 'bulb')
        const hit = hits(page).filter({ hasText: 'Changing the bulb' }).first()
        await expect(hit).toBeVisible({ timeout: 60_000 })
        expect(errors).toEqual([])

        // Leaves first: a page that its server reloads would get in the way of going elsewhere.
        await page.goto('about:blank')
        const source = join(project.folder, site.tides)
        writeFileSync(source, readFileSync(source, 'utf8').replace('twice a day', `twice a day. ${NEWS}`))
        // The server may reload the page in the middle of a question: then it is asked again.
        page.setDefaultTimeout(10_000)
        await expect(async () => {
          await page.goto(server!.url)
          await ask(page, 'foghorn')
          await expect(hits(page).filter({ hasText: 'foghorn' }).first()).toBeVisible({ timeout: 10_000 })
        }).toPass({ timeout: 60_000 })

        await hits(page).filter({ hasText: 'foghorn' }).first().click()
        await expect(page.locator('p', { hasText: NEWS }).first()).toBeVisible()
      } catch (error) {
        throw new Error(`${error instanceof Error ? error.message : error}\n\n${server?.output()}`, {
          cause: error,
        })
      } finally {
        server?.close()
      }
    })
  })
}
