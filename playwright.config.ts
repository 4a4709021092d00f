import { defineConfig } from '@playwright/test'
import { CHROMIUM_ARGS, chromiumPath } from './scripts/browsers.mjs'

const executablePath = chromiumPath()

// The stories run on the built demo (`npm run build`), served by e2e/server.ts as a dumb static host.
export default defineConfig({
  testDir: 'e2e',
  outputDir: '.cache/e2e',
  // Two cores, one of them busy with the page: more workers only make time limits less true.
  workers: 1,
  timeout: 120_000,
  reporter: 'list',
  use: {
    launchOptions: { ...(executablePath ? { executablePath } : {}), args: CHROMIUM_ARGS },
  },
})
