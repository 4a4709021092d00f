// Finds the browsers the tests drive. Nothing is installed here; see scripts/test.mjs.
import { existsSync } from 'node:fs'
import { chromium } from 'playwright'

const SYSTEM_CHROMIUM = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome-stable',
  '/usr/bin/google-chrome',
  '/opt/google/chrome/chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]

/** Path of a Chrome or Chromium: CHROMIUM_PATH, then the system's, then Playwright's own download. */
export function chromiumPath() {
  const named = process.env.CHROMIUM_PATH
  if (named) return named
  const system = SYSTEM_CHROMIUM.find((path) => existsSync(path))
  if (system) return system
  const own = chromium.executablePath()
  return existsSync(own) ? own : undefined
}

/** Flags every test browser starts with: software WebGPU, and no background connections. */
export const CHROMIUM_ARGS = [
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
]
