#!/usr/bin/env node
// The command line. In a fresh checkout the program is built first; in the published package it is there.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const program = new URL('../dist/node/cli.js', import.meta.url)
if (!existsSync(program)) {
  const build = fileURLToPath(new URL('../scripts/build.mjs', import.meta.url))
  // Standard output belongs to the command that was asked for.
  const { status } = spawnSync(process.execPath, [build, 'node'], { stdio: ['ignore', 2, 2] })
  if (status !== 0) process.exit(status ?? 1)
}
await import(program.href)
