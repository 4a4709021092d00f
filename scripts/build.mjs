// Builds what is asked for: node (library and CLI), browser (library), types, docs (their index), site (demo). Default: all.
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { bin, installPackages, must, root } from './run.mjs'

const steps = {
  node: () => must(bin('vite'), ['build', '--mode', 'node', '--logLevel', 'warn']),
  browser: () => must(bin('vite'), ['build', '--mode', 'browser', '--logLevel', 'warn']),
  types() {
    must(bin('tsc'), ['-b'])
    rmSync(join(root, 'dist/types'), { recursive: true, force: true })
    for (const part of ['core', 'worker', 'browser', 'node']) {
      cpSync(join(root, '.tsbuild', part), join(root, 'dist/types'), { recursive: true })
    }
  },
  docs: () =>
    must(process.execPath, [
      'bin/lateen.js',
      'index',
      'docs',
      'README.md',
      'CHANGELOG.md',
      'CONTRIBUTING.md',
      '--out',
      'public/index',
    ]),
  site: () => must(bin('vite'), ['build', '--logLevel', 'warn']),
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
