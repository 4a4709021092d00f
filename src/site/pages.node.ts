/** The pages of a site in a folder. */
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { glob } from 'tinyglobby'
import { LateenError } from '../errors.ts'
import { formatOf } from '../text/file.ts'
import type { SitePage } from './pages.ts'
import type { SkippedPage } from './report.ts'

export interface PagePathsOptions {
  /** Files to read, as glob patterns relative to the folder. @default `**\/*.{html,htm}` */
  readonly glob?: string | readonly string[]
  /** Files and folders to leave out, as glob patterns: the folder of the index, for example. */
  readonly exclude?: readonly string[]
}

/** Dependencies are never pages; neither are files and folders whose names begin with a dot. */
const NEVER = ['**/node_modules/**']

/** Pages one at a time, in the order of `paths`, and files that cannot be read: nothing is kept. */
export async function* readPages(
  folder: string,
  paths: readonly string[],
): AsyncGenerator<SitePage | SkippedPage> {
  for (const path of paths) {
    try {
      const source = await readFile(join(folder, path))
      yield { path, source, format: formatOf(path) === 'markdown' ? 'markdown' : 'html' }
    } catch (error) {
      yield { path, reason: 'unreadable', detail: error instanceof Error ? error.message : String(error) }
    }
  }
}

/** Paths of the pages of a folder, with `/` between folders, in an order that is the same everywhere. */
export async function pagePaths(folder: string, options: PagePathsOptions = {}): Promise<string[]> {
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
