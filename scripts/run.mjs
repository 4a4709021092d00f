// Small helpers of the other scripts: run a command, make sure the packages are there.
import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** Runs a command in the repository root and returns its exit status. */
export function run(command, args, options = {}) {
  const { quiet, ...rest } = options
  const result = spawnSync(command, args, { cwd: root, stdio: quiet ? 'ignore' : 'inherit', ...rest })
  if (result.error) throw result.error
  return result.status ?? 1
}

/** Runs a command and ends this process when it fails. */
export function must(command, args, options) {
  const status = run(command, args, options)
  if (status !== 0) {
    console.error(`\n${command} ${args.join(' ')} failed with status ${status}.`)
    process.exit(status)
  }
}

/** Runs the program of an installed package. */
export const bin = (name) => join(root, 'node_modules', '.bin', name)

/** Installs the locked packages when they are missing or older than the lock file. */
export function installPackages() {
  const lock = join(root, 'package-lock.json')
  const installed = join(root, 'node_modules', '.package-lock.json')
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return
  console.error('Installing packages…')
  // Not `npm ci`: it refuses a lock file made where the registry lacks packages of other platforms.
  must('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--ignore-scripts'])
}
