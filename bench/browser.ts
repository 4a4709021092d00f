/** Runs the browser half of a bench. */
import { chromium } from 'playwright'
import { createServer } from 'vite'
import { CHROMIUM_ARGS, chromiumPath } from '../scripts/browsers.mjs'
import { root } from '../scripts/run.mjs'

/** Isolation makes `performance.now()` twenty times finer. */
const ISOLATION = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
}

export interface BrowserRun<T> {
  /** Name and version. */
  readonly browser: string
  readonly result: T
}

/**
 * Serves the sources, opens an empty page in Chromium, imports a module there and calls its `run`.
 *
 * @param module path below the repository root, e.g. `bench/maxsim-measure.ts`
 * @param args   handed to `run`; must survive JSON, as must what `run` returns
 */
export async function inChromium<T>(module: string, args: unknown): Promise<BrowserRun<T>> {
  const executablePath = chromiumPath()
  if (!executablePath) throw new Error('No Chrome or Chromium found; set CHROMIUM_PATH to its program.')
  const server = await createServer({
    root,
    configFile: false,
    appType: 'custom',
    logLevel: 'error',
    server: { host: '127.0.0.1', port: 0, headers: ISOLATION, hmr: false, watch: null },
    optimizeDeps: { exclude: ['onnxruntime-web'] },
    plugins: [
      {
        name: 'empty-page',
        configureServer({ middlewares }) {
          middlewares.use('/empty', (_request, response) => {
            response
              .writeHead(200, { 'Content-Type': 'text/html', ...ISOLATION })
              .end('<!doctype html><link rel="icon" href="data:,">')
          })
        },
      },
    ],
  })
  try {
    await server.listen()
    const address = server.httpServer?.address()
    if (!address || typeof address === 'string') throw new Error('The development server has no port.')
    const browser = await chromium.launch({ executablePath, args: CHROMIUM_ARGS })
    try {
      const page = await browser.newPage()
      page.on('console', (message) => {
        if (message.type() === 'error') console.error(`chromium: ${message.text()}`)
      })
      await page.goto(`http://127.0.0.1:${address.port}/empty`)
      // As text: a function would be changed by whatever compiled this file.
      const call = `import(${JSON.stringify(`/${module}`)}).then(({ run }) => run(${JSON.stringify(args)}))`
      const result: unknown = await page.evaluate(call)
      return { browser: `Chromium ${browser.version()}`, result: result as T }
    } finally {
      await browser.close()
    }
  } finally {
    await server.close()
  }
}
