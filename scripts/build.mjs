// Builds what is asked for: node (library and CLI), browser (library), types, docs (the site), demo (on the site),
// search (the site's index). Default: all, in this order.
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { bin, installPackages, must, root } from './run.mjs'

const SITE = 'dist/site'

const vite = (...args) => must(bin('vite'), ['build', '--logLevel', 'warn', ...args])

const steps = {
  node: () => vite('--mode', 'node'),
  browser() {
    vite('--mode', 'browser')
    vite('--mode', 'service-worker')
  },
  types() {
    must(bin('tsc'), ['-b'])
    rmSync(join(root, 'dist/types'), { recursive: true, force: true })
    for (const part of ['core', 'worker', 'browser', 'node']) {
      cpSync(join(root, '.tsbuild', part), join(root, 'dist/types'), { recursive: true })
    }
  },
  docs() {
    rmSync(join(root, SITE), { recursive: true, force: true })
    must(bin('eleventy'), ['--config=docs/eleventy.config.js', '--quiet'])
  },
  demo: () => vite(),
  search() {
    must(process.execPath, [
      'bin/lateen.js',
      'index',
      SITE,
      '--root-selector',
      'main',
      '--glob',
      '!(demo)/**/*.html',
      '--glob',
      '*.html',
    ])
    // A service worker serves what lies below it.
    cpSync(join(root, SITE, 'lateen/service-worker.js'), join(root, SITE, 'service-worker.js'))
  },
}

installPackages()
const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !(name in steps))
if (unknown.length > 0) {
  console.error(`Unknown step ${unknown.join(', ')}; expected some of ${Object.keys(steps).join(', ')}.`)
  process.exit(2)
}
for (const name of asked.length > 0 ? asked : Object.keys(steps)) {
  console.error(`build: ${name}`)
  steps[name]()
}
