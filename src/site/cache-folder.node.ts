import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

/**
 * Where vectors of earlier builds are kept: with the other caches of the project the site belongs to,
 * which hosts keep between builds, else beside the site.
 */
export function defaultCacheFolder(site: string): string {
  const start = resolve(site)
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return join(folder, 'node_modules', '.cache', 'lateen')
    if (folder === dirname(folder)) return join(dirname(start), '.lateen-cache')
  }
}
