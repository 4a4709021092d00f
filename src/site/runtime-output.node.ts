/** The browser runtime of this package as a site serves it. */
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LateenError } from '../errors.ts'
import type { OutputFile } from './output-files.node.ts'

/** The module a page loads. */
export const SCRIPT = 'lateen-search.js'
const RUNTIME = join('dist', 'browser')

/** @throws LateenError `bad-argument` when the package has no runtime */
export async function runtimeOutput(): Promise<OutputFile[]> {
  const folder = runtimeFolder()
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort()
  return Promise.all(
    paths.map(async (path) => ({
      path: path.split(sep).join('/'),
      bytes: await readFile(join(folder, path)),
    })),
  )
}

/** The folder of the built runtime, above the sources as above the built files. Fails with `bad-argument`. */
export function runtimeFolder(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const runtime = join(folder, RUNTIME)
    if (existsSync(join(runtime, SCRIPT))) return runtime
    if (folder === dirname(folder)) break
  }
  throw new LateenError(
    'bad-argument',
    `Expected the browser runtime in ${RUNTIME} of the package, found no ${SCRIPT} there. Install the package again, build it with npm run build, or leave the runtime out.`,
  )
}
