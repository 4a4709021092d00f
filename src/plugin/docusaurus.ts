/** `lateen/docusaurus`: a Docusaurus plugin. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { SitePage } from '../site/pages.ts'
import { below } from './addresses.ts'
import type { DevIndex, Middleware } from './dev.ts'
import { createHost, type LateenOptions } from './host.ts'
import { ELEMENT } from './inject.ts'

export type { LateenOptions } from './host.ts'

// The few shapes of Docusaurus that are used; the package does not depend on it.
export interface DocusaurusContext {
  readonly siteDir: string
  readonly generatedFilesDir: string
  readonly baseUrl: string
  readonly siteConfig: { readonly trailingSlash?: boolean | undefined }
  readonly i18n: { readonly currentLocale: string; readonly locales: readonly string[] }
}

interface HtmlTag {
  readonly tagName: string
  readonly attributes: Readonly<Record<string, string>>
}

interface NamedMiddleware {
  readonly name: string
  readonly middleware: Middleware
}

/** What plugins have loaded: by plugin, then by instance. */
export type AllContent = Readonly<Record<string, Readonly<Record<string, unknown>>>>

export interface LateenDocusaurusPlugin {
  readonly name: string
  getThemePath?(): string
  injectHtmlTags(): { readonly headTags: readonly HtmlTag[] }
  allContentLoaded(loaded: { readonly allContent: AllContent }): void
  configureWebpack(): { readonly devServer?: object }
  postBuild(built: { readonly outDir: string }): Promise<void>
}

/** Parts of a rendered page that are not its text. */
const FURNITURE = [
  '.theme-doc-breadcrumbs',
  '.theme-doc-toc-mobile',
  '.theme-doc-toc-desktop',
  '.theme-doc-footer',
  '.theme-doc-version-badge',
  '.pagination-nav',
  '.hash-link',
]

/** Takes the place of the theme's own component, which shows nothing. */
const SEARCH_BAR = `import { createElement } from 'react'
export default function SearchBar() {
  return createElement('${ELEMENT}')
}
`

/**
 * After the build of a locale its pages are indexed, below its own base URL. On the dev server, whose pages are
 * empty shells, the sources of docs, blog posts and Markdown pages are. With `inject: true` the search box stands
 * in the navigation bar, as `@theme/SearchBar`.
 */
export default function lateen(
  context: DocusaurusContext,
  options: LateenOptions = {},
): LateenDocusaurusPlugin {
  const { siteDir, baseUrl, siteConfig, i18n, generatedFilesDir } = context
  // Docusaurus adds the id of the plugin instance.
  const { id: _, ...own } = options as LateenOptions & { id?: string }
  const host = createHost({ ...own, excludeSelectors: [FURNITURE, own.excludeSelectors ?? []].flat(2) })
  const theme = join(generatedFilesDir, 'lateen-theme')
  let pages: readonly ContentPage[] = []
  let dev: DevIndex | undefined
  return {
    name: 'lateen',
    ...(host.box ? { getThemePath: () => writeTheme(theme) } : {}),
    injectHtmlTags: () => ({
      headTags: host.script
        ? [{ tagName: 'script', attributes: { type: 'module', src: host.entry(baseUrl) } }]
        : [],
    }),
    allContentLoaded({ allContent }) {
      pages = contentPages(allContent)
      dev?.stale()
    },
    configureWebpack() {
      dev ??= host.dev({ root: siteDir, base: baseUrl, pages: () => sources(context, pages) })
      const entry = { name: 'lateen', middleware: dev.middleware }
      const setupMiddlewares = (all: NamedMiddleware[]) => {
        // First of all: the dev server answers every address it does not know with the start page.
        all.unshift(entry)
        // Docusaurus has such a function too; it is called with the same list, and what both return is joined.
        return []
      }
      return { devServer: { setupMiddlewares } }
    },
    async postBuild({ outDir }) {
      const others = i18n.locales.filter((locale) => locale !== i18n.currentLocale)
      await host.index({
        site: outDir,
        base: baseUrl,
        ...(siteConfig.trailingSlash ? {} : { cleanUrls: true, dropSlash: true }),
        // The other languages of a site lie in folders of the first one and have their own index.
        include: (address) => !others.some((locale) => address.startsWith(`${locale}/`)),
      })
    },
  }
}

/** Among the generated files, so that React is found as the site's own components find it. */
function writeTheme(folder: string): string {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'SearchBar.js'), SEARCH_BAR)
  return folder
}

interface ContentPage {
  /** Path of the source, `@site` standing for the site's folder. */
  readonly source: string
  readonly permalink: string
  readonly title?: string
}

/** Docs of all versions, blog posts and Markdown pages; what is unlisted stays so. */
function contentPages(allContent: AllContent): ContentPage[] {
  const instances = (plugin: string) => Object.values(allContent[plugin] ?? {})
  return [
    ...instances('docusaurus-plugin-content-docs').flatMap((content) =>
      list(content, 'loadedVersions').flatMap((version) => list(version, 'docs')),
    ),
    ...instances('docusaurus-plugin-content-blog').flatMap((content) =>
      list(content, 'blogPosts').map((post) => (post as { readonly metadata?: unknown }).metadata),
    ),
    ...instances('docusaurus-plugin-content-pages').flatMap((content) =>
      Array.isArray(content) ? content : [],
    ),
  ].filter(isContentPage)
}

function list(value: unknown, key: string): readonly unknown[] {
  const found = (value as Readonly<Record<string, unknown>> | null | undefined)?.[key]
  return Array.isArray(found) ? found : []
}

function isContentPage(value: unknown): value is ContentPage {
  const page = value as Partial<Record<keyof ContentPage | 'unlisted' | 'draft', unknown>> | null | undefined
  return (
    typeof page?.source === 'string' &&
    typeof page.permalink === 'string' &&
    /\.mdx?$/.test(page.source) &&
    !page.unlisted
  )
}

async function* sources(
  { siteDir, baseUrl }: DocusaurusContext,
  pages: readonly ContentPage[],
): AsyncIterable<SitePage> {
  for (const { source, permalink } of pages) {
    const path = source.replace(/^@site\//, '')
    const text = await readFile(join(siteDir, path), 'utf8').catch(() => undefined)
    // Deleted since the content was loaded; the next index will know.
    if (text !== undefined) yield { path, url: below(baseUrl, permalink), source: text, format: 'markdown' }
  }
}
