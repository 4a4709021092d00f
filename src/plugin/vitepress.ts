/** `lateen/vitepress`: a plugin for the `vite.plugins` of a VitePress config. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LateenError } from '../errors.ts'
import type { SitePage } from '../site/pages.ts'
import { addressOfPath } from '../site/pages-address.ts'
import { serveOn, type ViteServer } from './dev.ts'
import { createHost, type Host, type LateenOptions } from './host.ts'
import { ELEMENT } from './inject.ts'

export type { LateenOptions } from './host.ts'

type HeadTag = [string, Record<string, string>]

interface PageData {
  /** Path of the source below `srcDir`, after rewrites. */
  readonly relativePath: string
  readonly frontmatter: Readonly<Record<string, unknown>>
}

// The few shapes of VitePress that are used; the package does not depend on it.
export interface VitePressSite {
  readonly srcDir: string
  readonly outDir: string
  readonly cleanUrls: boolean
  readonly pages: readonly string[]
  readonly dynamicRoutes?: {
    readonly routes: readonly {
      readonly path: string
      readonly fullPath: string
      readonly content?: string
    }[]
  }
  readonly rewrites: { readonly map: Readonly<Record<string, string | undefined>> }
  readonly site: { readonly base: string; head: HeadTag[] }
  readonly logger: { info(message: string): void }
  transformPageData?: ((data: PageData, context: unknown) => unknown) | undefined
  buildEnd?: ((site: VitePressSite) => unknown) | undefined
}

export interface LateenVitePressPlugin {
  readonly name: string
  readonly enforce: 'pre'
  configResolved(config: { readonly vitepress?: VitePressSite }): void
  configureServer(server: ViteServer): void
  resolveId(id: string): string | undefined
  load(id: string): string | undefined
}

/** A module that renders the search box where the default theme has its own. */
const NAV_SEARCH = '\0lateen-nav-search'
const NAV_SEARCH_MODULE = `import { h } from 'vue'\nexport default { render: () => h('${ELEMENT}') }\n`

/** Parts of a rendered page that are not its text. */
const FURNITURE = [
  '.VPDocFooter',
  '.VPDocAside',
  '.VPDocOutlineDropdown',
  '.header-anchor',
  '.line-numbers-wrapper',
]

/**
 * After a build the rendered pages are indexed. On the dev server, whose pages are empty shells, the Markdown
 * sources are. With `inject: true` the search box takes the place of the one in the navigation bar of the
 * default theme; pages whose front matter says `search: false` are left out.
 */
export default function lateen(options: LateenOptions = {}): LateenVitePressPlugin {
  let site: VitePressSite | undefined
  const excluded = new Set<string>()
  const host = createHost(
    { ...options, excludeSelectors: [FURNITURE, options.excludeSelectors ?? []].flat(2) },
    (line) => site?.logger.info(`lateen: ${line}`),
  )
  return {
    name: 'lateen',
    enforce: 'pre',
    configResolved({ vitepress }) {
      if (!vitepress) throw notVitePress()
      // Resolved once for the browser and once for rendering, over the same site.
      if (site === vitepress) return
      site = vitepress
      attach(site, host, excluded)
    },
    configureServer(server) {
      const { srcDir, site: data } = site!
      serveOn(server, host.dev({ root: srcDir, base: data.base, pages: () => sources(site!) }))
    },
    resolveId: (id) => (host.box && id.endsWith('/VPNavBarSearch.vue') ? NAV_SEARCH : undefined),
    load: (id) => (id === NAV_SEARCH ? NAV_SEARCH_MODULE : undefined),
  }
}

/** Script into the head of every page, index at the end of the build. */
function attach(site: VitePressSite, host: Host, excluded: Set<string>): void {
  const { transformPageData, buildEnd } = site
  const { base } = site.site
  if (host.script) site.site.head.push(['script', { type: 'module', src: host.entry(base) }])
  site.transformPageData = (data, context) => {
    if (data.frontmatter['search'] === false) excluded.add(addressOf(site, data.relativePath))
    return transformPageData?.(data, context)
  }
  site.buildEnd = async (built) => {
    await buildEnd?.(built)
    await host.index({
      site: site.outDir,
      base,
      cleanUrls: site.cleanUrls,
      include: (address) => !excluded.has(address),
    })
  }
}

/** The Markdown of every page, at the address VitePress gives it. */
async function* sources(site: VitePressSite): AsyncIterable<SitePage> {
  const { pages, rewrites, dynamicRoutes, srcDir } = site
  const made = new Map(dynamicRoutes?.routes.map((route) => [route.path, route]))
  for (const page of pages) {
    const route = made.get(page)
    const source = await readFile(route?.fullPath ?? join(srcDir, page), 'utf8').catch(() => undefined)
    // Deleted since the list was made; the next index will know.
    if (source === undefined) continue
    const path = rewrites.map[page] ?? page
    yield {
      path,
      url: addressOf(site, path),
      source:
        route?.content === undefined ? source : source.replace('<!-- @content -->', () => route.content!),
      format: 'markdown',
    }
  }
}

/** Of a page whose source lies there after rewrites, relative to the site. */
const addressOf = ({ cleanUrls }: VitePressSite, source: string) =>
  addressOfPath(source.replace(/\.md$/, '.html'), { cleanUrls })

const notVitePress = () =>
  new LateenError(
    'bad-argument',
    'Expected to run in VitePress, found another Vite site. Use lateen/vite there, or move the plugin to vite.plugins of .vitepress/config.',
  )
