/** Small sites of real frameworks, set up as their owners would: installed, with this package in node_modules. */
import { type ChildProcess, spawn } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'

/** All of them are served below this path. */
export const BASE = '/harbour/'

export interface Project {
  readonly folder: string
  /** Why the framework is not there; undefined when it is. */
  readonly missing?: string
}

/** Copies a site of `e2e/sites`; its packages are installed when its package.json is not the one of the last time. */
export async function setUp(name: string): Promise<Project> {
  const folder = resolve('.cache/sites', name)
  const modules = join(folder, 'node_modules')
  mkdirSync(modules, { recursive: true })
  for (const entry of readdirSync(folder)) {
    if (entry !== 'node_modules') rmSync(join(folder, entry), { recursive: true, force: true })
  }
  cpSync(resolve('e2e/sites', name), folder, { recursive: true })

  const wanted = readFileSync(join(folder, 'package.json'), 'utf8')
  const installed = join(modules, '.installed.json')
  if (!isAtHand(wanted) && !(existsSync(installed) && readFileSync(installed, 'utf8') === wanted)) {
    const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--no-package-lock']
    const { status, output } = await run('npm', ['install', ...flags], folder)
    if (status !== 0) return { folder, missing: `npm cannot install ${name}: ${output.trim().slice(-400)}` }
    writeFileSync(installed, wanted)
  }
  rmSync(join(modules, 'lateen'), { recursive: true, force: true })
  symlinkSync(resolve('.'), join(modules, 'lateen'), 'dir')
  return { folder }
}

/** Whether this repository has the very versions a site asks for: then they are found further up. */
function isAtHand(manifest: string): boolean {
  const { dependencies } = JSON.parse(manifest) as { dependencies: Record<string, string> }
  return Object.entries(dependencies).every(([name, version]) => {
    const path = resolve('node_modules', name, 'package.json')
    return (
      existsSync(path) && (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version === version
    )
  })
}

/** Runs a framework's program to its end. */
export async function build({ folder }: Project, program: string, args: readonly string[]): Promise<string> {
  const { status, output } = await run(process.execPath, [programIn(folder, program), ...args], folder)
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} failed with status ${status}:\n${output}`)
  return output
}

export interface DevServer {
  readonly url: string
  output(): string
  close(): void
}

/** Starts a framework's dev server and waits until it answers. */
export async function startDev(
  { folder }: Project,
  program: string,
  args: (port: string) => readonly string[],
): Promise<DevServer> {
  const port = await freePort()
  const child = start(process.execPath, [programIn(folder, program), ...args(String(port))], folder)
  let output = ''
  child.stdout?.on('data', (data) => (output += data))
  child.stderr?.on('data', (data) => (output += data))
  const server = {
    url: `http://127.0.0.1:${port}${BASE}`,
    output: () => output,
    close: () => {
      // The whole group: some frameworks start others.
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL')
    },
  }
  for (let wait = 0; wait < 600; wait++) {
    if (child.exitCode !== null) break
    const answer = await fetch(server.url, { headers: { accept: 'text/html' } }).catch(() => undefined)
    await answer?.body?.cancel()
    if (answer?.ok) return server
    await new Promise((next) => setTimeout(next, 250))
  }
  server.close()
  throw new Error(`${program} does not answer at ${server.url}:\n${output}`)
}

function programIn(folder: string, path: string): string {
  const own = join(folder, 'node_modules', path)
  return existsSync(own) ? own : resolve('node_modules', path)
}

function start(command: string, args: readonly string[], cwd: string): ChildProcess {
  // Frameworks must neither ask questions, nor look for updates, nor take the runner's settings for their own.
  const quiet = { CI: '1', NODE_ENV: '', ASTRO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1', BROWSER: 'none' }
  return spawn(command, args, { cwd, detached: true, env: { ...process.env, ...quiet } })
}

function run(
  command: string,
  args: readonly string[],
  cwd: string,
): Promise<{ status: number; output: string }> {
  return new Promise((done) => {
    const child = start(command, args, cwd)
    let output = ''
    child.stdout?.on('data', (data) => (output += data))
    child.stderr?.on('data', (data) => (output += data))
    child.on('error', (error) => done({ status: 1, output: String(error) }))
    child.on('close', (status) => done({ status: status ?? 1, output }))
  })
}

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer()
    server.on('error', fail)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => done(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
