/** What every plugin is made of: its options, the build, the tags, the index of the dev server. */
import { readFile, writeFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { glob } from 'tinyglobby'
import { isLateenError, LateenError } from '../errors.ts'
import type { SiteBuildOptions, SiteReport } from '../site/build-site.node.ts'
import { defaultCacheFolder } from '../site/cache-folder.node.ts'
import type { SitePage } from '../site/pages.ts'
import { basePath, isRelative, wayTo, withoutSlash } from './addresses.ts'
import { type DevIndex, devIndex } from './dev.ts'
import { ENTRY, inject } from './inject.ts'

/** Options of every plugin: those of a build, but what is built, and where to, is the host's to say. */
export interface LateenOptions
  extends Omit<SiteBuildOptions, 'site' | 'pages' | 'out' | 'runtime' | 'signal'> {
  /**
   * What is put into the pages: the script and a search box; the script alone, for pages that place
   * `<lateen-search>` themselves; or nothing.
   *
   * @default true
   */
  readonly inject?: boolean | 'script'
  /** Folder of the index, directly below the site. @default 'lateen' */
  readonly subdir?: string
  /** Says nothing when all is well. @default false */
  readonly quiet?: boolean
}

/** A finished site on disk. */
export interface BuiltSite {
  /** Folder of the pages. */
  readonly site: string
  /** The host's own base: a path, or relative for a site that may lie anywhere. */
  readonly base: string
  /** The site's links leave out `.html`. */
  readonly cleanUrls?: boolean
  /** The site's links leave out the slash at the end. */
  readonly dropSlash?: boolean
  /** Whether a page belongs into the index, by its address relative to the site. Default: all do. */
  readonly include?: (address: string) => boolean
}

export interface DevSite {
  /** Folder of the project. */
  readonly root: string
  readonly base: string
  /** The pages as they are now; `origin` is where the dev server listens. */
  readonly pages: (origin: string, signal: AbortSignal) => Iterable<SitePage> | AsyncIterable<SitePage>
}

export interface Host {
  /** Folder of the index below the site. */
  readonly subdir: string
  /** Whether the script belongs into pages. */
  readonly script: boolean
  /** Whether the search box does. */
  readonly box: boolean
  /** Address of the script on a site under `base`. */
  entry(base: string): string
  /** Puts the tags into every page of a built site. */
  tag(site: BuiltSite): Promise<void>
  /** Builds the index of a built site. That there is no page with text is told, not thrown. */
  index(site: BuiltSite): Promise<void>
  dev(site: DevSite): DevIndex
}

/** Where the lines of a plugin go: the log of its host, where that says whose they are. */
export type Say = (line: string) => void

/** @throws LateenError `bad-argument` for an option no plugin can use; those of a build are checked by it */
export function createHost(
  options: LateenOptions = {},
  say: Say = (line) => console.info(`lateen: ${line}`),
): Host {
  const { inject: wanted = true, subdir = 'lateen', quiet = false, ...build } = options
  if (!/^[\w-][\w.-]*$/.test(subdir)) {
    throw new LateenError(
      'bad-argument',
      `Expected subdir as the name of a folder directly below the site, like 'lateen', found ${JSON.stringify(subdir)}.`,
    )
  }
  if (wanted !== true && wanted !== false && wanted !== 'script') {
    throw new LateenError(
      'bad-argument',
      `Expected inject to be true, 'script' or false, found ${JSON.stringify(wanted)}.`,
    )
  }
  const script = wanted !== false
  const box = wanted === true

  async function run(change: Pick<SiteBuildOptions, 'out'> & Partial<SiteBuildOptions>): Promise<void> {
    // Loaded when it is needed: a plugin must not slow down the start of its host.
    const { buildSite } = await import('../site/build-site.node.ts')
    const report = await buildSite({ ...build, ...change })
    for (const warning of report.warnings) say(warning)
    if (!quiet) say(summary(report))
  }

  const entry = (base: string) => `${basePath(base)}${subdir}/${ENTRY}`

  return {
    subdir,
    script,
    box,
    entry,

    async tag({ site, base }) {
      if (!script) return
      for (const page of await glob('**/*.html', { cwd: site, ignore: [`${subdir}/**`] })) {
        const file = join(site, page)
        const html = await readFile(file, 'utf8')
        const src = isRelative(base) ? wayTo(page, `${subdir}/${ENTRY}`) : entry(base)
        const tagged = inject(html, { src, element: box })
        if (tagged !== html) await writeFile(file, tagged)
      }
    },

    async index(built) {
      const { site, cleanUrls } = built
      try {
        const enrich = enricher(built, build.enrich)
        await run({
          site,
          out: join(site, subdir),
          enrich,
          ...(cleanUrls === undefined ? {} : { cleanUrls }),
        })
      } catch (error) {
        if (!isLateenError(error, 'bad-document')) throw error
        say(`nothing to search in ${shown(site)} yet. ${error.message}`)
      }
    },

    dev({ root, base, pages }) {
      const cache = build.cache || defaultCacheFolder(root)
      return devIndex({
        path: `${basePath(base)}${subdir}/`,
        folder: `${cache}-dev`,
        async parts() {
          const [{ runtimeFolder }, { bundledModel, namedModel }, { nodeModelSource }] = await Promise.all([
            import('../site/runtime-output.node.ts'),
            import('../encode/load.node.ts'),
            import('../model/source.node.ts'),
          ])
          // A model of a Hub lies where building the index stores it.
          const { folder } = await nodeModelSource(namedModel(build.model))
          return { runtime: runtimeFolder(), model: folder ?? bundledModel() }
        },
        writeIndex(out, origin, signal) {
          if (!quiet) say('building the search index…')
          const found = pages(origin, signal)
          return run({
            pages: found,
            out,
            base: basePath(base),
            cache: build.cache ?? cache,
            runtime: false,
            signal,
          })
        },
        onError: (error) => say(`no new index. ${error instanceof Error ? error.message : error}`),
      })
    },
  }
}

/** What the host knows of its pages comes before what the site's own hook makes of them. */
function enricher(
  { base, dropSlash = false, include = () => true }: BuiltSite,
  own: SiteBuildOptions['enrich'],
): NonNullable<SiteBuildOptions['enrich']> {
  return (document) => {
    if (!include(document.id)) return null
    const styled = dropSlash ? { ...document, url: withoutSlash(document.url, basePath(base)) } : document
    return own ? own(styled) : styled
  }
}

function summary({ pages, passages, reused, bytes, out, seconds }: SiteReport): string {
  const known = reused > 0 ? ` (${count(reused)} known)` : ''
  return `${count(pages.length)} pages, ${count(passages)} passages${known}, ${kilobytes(bytes.total)} in ${shown(out)}, ${seconds.toFixed(1)} s`
}

const count = (value: number) => value.toLocaleString('en')
const kilobytes = (bytes: number) => `${count(Math.ceil(bytes / 1000))} KB`

/** A folder as seen from where the host was started. */
const shown = (folder: string) => relative(process.cwd(), folder).split(sep).join('/') || '.'
