/** `lateen/eleventy`: an Eleventy plugin. */
import type { SitePage } from '../site/pages.ts'
import { basePath, below } from './addresses.ts'
import type { DevIndex, Middleware } from './dev.ts'
import { createHost, type LateenOptions } from './host.ts'
import { inject } from './inject.ts'

export type { LateenOptions } from './host.ts'

// The few shapes of Eleventy that are used; the package does not depend on it.
export interface EleventyConfig {
  addTransform(
    name: string,
    transform: (this: { readonly page?: { readonly outputPath?: unknown } }, content: unknown) => unknown,
  ): unknown
  on(event: 'eleventy.after', listener: (after: EleventyAfter) => Promise<void>): unknown
  getFilter(name: 'url'): (url: string) => string
  setServerOptions(options: { middleware: readonly unknown[] }): unknown
}

export interface EleventyAfter {
  readonly dir: { readonly output: string }
  readonly runMode: 'build' | 'serve' | 'watch'
  readonly incremental?: boolean
  readonly results: readonly {
    readonly url: string | false
    readonly outputPath: string | false
    readonly content: unknown
  }[]
}

/**
 * Pages get the search box as they are rendered. After a build they are indexed; while Eleventy serves, the index
 * is built from what was rendered last, when a reader first asks for it.
 */
export default function lateen(eleventy: EleventyConfig, options: LateenOptions = {}): void {
  const host = createHost(options)
  // Only known when a page is rendered: the path prefix may come from the command line.
  const base = () => basePath(options.base ?? eleventy.getFilter('url')('/'))
  const rendered = new Map<string, SitePage>()
  let dev: DevIndex | undefined

  if (host.script) {
    eleventy.addTransform('lateen', function (content) {
      const isPage = typeof content === 'string' && String(this.page?.outputPath).endsWith('.html')
      return isPage ? inject(content, { src: host.entry(base()), element: host.box }) : content
    })
  }

  eleventy.on('eleventy.after', async ({ dir, runMode, results, incremental }) => {
    if (runMode === 'build') return host.index({ site: dir.output, base: base() })
    if (!incremental) rendered.clear()
    for (const { url, outputPath, content } of results) {
      if (!url || typeof content !== 'string' || !String(outputPath).endsWith('.html')) continue
      const address = below('/', url)
      rendered.set(url, { path: address, url: address, source: content, format: 'html' })
    }
    dev ??= host.dev({ root: '.', base: base(), pages: () => rendered.values() })
    dev.stale()
  })

  const middleware: Middleware = (request, response, next) =>
    dev ? dev.middleware(request, response, next) : next()
  // Eleventy adds it to those that are set already.
  eleventy.setServerOptions({ middleware: [middleware] })
}
