/** Pagefind: its own binary makes the index, its own script searches it in Chromium. */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { close, createIndex } from 'pagefind'
import type { Browser } from 'playwright'
import { countingServer } from './server.ts'
import type { Site } from './sites.ts'
import { DEPTH, pagesOf, type System } from './system.ts'

export const PAGEFIND_FOLDER = 'pagefind'

export interface PagefindBuild {
  readonly buildSeconds: number
  /** Of the index, its fragments and its list of pages, as they are stored (gzip inside). */
  readonly indexBytes: number
}

/** Writes `<site>/pagefind`. */
export async function buildPagefind({ folder, rootSelector }: Site): Promise<PagefindBuild> {
  const outputPath = join(folder, PAGEFIND_FOLDER)
  const startMs = performance.now()
  const { index, errors } = await createIndex({
    forceLanguage: 'en',
    ...(rootSelector ? { rootSelector } : {}),
  })
  if (!index) throw new Error(errors.join(' '))
  const read = await index.addDirectory({ path: folder })
  const written = await index.writeFiles({ outputPath })
  const buildSeconds = (performance.now() - startMs) / 1000
  await close()
  const problems = [...read.errors, ...written.errors]
  if (problems.length > 0) throw new Error(problems.join(' '))
  return { buildSeconds, indexBytes: await indexBytes(outputPath) }
}

async function indexBytes(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true })
  const own = names.filter((name) => /\.(pf_index|pf_fragment|pf_meta|pf_filter)$/.test(name))
  const sizes = await Promise.all(own.map(async (name) => (await stat(join(folder, name))).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}

/** Searches through `pagefind.js` in a page, as a site with an interface of its own would. */
export async function openPagefind(
  { folder }: Site,
  browser: Browser,
): Promise<System & { close(): Promise<void> }> {
  const server = await countingServer(folder, 'raw', { '/empty.html': '<!doctype html>' })
  const page = await browser.newPage()
  await page.goto(`${server.url}/empty.html`)
  return {
    name: 'Pagefind',
    async rank(query) {
      // As text: a function would be changed by whatever compiled this file.
      const call = `(async () => {
        const { search } = await import('/${PAGEFIND_FOLDER}/pagefind.js')
        const { results } = await search(${JSON.stringify(query)})
        const first = results.slice(0, ${DEPTH})
        return (await Promise.all(first.map((result) => result.data()))).map(({ url }) => url)
      })()`
      return pagesOf(await page.evaluate<string[]>(call))
    },
    async close() {
      await page.close()
      await server.close()
    },
  }
}
