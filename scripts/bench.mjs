// Runs benchmarks by name and keeps their results in bench/out, which docs/benchmarks.md is made of.
// Usage: npm run bench [-- maxsim encode query index tokenize retrieval quality floor site plaid report]; without a name, all of them. `report` writes docs/benchmarks.md.
import { createServer } from 'vite'
import { installPackages, root } from './run.mjs'

const ALL = [
  'maxsim',
  'encode',
  'query',
  'index',
  'tokenize',
  'retrieval',
  'quality',
  'floor',
  'site',
  'plaid',
  'report',
]

installPackages()
const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !ALL.includes(name))
if (unknown.length > 0) {
  console.error(`Unknown benchmark ${unknown.join(', ')}; expected some of ${ALL.join(', ')}.`)
  process.exit(2)
}
// The benchmarks are TypeScript; a server in the middle of them runs it, late imports included.
const vite = await createServer({
  root,
  configFile: false,
  appType: 'custom',
  logLevel: 'warn',
  server: { middlewareMode: true, ws: false, watch: null },
  optimizeDeps: { noDiscovery: true },
})
const { writeResult } = await vite.ssrLoadModule('/bench/out.ts')
for (const name of asked.length > 0 ? asked : ALL) {
  console.error(`bench: ${name}`)
  const { run } = await vite.ssrLoadModule(`/bench/${name}.ts`)
  const result = await run()
  if (result) await writeResult(name, result)
}
await vite.close()
// Handles of the runtimes may still be open.
process.exit(0)
