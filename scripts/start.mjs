// The main job: installs, builds, indexes and serves the documentation site with the demo.
// Usage: npm start [-- --port 4173]
import { bin, installPackages, must } from './run.mjs'

installPackages()
must(process.execPath, ['scripts/build.mjs', 'node', 'browser', 'docs', 'demo', 'search'])
must(bin('vite'), ['preview', '--outDir', 'dist/site', '--port', '4173', ...process.argv.slice(2)])
