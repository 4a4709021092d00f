import { mkdtemp, readdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { CodedVectors } from '../compress/codec.ts'
import { plainCodec } from '../compress/plain.ts'
import { type EmbeddingCacheOptions, openEmbeddingCache } from './embedding-cache.node.ts'

let folder: string
let warnings: string[]
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lateen-cache-'))
  warnings = []
})
afterEach(() => rm(folder, { recursive: true }))

const DIM = 64
const open = (options: Partial<EmbeddingCacheOptions> = {}) =>
  openEmbeddingCache({
    folder,
    build: 'site',
    model: { fingerprint: 'a model' },
    codec: plainCodec('int8', DIM),
    pooling: { factor: 1, protectedTokens: 1 },
    policy: 'a policy',
    onWarning: (message) => warnings.push(message),
    ...options,
  })

/** One build of these texts: what is not there is added. Returns what was there. */
function build(texts: readonly string[], options: Partial<EmbeddingCacheOptions> = {}, isComplete = true) {
  const cache = open(options)
  const known = texts.filter((text) => {
    const found = cache.get(text)
    if (found) expect(found).toEqual(coded(text))
    else cache.put(text, coded(text))
    return found !== undefined
  })
  cache.close(isComplete)
  return known
}

const packs = async () => (await readdir(folder)).filter((name) => name.endsWith('.pack')).sort()

test('the next build finds what the last one coded, in few files', async () => {
  const texts = numbered(500)
  expect(build(texts)).toEqual([])
  expect(build([...texts, 'new'])).toEqual(texts)
  expect(build([...texts, 'new'])).toEqual([...texts, 'new'])
  expect(await packs()).toHaveLength(2)
  expect(warnings).toEqual([])
})

test('a build that finds everything writes no pack', async () => {
  build(numbered(10))
  const before = await packs()
  build(numbered(10))
  expect(await packs()).toEqual(before)
})

test.each<[string, Partial<EmbeddingCacheOptions>]>([
  ['model', { model: { fingerprint: 'another' } }],
  ['codec', { codec: plainCodec('f16', DIM) }],
  ['pool factor', { pooling: { factor: 2, protectedTokens: 1 } }],
  ['passage policy', { policy: 'another' }],
])('another %s means other codes', (_what, options) => {
  build(['a'])
  expect(build(['a'], options)).toEqual([])
})

test('an interrupted build keeps what it has coded', () => {
  build(['a', 'b'], {}, false)
  expect(build(['a', 'b'])).toEqual(['a', 'b'])
})

test.each(['cut off', 'with a changed table', 'empty'])(
  'a pack that is %s is left out with a warning',
  async (how) => {
    build(numbered(20))
    const [name] = await packs()
    const path = join(folder, name!)
    const { size } = await stat(path)
    if (how === 'cut off') await truncate(path, size - 1)
    else if (how === 'empty') await truncate(path, 0)
    else await flip(path, size - 40)
    expect(build(numbered(20))).toEqual([])
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain(name)
    warnings = []
    expect(build(numbered(20))).toHaveLength(20)
    expect(warnings).toEqual([])
  },
)

test('a damaged value is coded anew, those beside it are used, and the damage is gone afterwards', async () => {
  build(numbered(20))
  await flip(join(folder, (await packs())[0]!), 100)
  expect(build(numbered(20))).toHaveLength(19)
  expect(warnings).toHaveLength(1)
  warnings = []
  expect(build(numbered(20))).toHaveLength(20)
  expect(warnings).toEqual([])
})

test('files of others and temporary ones of dead builds do not disturb', async () => {
  build(['a'])
  await writeFile(join(folder, 'notes.txt'), 'mine')
  await writeFile(join(folder, '1-dead.tmp'), 'half a pack')
  await utimes(join(folder, '1-dead.tmp'), 0, 0)
  expect(build(['a'])).toEqual(['a'])
  const names = await readdir(folder)
  expect(names).toContain('notes.txt')
  expect(names).not.toContain('1-dead.tmp')
})

test('what the last builds did not use is dropped, what another build uses is not', async () => {
  build(numbered(30, 'other'), { build: 'other site' })
  for (let version = 0; version < 10; version++) build(numbered(100, `${version}`))
  let bytes = 0
  for (const name of await packs()) bytes += (await stat(join(folder, name))).size
  const oneBuild = 130 * (DIM + 100)
  expect(bytes).toBeLessThan(3 * oneBuild)
  expect(build(numbered(100, '9'))).toHaveLength(100)
  expect(build(numbered(30, 'other'), { build: 'other site' })).toHaveLength(30)
})

test('many small builds end up in few files', async () => {
  const texts = numbered(60)
  for (let size = 1; size <= 60; size++) build(texts.slice(0, size))
  expect((await packs()).length).toBeLessThanOrEqual(17)
  expect(build(texts)).toHaveLength(60)
})

test('two builds at the same time leave what both have coded', () => {
  build(numbered(10, 'old'))
  const [first, second] = [open({ build: 'first' }), open({ build: 'second' })]
  for (const text of numbered(50, 'a')) first.put(text, coded(text))
  for (const text of numbered(50, 'b')) second.put(text, coded(text))
  first.close(true)
  // Its packs may be gone by now; it has them open.
  for (const text of numbered(10, 'old')) expect(second.get(text)).toEqual(coded(text))
  second.close(true)
  expect(build(numbered(50, 'a'))).toHaveLength(50)
  expect(build(numbered(50, 'b'))).toHaveLength(50)
  expect(warnings).toEqual([])
})

test('a cache that cannot be opened or written knows nothing and says so once', async () => {
  await writeFile(join(folder, 'file'), '')
  const cache = open({ folder: join(folder, 'file') })
  cache.put('a', coded('a'))
  cache.put('b', coded('b'))
  expect(cache.get('a')).toBeUndefined()
  cache.close(true)
  expect(new Set(warnings).size).toBe(warnings.length)
  expect(warnings[0]).toContain('cannot be used')
})

function numbered(count: number, prefix = ''): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix} passage ${i}`)
}

function coded(text: string): CodedVectors {
  const codes = Uint8Array.from({ length: DIM }, (_, i) => text.charCodeAt(i % text.length))
  return { numVectors: 1, codes, centroidIds: new Uint8Array(0), scales: new Uint8Array(0) }
}

async function flip(path: string, at: number): Promise<void> {
  const bytes = await readFile(path)
  bytes[at]! ^= 1
  await writeFile(path, bytes)
}
