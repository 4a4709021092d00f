// Runs benchmarks by name and keeps their results in bench/out, which docs/benchmarks.md is made of.
// Usage: npm run bench [-- maxsim query index quality]; without a name, all of them.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { runnerImport } from 'vite'
import { installPackages, root } from './run.mjs'

const ALL = ['maxsim', 'query', 'index', 'quality']

installPackages()
const load = async (file) => (await runnerImport(join(root, file), { configFile: false, root })).module

const asked = process.argv.slice(2)
for (const name of asked.length > 0 ? asked : ALL) {
  if (!existsSync(join(root, `bench/${name}.ts`)) || !ALL.includes(name)) {
    console.error(`Unknown benchmark ${name}; expected some of ${ALL.join(', ')}.`)
    process.exit(2)
  }
  console.error(`bench: ${name}`)
  const { run } = await load(`bench/${name}.ts`)
  const { writeResult } = await load('bench/out.ts')
  await writeResult(name, await run())
}
// Handles of the runtimes may still be open.
process.exit(0)
