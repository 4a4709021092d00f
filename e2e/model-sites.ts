/** Small sites searched with a model of their own, and the command line that makes them. */
import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { JSHandle, Page } from '@playwright/test'
import { filesOf, type HubFiles } from '../tools/hub-server.ts'

export const FAMILY = 'fixtures/family'
/** Where everything of these stories lies. */
export const ROOT = join('.cache', 'sites', 'models')

const PAGES: Readonly<Record<string, readonly [title: string, ...sections: string[]]>> = {
  index: [
    'Harbour handbook',
    'The sheet holds the sail and the halyard lifts the yard. A lateen sail is a triangle.',
    'The tide turns twice a day, and boats leave with the ebb.',
  ],
  fish: ['Fish market', 'Cod is sold on the quay; three for the price of two. Crab costs twelve, a box 140.'],
  light: ['Lighthouse', 'Its light shines over the sea at night. In fog the bell rings every two minutes.'],
  repair: [
    'Repairs',
    'After a storm the keeper repairs boats, paints them, and lets them dry for three days.',
  ],
  accents: ['À voile', 'Le voilier à voile latine rentre au port; l’été, naïve cafés. 帆船在港口等风。'],
  japanese: [
    '港の手引き',
    '港に白い帆の船が着いた。船長は古い地図を見て、北の風を待っている。',
    '魚は岸壁で売られる。値段は板に書いてある。',
  ],
  provisions: [
    'Provisions',
    'Water, bread and salt are loaded first; then the crew leaves on a long journey.',
  ],
}

export interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the built command line; beside a Hub of this process, which must go on answering. */
export function lateen(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const child = spawn(process.execPath, ['bin/lateen.js', ...args], {
    env: { ...process.env, LATEEN_MODELS: join(ROOT, 'store'), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk) => (stdout += chunk))
  child.stderr.on('data', (chunk) => (stderr += chunk))
  return new Promise((resolve) => child.once('close', (status) => resolve({ status, stdout, stderr })))
}

/** What a command that must succeed prints with `--json`. */
export async function lateenJson<T>(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<T> {
  const { status, stdout, stderr } = await lateen([...args, '--json'], env)
  if (status !== 0) throw new Error(`lateen ${args.join(' ')} failed: ${stderr}`)
  return JSON.parse(stdout) as T
}

/** Writes the pages with the two lines a site owner adds. @returns their folder */
export function writeSite(name: string, attributes = ''): string {
  const folder = join(ROOT, name)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const [page, [title, ...sections]] of Object.entries(PAGES)) {
    const body = sections.map((text, i) => `${i === 0 ? '' : `<h2>Part ${i + 1}</h2>`}<p>${text}</p>`)
    writeFileSync(
      join(folder, `${page}.html`),
      `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title>
<link rel="icon" href="favicon.svg"></head><body><main><h1>${title}</h1>${body.join('')}</main>
<lateen-search ${attributes}></lateen-search>
<script type="module" src="lateen/lateen-search.js"></script>
<script type="module" src="offline.js"></script></body></html>`,
    )
  }
  cpSync('public/favicon.svg', join(folder, 'favicon.svg'))
  writeFileSync(
    join(folder, 'offline.js'),
    "import { registerServiceWorker } from './lateen/offline.js'\nawait registerServiceWorker('./service-worker.js')\n",
  )
  return folder
}

/** Writes the pages and indexes them with a model of the family. @returns their folder */
export async function makeModelSite(model: string, ...options: string[]): Promise<string> {
  const folder = writeSite(model, 'offline')
  await lateenJson(['index', folder, '--no-cache', '--model', join(FAMILY, model), ...options])
  cpSync(join(folder, 'lateen/service-worker.js'), join(folder, 'service-worker.js'))
  return folder
}

/** A checkpoint as it lies on a Hub: with weights of PyTorch, which nobody here should want. */
export function checkpoint(model: string): HubFiles {
  const { 'parity.json': _, ...files } = filesOf(join(FAMILY, model))
  return { ...files, 'pytorch_model.bin': new Uint8Array(50_000), 'README.md': new Uint8Array(10) }
}

export interface Found {
  readonly id: string
  readonly passage: number
  readonly score: number
}

type Library = typeof import('../src/index.ts')

/** The library of the site that is open. */
export async function libraryOf(page: Page): Promise<JSHandle<Library>> {
  return page.evaluateHandle(
    (): Promise<Library> => import(new URL('lateen/index.js', document.baseURI).href),
  )
}
