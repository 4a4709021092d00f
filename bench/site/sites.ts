/** The real sites that search is measured on: packages of Debian, copied so that a search can be put into them. */
import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'

const DOC = process.env['LATEEN_SITES'] ?? '/usr/share/doc'
const COPIES = 'bench/out/site'

export interface Site {
  readonly name: string
  /** File of fixtures/questions; absent for a site that only bytes are measured on. */
  readonly questions?: string
  /** Folder of the copy. */
  readonly folder: string
  readonly pages: number
  /** Typed into a search box. */
  readonly typed: string
  /** What holds the content of a page, told to every engine. */
  readonly rootSelector?: string
}

interface Source {
  readonly name: string
  readonly from: string
  readonly questions?: string
  /** Every n-th page, so that this many are left. */
  readonly most?: number
  readonly typed: string
  readonly rootSelector?: string
}

const SOURCES: readonly Source[] = [
  {
    name: 'python',
    from: 'python3.11/html',
    questions: 'python',
    typed: 'temporary directory',
    rootSelector: '[role="main"]',
  },
  { name: 'git', from: 'git/html', questions: 'git', typed: 'interactive rebase' },
  {
    name: 'postgresql',
    from: 'postgresql-doc-15/html',
    questions: 'postgresql',
    typed: 'partitioned tables',
  },
  { name: 'postgresql-400', from: 'postgresql-doc-15/html', most: 400, typed: 'partitioned tables' },
]

/** Copies the pages of the sites that are at hand. Earlier copies, with what was built in them, are removed. */
export async function copySites(names: readonly string[] = SOURCES.map(({ name }) => name)): Promise<Site[]> {
  const sites: Site[] = []
  for (const { from, most, ...source } of SOURCES) {
    const root = join(DOC, from)
    if (!names.includes(source.name) || !existsSync(root)) continue
    const folder = join(COPIES, source.name)
    await rm(folder, { recursive: true, force: true })
    const pages = everyNth(await pagesBelow(root), most)
    for (const page of pages) {
      await mkdir(dirname(join(folder, page)), { recursive: true })
      await cp(join(root, page), join(folder, page), { dereference: true })
    }
    sites.push({ ...source, folder, pages: pages.length })
  }
  return sites
}

async function pagesBelow(root: string): Promise<string[]> {
  const names = (await readdir(root, { recursive: true })).filter((name) => name.endsWith('.html'))
  return names.sort()
}

function everyNth<T>(list: readonly T[], most: number = list.length): T[] {
  const count = Math.min(most, list.length)
  return Array.from({ length: count }, (_, i) => list[Math.floor((i * list.length) / count)]!)
}
