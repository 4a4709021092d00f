/** `lateen/vite`: search for what Vite builds, and on its dev server. */
import { relative, resolve, sep } from 'node:path'
import { basePath } from './addresses.ts'
import { crawl } from './crawl.ts'
import { serveOn, type ViteServer } from './dev.ts'
import { createHost, type LateenOptions } from './host.ts'
import { inject } from './inject.ts'

export type { LateenOptions } from './host.ts'

// The few shapes of Vite that are used, so that the plugin fits any version of it.
export interface ViteConfig {
  readonly root: string
  readonly base: string
  readonly command: 'build' | 'serve'
  readonly build: {
    readonly outDir: string
    readonly ssr: boolean | string
    readonly rollupOptions?: { readonly input?: unknown }
    readonly rolldownOptions?: { readonly input?: unknown }
  }
  readonly logger: { info(message: string): void }
}

export interface LateenVitePlugin {
  readonly name: string
  readonly enforce: 'post'
  configResolved(config: ViteConfig): void
  configureServer(server: ViteServer): void
  readonly transformIndexHtml: { readonly order: 'post'; handler(html: string): string }
  readonly closeBundle: {
    readonly order: 'post'
    readonly sequential: true
    handler(this: unknown): Promise<void>
  }
}

/**
 * After a build the pages in `build.outDir` are indexed and get the search box. On the dev server the pages are
 * those that links lead to from the base, as the server renders them, and the HTML files among the inputs.
 */
export default function lateen(options: LateenOptions = {}): LateenVitePlugin {
  let config: ViteConfig
  const host = createHost(options, (line) => config.logger.info(`lateen: ${line}`))
  const base = () => options.base ?? config.base
  return {
    name: 'lateen',
    enforce: 'post',
    configResolved(resolved) {
      config = resolved
    },
    configureServer(server) {
      const at = basePath(base())
      const pages = (origin: string, signal: AbortSignal) => {
        const seeds = htmlInputs(config).map((path) => `${at}${path}`)
        return crawl({ origin, base: at, seeds, signal })
      }
      serveOn(server, host.dev({ root: config.root, base: at, pages }))
    },
    transformIndexHtml: {
      order: 'post',
      // Built pages get their tags when they are on disk: some are written by other hands than Vite's.
      handler: (html) =>
        config.command === 'serve' && host.script
          ? inject(html, { src: host.entry(base()), element: host.box })
          : html,
    },
    closeBundle: {
      order: 'post',
      sequential: true,
      async handler() {
        // Also called when a dev server closes, and once for each environment that is built.
        if (config.command !== 'build' || config.build.ssr || environmentOf(this) !== 'client') return
        const site = { site: resolve(config.root, config.build.outDir), base: base() }
        await host.tag(site)
        await host.index(site)
      },
    },
  }
}

/** Paths of the HTML files that are inputs of the build, below the root. */
function htmlInputs({ root, build }: ViteConfig): string[] {
  const input = (build.rolldownOptions ?? build.rollupOptions)?.input
  const files = typeof input === 'string' ? [input] : Object.values(input ?? {})
  return files
    .filter((file): file is string => typeof file === 'string' && file.endsWith('.html'))
    .map((file) => relative(root, resolve(root, file)).split(sep).join('/'))
}

/** Vite 5 builds for one environment and has no name for it. */
function environmentOf(context: unknown): string {
  return (
    (context as { readonly environment?: { readonly name: string } } | undefined)?.environment?.name ??
    'client'
  )
}
