/** `lateen/astro`: an Astro integration. */
import { fileURLToPath } from 'node:url'
import { basePath } from './addresses.ts'
import { crawl } from './crawl.ts'
import { serveOn, type ViteServer } from './dev.ts'
import { createHost, type LateenOptions } from './host.ts'
import { ELEMENT, ENTRY } from './inject.ts'

export type { LateenOptions } from './host.ts'

// The few shapes of Astro that are used; the package does not depend on it.
export interface AstroConfig {
  readonly base: string
  readonly root: URL
  readonly trailingSlash: 'always' | 'never' | 'ignore'
}

interface AstroLogger {
  info(message: string): void
}

export interface AstroRoute {
  readonly type: string
  /** Set when the route has no parameters. */
  readonly pathname?: string | undefined
}

export interface LateenAstroIntegration {
  readonly name: string
  readonly hooks: {
    'astro:config:setup'(setup: {
      readonly command: string
      readonly injectScript: (stage: 'page', content: string) => void
      readonly config: AstroConfig
      readonly logger: AstroLogger
    }): void
    'astro:config:done'(done: { readonly config: AstroConfig }): void
    'astro:routes:resolved'(resolved: { readonly routes: readonly AstroRoute[] }): void
    'astro:server:setup'(setup: { readonly server: ViteServer; readonly logger: AstroLogger }): void
    'astro:build:done'(done: { readonly dir: URL; readonly logger: AstroLogger }): Promise<void>
  }
}

/**
 * After a build the pages in Astro's output (with an adapter: its client folder) are indexed and get the search
 * box. On the dev server the pages are the routes without parameters and all that links lead to from there.
 */
export default function lateen(options: LateenOptions = {}): LateenAstroIntegration {
  let config: AstroConfig
  let say: (line: string) => void = console.info
  const seeds = new Set<string>()
  const host = createHost(options, (line) => say(line))
  const base = () => basePath(options.base ?? config.base)
  return {
    name: 'lateen',
    hooks: {
      'astro:config:setup'({ command, injectScript, config: early, logger }) {
        config = early
        say = (line) => logger.info(line)
        // Built pages get plain tags instead, which a strict policy allows.
        if (command === 'dev' && host.script) injectScript('page', devScript(host.entry(base()), host.box))
      },
      'astro:config:done'({ config: final }) {
        config = final
      },
      'astro:routes:resolved'({ routes }) {
        seeds.clear()
        const slash = config.trailingSlash === 'always' ? '/' : ''
        for (const { type, pathname } of routes) {
          if (type === 'page' && pathname) seeds.add(`${base()}${pathname.slice(1)}${slash}`)
        }
      },
      'astro:server:setup'({ server }) {
        const pages = (origin: string, signal: AbortSignal) => crawl({ origin, base: base(), seeds, signal })
        serveOn(server, host.dev({ root: fileURLToPath(config.root), base: base(), pages }))
      },
      async 'astro:build:done'({ dir }) {
        const site = {
          site: fileURLToPath(dir),
          base: base(),
          dropSlash: config.trailingSlash === 'never',
        }
        await host.tag(site)
        await host.index(site)
      },
    },
  }
}

/** Astro renders pages in dev without a hook for their HTML, but runs a script on each of them. */
function devScript(src: string, box: boolean): string {
  const script = `
if (!document.querySelector('script[src$="/${ENTRY}"]')) {
  const script = document.createElement('script')
  script.type = 'module'
  script.src = ${JSON.stringify(src)}
  document.head.append(script)
}
`
  if (!box) return script
  return `${script}
if (!document.querySelector('${ELEMENT}')) {
  const box = document.createElement('${ELEMENT}')
  box.setAttribute('mode', 'floating')
  document.body.append(box)
}
`
}
