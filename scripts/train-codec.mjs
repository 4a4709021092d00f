// Runs tools/train-codec.ts, which says what it does.
import { join } from 'node:path'
import { runnerImport } from 'vite'
import { root } from './run.mjs'

await runnerImport(join(root, 'tools/train-codec.ts'), { configFile: false, root })
