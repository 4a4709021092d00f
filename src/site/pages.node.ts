/** The pages of a site in a folder. */
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { glob } from 'tinyglobby'
import { LateenError } from '../errors.ts'
import { formatOf } from '../text/file.ts'
import type { SitePage } from './pages.ts'

export interface ReadSiteOptions {
  /** Files to read, as glob patterns relative to the folder. @default `**\/*.{html,htm}` */
  readonly glob?: string | readonly string[]
  /** Files and folders to leave out, as glob patterns: the folder of the index, for example. */
  readonly exclude?: readonly string[]
}

/** Dependencies are never pages; neither are files and folders whose names begin with a dot. */
const NEVER = ['**/node_modules/**']

/**
 * Pages in the order of their paths, one at a time: what is read is not kept.
 *
 * @throws LateenError `bad-argument` when the folder is not there
 */
export async function* readSite(folder: string, options: ReadSiteOptions = {}): AsyncGenerator<SitePage> {
  for (const path of await pagePaths(folder, options)) {
    const format = formatOf(path) === 'markdown' ? 'markdown' : 'html'
    yield { path, source: await readFile(join(folder, path)), format }
  }
}

/** Paths of the pages of a folder, with `/` between folders, in an order that is the same everywhere. */
export async function pagePaths(folder: string, options: ReadSiteOptions = {}): Promise<string[]> {
  const { glob: patterns = '**/*.{html,htm}', exclude = [] } = options
  const found = await stat(folder).catch(() => undefined)
  if (!found?.isDirectory()) {
    throw new LateenError(
      'bad-argument',
      `Expected the folder of a built site, found ${found ? 'a file' : 'nothing'} at "${folder}". Build the site first.`,
    )
  }
  const paths = await glob([patterns].flat(), {
    cwd: folder,
    ignore: [...NEVER, ...exclude],
    caseSensitiveMatch: false,
    expandDirectories: true,
  })
  return paths.sort()
}
