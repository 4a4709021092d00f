import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSearch, writeIndex } from '../node.ts'

const TINY = fileURLToPath(new URL('../../fixtures/tiny-model', import.meta.url))
const DOCUMENTS = [
  { id: 'cat', text: 'The cat sleeps on the warm roof of the house.' },
  { id: 'boat', text: 'A small boat with one sail crosses the bay.' },
  { id: 'fetch', text: 'Call abort on the controller to cancel a running fetch.' },
]
let folder: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lateen-'))
  for (const [name, options] of Object.entries({ full: {}, cut: { dim: 16 } })) {
    await writeIndex({ out: join(folder, name), documents: DOCUMENTS, ...options })
  }
})
afterAll(() => rmSync(folder, { recursive: true }))

async function asked(options: { index?: string; dim?: number; model?: string }) {
  const search = await openSearch(options)
  try {
    if (options.index === undefined) await search.add(DOCUMENTS)
    const { hits } = await search.query('how do i stop a request', { mode: 'semantic' })
    return { ids: hits.map(({ id }) => id), dim: (await search.info()).model.dim }
  } finally {
    await search.close()
  }
}

test('an index of cut vectors is searched with vectors cut alike, unasked', async () => {
  const { ids, dim } = await asked({ index: join(folder, 'cut') })
  expect(dim).toBe(16)
  expect(ids[0]).toBe('fetch')
  expect((await asked({ index: join(folder, 'full') })).dim).toBe(64)
})

test('a new index has the dimension that is asked for', async () => {
  const { dim, ids } = await asked({ dim: 16 })
  expect(dim).toBe(16)
  expect(ids[0]).toBe('fetch')
})

test('another dimension than the index has is a mismatch, and so is a model that has fewer', async () => {
  const mismatch = { code: 'index-model-mismatch' }
  await expect(asked({ index: join(folder, 'cut'), dim: 32 })).rejects.toMatchObject(mismatch)
  await expect(asked({ index: join(folder, 'full'), model: TINY })).rejects.toMatchObject(mismatch)
})

test('a dimension the model does not have is refused', async () => {
  await expect(asked({ dim: 65 })).rejects.toMatchObject({ code: 'bad-argument' })
})
