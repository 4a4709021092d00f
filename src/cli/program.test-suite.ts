/** A program as other programs see it: a child process with arguments, two streams and an exit code. */
import { spawn } from 'node:child_process'
import { expect } from 'vitest'

export interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
  /** Standard output as the one JSON object that `--json` promises. */
  // biome-ignore lint/suspicious/noExplicitAny: every command has an object of its own
  readonly json: any
}

/** @param program script for this Node */
export function startProgram(
  program: string,
  args: readonly string[],
  { cwd, env }: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
) {
  const child = spawn(process.execPath, [program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd ? { cwd } : {}),
    env: { ...process.env, ...env },
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => (stdout += chunk))
  child.stderr.on('data', (chunk) => (stderr += chunk))
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (status) =>
      resolve({
        status,
        stdout,
        stderr,
        get json() {
          expect(stdout.trimEnd().split('\n')).toHaveLength(1)
          return JSON.parse(stdout)
        },
      }),
    )
  })
  return { process: child, ended }
}
