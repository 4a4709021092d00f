/**
 * A real site to search: pages of Debian's git-doc package, with the two lines a site owner adds, indexed by
 * the command a site owner runs.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const GIT_DOC = '/usr/share/doc/git/html'

/** Enough pages that neighbours compete for a question, few enough to be encoded in seconds. */
const PAGES = `git-add git-rebase git-merge git-commit git-push git-pull git-stash git-reset git-restore
  git-checkout git-switch git-branch git-tag git-blame git-bisect git-clone git-worktree git-rm git-clean
  git-cherry-pick git-revert git-reflog git-gc gitignore gitglossary gitfaq gittutorial`
  .split(/\s+/)
  .map((name) => `${name}.html`)

/** Why the stories cannot run here; undefined when they can. */
export const missingSite = existsSync(GIT_DOC) ? undefined : `no git-doc package: nothing in ${GIT_DOC}`

export interface DebianSiteOptions {
  /** Attributes of the element. */
  readonly attributes?: string
  /** Of `<html>`. @default 'en' */
  readonly lang?: string
}

/** Copies, adds the two lines, indexes. @returns the folder to serve */
export function makeDebianSite(
  name: string,
  { attributes = '', lang = 'en' }: DebianSiteOptions = {},
): string {
  const folder = join('.cache', 'sites', name)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const page of PAGES) {
    const html = readFileSync(join(GIT_DOC, page), 'utf8')
    writeFileSync(join(folder, page), withSearch(html, attributes, lang))
  }
  cpSync(join(folder, 'gittutorial.html'), join(folder, 'index.html'))
  cpSync('public/favicon.svg', join(folder, 'favicon.svg'))
  // Manual pages are not made for phones; a site with a viewport would be.
  writeFileSync(
    join(folder, 'site.css'),
    'body { overflow-wrap: anywhere } pre, table { overflow-x: auto; display: block }\n',
  )
  writeFileSync(
    join(folder, 'offline.js'),
    "import { registerServiceWorker } from './lateen/offline.js'\nawait registerServiceWorker('./service-worker.js')\n",
  )
  const built = spawnSync(
    process.execPath,
    ['bin/lateen.js', 'index', folder, '--cache', '.cache/embeddings', '--json'],
    { encoding: 'utf8' },
  )
  if (built.status !== 0) throw new Error(`lateen index failed: ${built.stderr}`)
  cpSync(join(folder, 'lateen/service-worker.js'), join(folder, 'service-worker.js'))
  return folder
}

/** What a site owner adds, without inline code: the copies must work under a strict policy. */
function withSearch(html: string, attributes: string, lang: string): string {
  return html
    .replace(/<html[^>]*>/, `<html xmlns="http://www.w3.org/1999/xhtml" lang="${lang}">`)
    .replace(/<style[\s\S]*?<\/style>/g, '')
    .replace(/<script[\s\S]*?<\/script>/g, '')
    .replace(/ style="[^"]*"/g, '')
    .replace(
      '</head>',
      '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="favicon.svg"><link rel="stylesheet" href="site.css"></head>',
    )
    .replace(
      /<\/body>/,
      `<lateen-search ${attributes}></lateen-search>
<script type="module" src="lateen/lateen-search.js"></script>
<script type="module" src="offline.js"></script>
</body>`,
    )
}
