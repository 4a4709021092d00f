import { afterAll, expect, test } from 'vitest'
import { openBuildModel } from '../build/build-model.node.ts'
import type { Coder } from '../build/coder.ts'
import { writeIndex } from '../build/write-index.ts'
import { memoryStore } from '../store/memory.ts'
import type { IndexStore } from '../store/store.ts'
import { seededRandom } from '../util/random.ts'
import { createEngine } from './engine.ts'

const random = seededRandom(3)
const noise = (words: number) =>
  Array.from({ length: words }, () => Math.floor(random() * 1e9).toString(36)).join(' ')

/** One document with a section about ovens at its beginning, two at its end, and much text between. */
const MANUAL = {
  id: 'manual',
  format: 'markdown' as const,
  url: '/manual',
  text: [
    '# Manual',
    '## Oven oven oven\n\nThe oven.',
    '## Racks\n\nThe racks of the oven.',
    ...Array.from({ length: 8 }, (_, i) => `## Chapter ${i}\n\n${noise(400)}`),
    '## Cleaning\n\nClean the oven.',
    '## Baking\n\nBread is baked here, in an oven as always.',
  ].join('\n\n'),
}

/** One vector of nothing for every passage: nothing here asks for meaning. */
const blankCoder: Coder = async (texts) =>
  texts.map(() => ({
    numVectors: 1,
    codes: new Uint8Array(4 * model.encoder.spec.dim),
    centroidIds: new Uint8Array(0),
    scales: new Uint8Array(0),
  }))

const model = await openBuildModel()
afterAll(() => model.dispose())

async function open() {
  const written = memoryStore()
  const { manifest } = await writeIndex({
    store: written,
    documents: [MANUAL],
    backend: model,
    openCoder: () => blankCoder,
    bits: 32,
    poolFactor: 1,
  })
  const { textFile } = manifest.segments[0]!
  expect(textFile.parts!.length).toBeGreaterThan(2)
  const reads = new Set<number>()
  const store: IndexStore = {
    ...written,
    async open(file, signal) {
      const source = await written.open(file, signal)
      if (file.file !== textFile.file) return source
      return {
        ...source,
        read(offset, length, signal) {
          if (offset >= textFile.parts![0]!) reads.add(offset)
          return source.read(offset, length, signal)
        },
      }
    },
  }
  const openBackend = async () => {
    throw new Error('no model')
  }
  return { engine: await createEngine({ store, openBackend }), reads }
}

test('the keyword list reads no text for sections alone, and shows those whose text is here', async () => {
  const { engine, reads } = await open()
  const ask = async () => {
    const [hit, ...others] = (await engine.query('oven', { mode: 'lexical' })).hits
    expect(others).toEqual([])
    return [hit!, ...hit!.sections].map(({ url }) => url).sort()
  }
  expect(await ask()).toEqual(['/manual#oven-oven-oven', '/manual#racks'])
  expect(reads.size).toBe(1)

  const { hits } = await engine.query('baked', { mode: 'lexical' })
  expect(hits[0]!.url).toBe('/manual#baking')
  expect(reads.size).toBe(2)
  expect(await ask()).toEqual([
    '/manual#baking',
    '/manual#cleaning',
    '/manual#oven-oven-oven',
    '/manual#racks',
  ])
  expect(reads.size).toBe(2)
  await engine.close()
})
