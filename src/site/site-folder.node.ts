/** Small real sites in temporary folders, for tests. Not part of any entry. */
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

export interface SiteFolder {
  readonly folder: string
  at(path: string): string
  write(path: string, content: string | Uint8Array): Promise<void>
  remove(): Promise<void>
}

export async function siteFolder(pages: Readonly<Record<string, string>>): Promise<SiteFolder> {
  const folder = await mkdtemp(join(tmpdir(), 'lateen-site-'))
  const at = (path: string) => join(folder, path)
  const write = async (path: string, content: string | Uint8Array) => {
    await mkdir(dirname(at(path)), { recursive: true })
    await writeFile(at(path), content)
  }
  for (const [path, content] of Object.entries(pages)) await write(path, content)
  return { folder, at, write, remove: () => rm(folder, { recursive: true, force: true }) }
}

export function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><title>${title} · Boats</title><body><nav><a href="/">Menu</a></nav><main><h1>${title}</h1>${body}</main></body></html>`
}

/** Pages with headings, of passages of different lengths. */
export const BOATS: Readonly<Record<string, string>> = {
  'public/index.html': page('Boats', '<p>Everything about sailing boats and the tides that carry them.</p>'),
  'public/guide/install.html': page(
    'Install',
    '<p>Run the installer and restart.</p><h2 id="windows">Windows</h2><p>Use the setup program.</p><h2 id="mac">Mac</h2><p>Drag it to the applications folder and open it once.</p>',
  ),
  'public/guide/cancel/index.html': page(
    'Cancel',
    '<p>Call <code>controller.abort()</code> to stop a running download.</p>',
  ),
  'public/hidden.html': `<title>x</title><meta name="robots" content="noindex"><p>secret</p>`,
  'public/empty.html': '<title></title><main></main>',
  'public/style.css': 'main { color: red }',
}

/** Every file below a folder with its content and its date. */
export async function snapshot(
  folder: string,
): Promise<Record<string, { readonly content: string; readonly mtimeMs: number }>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const files = await Promise.all(
    paths.sort().map(async (path) => {
      const content = await readFile(path, 'base64')
      return [path.slice(folder.length + 1), { content, mtimeMs: (await stat(path)).mtimeMs }] as const
    }),
  )
  return Object.fromEntries(files)
}

/** The same without dates. */
export async function contents(folder: string): Promise<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(await snapshot(folder)).map(([path, { content }]) => [path, content]),
  )
}
