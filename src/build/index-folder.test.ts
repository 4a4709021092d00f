import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { assertReplaceable } from './index-folder.node.ts'

const VECTORS = `${'a'.repeat(64)}.vectors`

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lateen-out-'))
})
afterEach(() => rm(folder, { recursive: true }))

const write = (name: string, content = 'x') => writeFile(join(folder, name), content)

test('a missing folder, an empty one and the rest of an interrupted write may be written to', async () => {
  await assertReplaceable(join(folder, 'new'))
  await assertReplaceable(folder)
  await write(VECTORS)
  await write(`${'b'.repeat(64)}.text.tmp`)
  await write('commit.lock')
  await assertReplaceable(folder)
  expect(await readdir(folder)).toHaveLength(3)
})

test('a folder of anything else is refused, and nothing in it is touched', async () => {
  await write('thesis.md')
  await write(VECTORS)
  await expect(assertReplaceable(folder)).rejects.toMatchObject({ code: 'bad-argument' })
  await write('manifest.json', '{"name": "a web app manifest"}')
  await expect(assertReplaceable(folder)).rejects.toMatchObject({ code: 'bad-argument' })
  await write('manifest.json', 'null')
  await expect(assertReplaceable(folder)).rejects.toMatchObject({ code: 'bad-argument' })
  expect((await readdir(folder)).sort()).toEqual([VECTORS, 'manifest.json', 'thesis.md'].sort())
})

test('an index of a version that cannot be read is removed, other files beside it stay', async () => {
  await write('manifest.json', '{"format": "lateen-index", "version": [99, 0]}')
  await write(VECTORS)
  await write('robots.txt')
  await assertReplaceable(folder)
  expect(await readdir(folder)).toEqual(['robots.txt'])
})

test('a file is no folder', async () => {
  await write('file')
  await expect(assertReplaceable(join(folder, 'file'))).rejects.toMatchObject({ code: 'bad-argument' })
})
