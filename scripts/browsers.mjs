// Finds, and where it may installs, the browsers the tests drive.
import { spawnSync } from 'node:child_process'
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
const SYSTEM_FIREFOX = [
  '/usr/bin/firefox-esr',
  '/usr/bin/firefox',
  '/Applications/Firefox.app/Contents/MacOS/firefox',
]

/** Path of a Chrome or Chromium: CHROMIUM_PATH, then the system's, then Playwright's own download. */
export function chromiumPath() {
  const named = process.env.CHROMIUM_PATH
  if (named) return named
  return SYSTEM_CHROMIUM.find((path) => existsSync(path)) ?? [chromium.executablePath()].find(existsSync)
}

/** Path of a Firefox: FIREFOX_PATH, then the system's. */
export function firefoxPath() {
  return process.env.FIREFOX_PATH || SYSTEM_FIREFOX.find((path) => existsSync(path))
}

/** Path of WebKitGTK's WebDriver. */
export function webkitDriverPath() {
  return ['/usr/bin/WebKitWebDriver'].find((path) => existsSync(path))
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

/**
 * Tries to install a browser: Chromium by Playwright's download, anything by Debian's packages when
 * this is root on such a system. Failing is reported, and left to the caller to judge.
 */
export function installBrowser(name, packages) {
  console.error(`Installing ${name}…`)
  if (
    name === 'chromium' &&
    spawnSync('npx', ['playwright', 'install', 'chromium'], { stdio: 'ignore', timeout: 300_000 }).status ===
      0
  ) {
    return
  }
  if (!installDebian(packages)) {
    console.error(`${name} could not be installed: neither a download nor apt-get worked here.`)
  }
}

/** Installs packages of Debian; false where that cannot be done. */
export function installDebian(packages) {
  const apt = (args) =>
    spawnSync('apt-get', args, {
      stdio: 'ignore',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    }).status
  const install = ['install', '-y', '--no-install-recommends', ...packages]
  return apt(install) === 0 || (apt(['update']) === 0 && apt(install) === 0)
}
