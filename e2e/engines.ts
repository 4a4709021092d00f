/**
 * Browsers Playwright cannot drive here: Debian's Firefox through WebDriver BiDi, and WebKitGTK through its
 * WebDriver. Both run the WebAssembly path. Each offers the little that one story needs.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { launch } from 'puppeteer-core'
import { firefoxPath, webkitDriverPath } from '../scripts/browsers.mjs'

export interface EnginePage {
  goto(url: string): Promise<void>
  /** Runs the body of an async function in the page and returns its value as JSON. */
  run<T>(body: string): Promise<T>
  close(): Promise<void>
}

export interface BrowserEngine {
  readonly name: string
  /** Why it cannot run here; undefined when it can. */
  readonly missing: string | undefined
  open(): Promise<EnginePage>
}

const MINIBROWSER = [
  '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser',
  '/usr/lib/aarch64-linux-gnu/webkit2gtk-4.1/MiniBrowser',
]

export const firefox: BrowserEngine = {
  name: 'Firefox',
  missing: firefoxPath() ? undefined : 'no Firefox on this machine',
  async open() {
    const browser = await launch({ browser: 'firefox', executablePath: firefoxPath()!, headless: true })
    const page = await browser.newPage()
    return {
      goto: async (url) => {
        await page.goto(url, { waitUntil: 'domcontentloaded' })
      },
      run: (body) => page.evaluate(`(async () => { ${body} })()`) as Promise<never>,
      close: () => browser.close(),
    }
  },
}

export const webkit: BrowserEngine = {
  name: 'WebKitGTK',
  missing: !webkitDriverPath()
    ? 'no WebKitWebDriver on this machine'
    : !existsSync('/usr/bin/Xvfb')
      ? 'no Xvfb on this machine'
      : undefined,
  async open() {
    const processes: ChildProcess[] = []
    const start = (command: string, args: string[], env: Record<string, string> = {}) => {
      const child = spawn(command, args, { stdio: 'ignore', env: { ...process.env, ...env } })
      processes.push(child)
      return child
    }
    const display = `:${90 + (process.pid % 100)}`
    const port = 30_000 + (process.pid % 10_000)
    start('Xvfb', [display, '-screen', '0', '1280x1024x24'])
    start(webkitDriverPath()!, [`--port=${port}`], {
      DISPLAY: display,
      WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1',
    })
    const stop = () => {
      for (const child of processes) child.kill()
    }
    try {
      return await webDriverPage(`http://127.0.0.1:${port}`, stop)
    } catch (error) {
      stop()
      throw error
    }
  },
}

/** A page over W3C WebDriver. */
async function webDriverPage(driver: string, stop: () => void): Promise<EnginePage> {
  async function command(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${driver}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const { value } = (await response.json()) as { value: unknown }
    if (!response.ok) throw new Error(`WebDriver ${path}: ${JSON.stringify(value)}`)
    return value
  }
  await untilAnswering(driver)
  const binary = MINIBROWSER.find(existsSync)
  const session = (await command('POST', '/session', {
    capabilities: { alwaysMatch: { 'webkitgtk:browserOptions': { binary, args: ['--automation'] } } },
  })) as { sessionId: string }
  const base = `/session/${session.sessionId}`
  await command('POST', `${base}/timeouts`, { script: 110_000 })
  return {
    goto: async (url) => {
      await command('POST', `${base}/url`, { url })
    },
    run: (body) =>
      command('POST', `${base}/execute/async`, {
        script: `const done = arguments[0]; (async () => { ${body} })().then((value) => done({ value }), (error) => done({ error: String(error) }))`,
        args: [],
      }).then((result) => {
        const { value, error } = result as { value: never; error?: string }
        if (error) throw new Error(error)
        return value
      }),
    async close() {
      try {
        await command('DELETE', base)
      } finally {
        stop()
      }
    },
  }
}

async function untilAnswering(driver: string): Promise<void> {
  const deadlineMs = Date.now() + 15_000
  for (;;) {
    try {
      await fetch(`${driver}/status`)
      return
    } catch (error) {
      if (Date.now() > deadlineMs) throw new Error('WebKitWebDriver does not answer', { cause: error })
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}
