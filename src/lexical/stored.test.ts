import { beforeAll, expect, test } from 'vitest'
import { LateenError } from '../errors.ts'
import { corrupt } from '../segment/layout.ts'
import { type CuttableFile, divide } from '../segment/parts.ts'
import { fileReference } from '../segment/write.ts'
import type { ByteSource } from '../store/store.ts'
import { seededRandom } from '../util/random.ts'
import {
  createLexicalIndex,
  type LexicalEntry,
  type LexicalIndex,
  openLexicalIndex,
  writeLexicalIndex,
} from './lexical.ts'
import { stem } from './terms.ts'

const PASSAGES = 1_000
const SYLLABLES = 'ba ce di fo gu ka le mi no pu ra se ti vo zu'.split(' ')

/** Words as they are distributed in language: a few everywhere, most of them hardly anywhere. */
function passages(): LexicalEntry[] {
  const random = seededRandom(7)
  const word = () => {
    const rank = Math.floor(20_000 ** random())
    const syllables = [SYLLABLES[rank % 15]!]
    for (let rest = Math.floor(rank / 15) + 7 * rank; rest > 0; rest = Math.floor(rest / 15)) {
      syllables.push(SYLLABLES[rest % 15]!)
    }
    return syllables.join('')
  }
  const words = (count: number) => Array.from({ length: count }, word).join(' ')
  return Array.from({ length: PASSAGES }, (_, id) => ({
    id,
    passage: { ordinal: id % 4, title: words(2), headings: [words(3)], text: `${words(60)} unique${id}x` },
    passages: 4,
  }))
}

interface CountingSource extends ByteSource {
  readonly reads: { offset: number; length: number }[]
}

function countingSource(bytes: Uint8Array): CountingSource {
  const reads: CountingSource['reads'] = []
  return {
    byteLength: bytes.length,
    reads,
    async read(offset, length) {
      reads.push({ offset, length })
      return bytes.slice(offset, offset + length)
    },
  }
}

const open = (source: ByteSource) =>
  openLexicalIndex([{ source, name: 'test.lexical', firstId: 0, passages: PASSAGES }])

const corpus = passages()
let file: CuttableFile
let whole: LexicalIndex

beforeAll(() => {
  file = writeLexicalIndex(corpus)
  whole = createLexicalIndex()
  whole.add(corpus)
})

test('a file is a head and blocks of a few kilobytes, and can be cut behind each of them', () => {
  const { bytes, cuts } = file
  const lengths = cuts.slice(1).map((cut, i) => cut - cuts[i]!)
  expect(cuts.at(-1)).toBe(bytes.length)
  expect(lengths.length).toBeGreaterThan(10)
  expect(Math.max(...lengths)).toBeLessThan(16_000)
  expect(cuts[0]).toBeLessThan(40_000)
  const { reference, files } = divide(fileReference(bytes, 'lexical'), bytes, cuts)
  expect(reference.parts?.[0]).toBe(cuts[0])
  expect(files.size).toBeGreaterThan(10)
})

test('opening reads the head alone, and a search the blocks of its words', async () => {
  const source = countingSource(file.bytes)
  const index = await open(source)
  expect(source.reads.every(({ offset, length }) => offset + length <= file.cuts[0]!)).toBe(true)
  expect(index.size).toBe(PASSAGES)

  source.reads.length = 0
  expect((await index.search('unique700x', { limit: 5 })).map(({ id }) => id)).toEqual([700])
  expect(source.reads.length).toBeLessThanOrEqual(2)
  const before = source.reads.length
  await index.search('unique700x', { limit: 5 })
  expect(source.reads.length).toBe(before)
})

test.each(['b', 'l', 'unique', 'u'])('the beginning "%s" of many words reads few blocks', async (query) => {
  const source = countingSource(file.bytes)
  const index = await open(source)
  source.reads.length = 0
  expect(await index.search(query, { limit: 5 })).toHaveLength(5)
  expect(source.reads.length).toBeLessThanOrEqual(5)
})

test('finished words score as they would in an index that is held as a whole', async () => {
  const index = await open(countingSource(file.bytes))
  for (let i = 0; i < 40; i++) {
    const words = corpus[(i * 31) % PASSAGES]!.passage.text.split(' ')
    const query = Array.from({ length: 1 + (i % 8) }, (_, k) => words[(k * 5) % words.length]).join(' ')
    const options = { limit: 50, complete: true }
    expect(await index.search(query, options), query).toEqual(await whole.search(query, options))
  }
})

test('a word that is being typed finds what it would find in an index that is held as a whole', async () => {
  for (let i = 0; i < 20; i++) {
    const word = corpus[(i * 37) % PASSAGES]!.passage.text.split(' ').findLast((one) => one.length > 7)!
    const query = word.slice(0, 6 + (i % 3))
    const index = await open(countingSource(file.bytes))
    expect(await index.search(query, { limit: 20 }), query).toEqual(await whole.search(query, { limit: 20 }))
  }
})

test('a misspelled common word is corrected though its neighbours were never read', async () => {
  const passagesWith = new Map<string, number>()
  for (const { passage } of corpus) {
    for (const word of new Set(passage.text.split(' ')))
      passagesWith.set(word, (passagesWith.get(word) ?? 0) + 1)
  }
  const common = [...passagesWith].filter(([word, count]) => word.length >= 6 && count >= 6)
  expect(common.length).toBeGreaterThan(5)
  for (const [word] of common.slice(0, 10)) {
    const index = await open(countingSource(file.bytes))
    const hits = await index.search(`x${word.slice(1)} `, { limit: 50 })
    expect(hits.flatMap(({ terms }) => terms)).toContain(stem(word))
  }
})

test('searches at the same time share reads', async () => {
  const source = countingSource(file.bytes)
  const index = await open(source)
  await Promise.all(['unique1x', 'unique1x', 'unique1x '].map((query) => index.search(query, { limit: 5 })))
  expect(new Set(source.reads.map(({ offset }) => offset)).size).toBe(source.reads.length)
})

test('a block that could not be read is asked for again by the next search', async () => {
  const source = countingSource(file.bytes)
  let offline = false
  const index = await open({
    ...source,
    async read(offset, length) {
      if (offline) throw new LateenError('network', 'Offline.')
      return source.read(offset, length)
    },
  })
  offline = true
  await expect(index.search('unique9x', { limit: 5 })).rejects.toMatchObject({ code: 'network' })
  offline = false
  expect((await index.search('unique9x', { limit: 5 })).map(({ id }) => id)).toEqual([9])
})

test('a block that cannot be read costs its words alone where that is told', async () => {
  // Words lie in the order of the alphabet: these two are far from each other.
  const words = ['unique9x', corpus[20]!.passage.text.split(' ').sort()[0]!]
  const source = countingSource(file.bytes)
  const whole = await open(source)
  source.reads.length = 0
  await whole.search(words[1]!, { limit: 5, complete: true })
  const lost = new Set(source.reads.map(({ offset }) => offset))
  const index = await open({
    ...source,
    async read(offset, length) {
      if (lost.has(offset)) throw new LateenError('segment-missing', 'It is gone.')
      return source.read(offset, length)
    },
  })
  const told: unknown[] = []
  const options = { limit: 5, complete: true, onUnread: (error: unknown) => told.push(error) }
  expect((await index.search(words.join(' '), options)).map(({ id }) => id)).toEqual([9])
  expect(told).toEqual([expect.objectContaining({ code: 'segment-missing' })])
  await expect(index.search(words[1]!, options)).rejects.toMatchObject({ code: 'segment-missing' })
  await expect(index.search(words.join(' '), { limit: 5 })).rejects.toMatchObject({ code: 'segment-missing' })
})

test('a damaged byte anywhere is noticed before it does harm, and the file is named', async () => {
  const expected = expect.objectContaining({ message: expect.stringContaining('test.lexical') })
  const random = seededRandom(3)
  for (const at of [
    0,
    8,
    13,
    17,
    21,
    30,
    60,
    64,
    ...Array.from({ length: 20 }, () => random() * file.cuts[0]!),
  ]) {
    await expect(open(countingSource(flipped(file.bytes, Math.floor(at)))), `byte ${at}`).rejects.toEqual(
      expected,
    )
  }
  const source = countingSource(file.bytes)
  const index = await open(source)
  source.reads.length = 0
  await index.search('unique700x ', { limit: 1 })
  const block = source.reads[0]!
  const spoiled = await open(countingSource(flipped(file.bytes, block.offset + (block.length >> 1))))
  await expect(spoiled.search('unique700x ', { limit: 1 })).rejects.toMatchObject({ code: 'segment-corrupt' })
  await expect(spoiled.search('unique700x ', { limit: 1 })).rejects.toEqual(expected)
})

test('a damaged copy is brought anew', async () => {
  let bytes = flipped(file.bytes, file.cuts[0]! - 1)
  const index = await open({
    byteLength: bytes.length,
    read: async (offset, length) => bytes.slice(offset, offset + length),
    async refresh() {
      bytes = file.bytes
    },
  })
  expect((await index.search('unique9x', { limit: 5 })).map(({ id }) => id)).toEqual([9])
})

test.each([
  ['an empty file', () => new Uint8Array()],
  ['a truncated file', () => file.bytes.slice(0, -20)],
  ['a file of something else', () => new TextEncoder().encode(JSON.stringify({ format: 'other' }).repeat(9))],
])('%s is refused', async (_, damage) => {
  await expect(open(countingSource(damage()))).rejects.toMatchObject({ code: 'segment-corrupt' })
})

test('a newer version of the format is refused as such', async () => {
  const bytes = file.bytes.slice()
  bytes[8] = 99
  await expect(open(countingSource(bytes))).rejects.toMatchObject({ code: 'index-version' })
})

test('a file with another number of passages than the manifest says is refused', async () => {
  const source = countingSource(file.bytes)
  await expect(
    openLexicalIndex([{ source, name: 'test.lexical', firstId: 0, passages: PASSAGES - 1 }]),
  ).rejects.toEqual(corrupt('test.lexical', `${PASSAGES - 1} as passages`, `${PASSAGES}`))
})

test('the same passages give the same bytes', () => {
  expect(writeLexicalIndex(passages())).toEqual(file)
})

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const changed = bytes.slice()
  changed[at]! ^= 0x10
  return changed
}
