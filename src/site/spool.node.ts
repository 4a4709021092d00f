/** Pages that come once and are needed twice: kept in a file, so that a large site is not held in memory. */
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SitePage } from './pages.ts'

export interface Spool {
  /** All of them in order, as often as is asked. */
  pages(): AsyncIterable<SitePage>
  close(): Promise<void>
}

export async function spoolPages(pages: AsyncIterable<SitePage> | Iterable<SitePage>): Promise<Spool> {
  const folder = await mkdtemp(join(tmpdir(), 'lateen-pages-'))
  const close = () => rm(folder, { recursive: true, force: true })
  const path = join(folder, 'pages.jsonl')
  try {
    const file = await open(path, 'w')
    try {
      for await (const page of pages) await file.write(`${toLine(page)}\n`)
    } finally {
      await file.close()
    }
  } catch (error) {
    await close()
    throw error
  }
  return {
    async *pages() {
      const file = await open(path)
      try {
        for await (const line of file.readLines()) yield fromLine(line)
      } finally {
        await file.close()
      }
    },
    close,
  }
}

/** Bytes, whose encoding the page itself declares, go through JSON as base64. */
function toLine({ source, ...page }: SitePage): string {
  return JSON.stringify({
    page,
    ...(typeof source === 'string' ? { source } : { base64: Buffer.from(source).toString('base64') }),
  })
}

function fromLine(line: string): SitePage {
  const { page, source, base64 } = JSON.parse(line)
  return { ...page, source: source ?? new Uint8Array(Buffer.from(base64, 'base64')) }
}
