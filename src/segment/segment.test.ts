import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Codec } from '../compress/codec.ts'
import { bytesPerVector } from '../compress/codec.ts'
import { bytesSource } from '../store/source.ts'
import type { ByteSource } from '../store/store.ts'
import type { Passage } from '../types.ts'
import { seededRandom } from '../util/random.ts'
import { mergeSegments } from './merge.ts'
import { openTextSegment, openVectorSegment, readVectors } from './read.ts'
import {
  buildSegment,
  type DocumentShape,
  residualCodec,
  sampleDocument,
  sampleManifest,
  sampleOptions,
  sampleVectors,
} from './samples.test-suite.ts'
import type { SegmentDocument, SegmentOptions } from './segment.ts'
import { segmentBuilder, type WrittenSegment } from './write.ts'

function documentsOf(shapes: readonly DocumentShape[], codec: Codec): SegmentDocument[] {
  return shapes.map((shape, i) => sampleDocument(shape, codec, i + 1))
}

function manifestFor(written: WrittenSegment, codec: Codec) {
  const bits = codec.kind === 'residual' ? codec.bits : { int8: 8, f16: 16, f32: 32 }[codec.kind]
  return sampleManifest([written.reference], {
    codec: { kind: codec.kind, bits, fingerprint: codec.fingerprint },
  })
}

async function open(written: WrittenSegment, options: SegmentOptions) {
  const manifest = manifestFor(written, options.codec)
  return {
    vectors: await openVectorSegment(
      bytesSource(written.vectorFile),
      options.codec,
      manifest,
      written.reference,
    ),
    text: await openTextSegment(bytesSource(written.textFile), manifest, written.reference),
  }
}

/** Compares an opened segment with the documents it was made of, value by value. */
async function expectSame(
  written: WrittenSegment,
  options: SegmentOptions,
  documents: readonly SegmentDocument[],
) {
  const { vectors, text } = await open(written, options)
  const passages = documents.flatMap((document) => document.passages)
  expect(text.documents.map(({ id }) => id)).toEqual(documents.map(({ id }) => id))
  expect(text.numPassages).toBe(passages.length)
  const listed: Passage[] = []
  for await (const passage of text.passages()) listed.push(passage)
  expect(listed).toEqual(passages.map(({ passage }) => passage))

  const offsets = await vectors.readOffsets()
  expect(offsets.length).toBe(passages.length + 1)
  let p = 0
  for (const [number, document] of documents.entries()) {
    expect(text.documents[number]).toEqual({
      id: document.id,
      metadata: document.metadata,
      contentHash: document.contentHash,
      firstPassage: p,
      numPassages: document.passages.length,
    })
    const rows = await readVectors(vectors, offsets[p]!, offsets[p + document.passages.length]!)
    expect(rows).toEqual(document.vectors)
    for (const { passage, numVectors } of document.passages) {
      expect(text.documentOf(p)).toBe(number)
      expect(offsets[p + 1]! - offsets[p]!).toBe(numVectors)
      expect(await text.readPassage(p)).toEqual(passage)
      p++
    }
  }
}

const plain = (kind: 'f32' | 'f16' | 'int8'): Codec => ({ kind, dim: 5, fingerprint: '0f'.repeat(32) })

test.each<[string, Codec]>([
  ['residual, 4 bits', residualCodec()],
  ['residual, 2 bits, 256 centroids', residualCodec({ bits: 2, dim: 48, numCentroids: 256 })],
  ['residual, 1 bit, 300 centroids in two bytes', residualCodec({ bits: 1, dim: 48, numCentroids: 300 })],
  ['int8', plain('int8')],
  ['f16', plain('f16')],
  ['f32', plain('f32')],
])('what is written comes back: %s', async (_name, codec) => {
  const options = sampleOptions(codec)
  const documents = documentsOf(
    [
      { id: 'odd', vectors: [3, 0, 5] },
      { id: '', vectors: [] },
      { id: '__proto__', vectors: [1] },
      { id: 'long', vectors: Array.from({ length: 60 }, (_, i) => i % 7), textLength: 2000 },
      { id: 'empty at the end', vectors: [] },
    ],
    codec,
  )
  const written = buildSegment(documents, options)
  await expectSame(written, options, documents)
})

test('a segment without documents can be written and opened', async () => {
  await expectSame(buildSegment([]), sampleOptions(), [])
})

test('any documents come back as they were', async () => {
  const codec = residualCodec()
  const shape = fc.record({
    vectors: fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 5 }),
    textLength: fc.integer({ min: 0, max: 9000 }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(shape, { maxLength: 8 }), async (shapes) => {
      const documents = documentsOf(
        shapes.map((one, i) => ({ ...one, id: `d${i}` })),
        codec,
      )
      await expectSame(buildSegment(documents), sampleOptions(), documents)
    }),
    { seed: 3, numRuns: 30 },
  )
})

test('text of any kind comes back: lone surrogates, controls, long runs, keys of a prototype', async () => {
  const codec = residualCodec()
  const base = sampleDocument({ id: 'odd text', vectors: [1, 300] }, codec, 1)
  const texts = ['\ud800 \u0000\u2028\ufeff"\\', 'a'.repeat(100_000)]
  const metadata = JSON.parse('{"__proto__":"x","constructor":["toString"],"hasOwnProperty":true}')
  const document = {
    ...base,
    metadata,
    passages: base.passages.map((one, i) => ({
      ...one,
      passage: { ...one.passage, text: texts[i]!, metadata },
    })),
  }
  const written = buildSegment([document])
  const { text } = await open(written, sampleOptions())
  expect((await text.readPassage(0)).text).toBe(texts[0])
  expect((await text.readPassage(1)).text).toBe(texts[1])
  const stored = text.documents[0]!.metadata
  expect(Object.entries(stored)).toEqual(Object.entries(metadata))
  expect(stored['toString']).toBeUndefined()
})

test('weights and details come back, and a weight of 1 is what an absent one is', async () => {
  const codec = residualCodec()
  const base = sampleDocument({ id: 'a', vectors: [1, 1, 1, 1] }, codec, 1)
  const details = JSON.parse('{"__proto__":"x","image":"/a.png"}')
  const extras = [{ details }, { weight: 0 }, { weight: 1 }, { weight: 2.5, details: {} }]
  const document = {
    ...base,
    passages: base.passages.map((one, i) => ({ ...one, passage: { ...one.passage, ...extras[i] } })),
  }
  const { text } = await open(buildSegment([document]), sampleOptions())
  const stored = await Promise.all([0, 1, 2, 3].map((i) => text.readPassage(i)))
  expect(Object.entries(stored[0]!.details!)).toEqual(Object.entries(details))
  expect(stored.map(({ weight }) => weight)).toEqual([undefined, 0, undefined, 2.5])
  expect(stored.map(({ details }) => details !== undefined)).toEqual([true, false, false, true])
})

test('a passage of more than 65,535 vectors widens the counts', async () => {
  const codec = residualCodec({ bits: 1 })
  const options = sampleOptions(codec)
  const numVectors = 70_000
  const document = sampleDocument({ id: 'wide', vectors: [2] }, codec, 1)
  const wide = {
    ...document,
    passages: [{ ...document.passages[0]!, numVectors }],
    vectors: sampleVectors(codec, numVectors, seededRandom(1)),
  }
  await expectSame(buildSegment([wide], options), options, [wide])
})

test('building twice gives the same bytes', () => {
  const codec = residualCodec()
  const shapes = Array.from({ length: 20 }, (_, i) => ({ id: `d${i}`, vectors: [3, i], textLength: 900 }))
  const first = buildSegment(documentsOf(shapes, codec))
  const second = buildSegment(documentsOf(shapes, codec))
  expect(second.reference).toEqual(first.reference)
  expect(second.vectorFile).toEqual(first.vectorFile)
})

test('sections of the vector file are aligned for typed arrays and GPU buffers, and little-endian', () => {
  const codec = residualCodec({ numCentroids: 300 })
  const { vectorFile } = buildSegment(
    [sampleDocument({ id: 'a', vectors: [3] }, codec, 1)],
    sampleOptions(codec),
  )
  const view = new DataView(vectorFile.buffer)
  for (let i = 0; i < 4; i++) expect(view.getBigUint64(96 + 16 * i, true) % 256n).toBe(0n)
  expect([...vectorFile.subarray(256, 258)]).toEqual([3, 0])
})

const withExtras = (document: SegmentDocument, extras: Partial<Passage>): SegmentDocument => ({
  ...document,
  passages: document.passages.map((one) => ({ ...one, passage: { ...one.passage, ...extras } })),
})

test.each<[string, (document: SegmentDocument) => SegmentDocument]>([
  ['fewer codes than vectors', (d) => ({ ...d, vectors: { ...d.vectors, codes: d.vectors.codes.slice(1) } })],
  ['another number of vectors', (d) => ({ ...d, vectors: { ...d.vectors, numVectors: 1 } })],
  [
    'a centroid that does not exist',
    (d) => ({ ...d, vectors: { ...d.vectors, centroidIds: d.vectors.centroidIds.map(() => 2) } }),
  ],
  ['a passage of another document', (d) => ({ ...d, id: 'other' })],
  ['passages out of order', (d) => ({ ...d, passages: d.passages.toReversed() })],
  ['metadata that JSON cannot carry', (d) => ({ ...d, metadata: { rank: Number.NaN } })],
  ['metadata of an unknown kind', (d) => ({ ...d, metadata: { nested: {} } as never })],
  ['a weight above 10', (d) => withExtras(d, { weight: 11 })],
  ['a weight that is no number', (d) => withExtras(d, { weight: Number.NaN })],
  ['details that are no text', (d) => withExtras(d, { details: { image: 1 } as never })],
  ['a content hash that is none', (d) => ({ ...d, contentHash: 'Hash!' })],
])('a document with %s is refused and leaves nothing behind', (_name, spoil) => {
  const codec = residualCodec()
  const good = sampleDocument({ id: 'good', vectors: [2, 3] }, codec, 1)
  const builder = segmentBuilder(sampleOptions(codec))
  expect(() => builder.add(spoil(sampleDocument({ id: 'bad', vectors: [2, 3] }, codec, 2)))).toThrow(
    expect.objectContaining({ code: 'bad-argument' }),
  )
  builder.add(good)
  expect(builder.finish().reference).toEqual(buildSegment([good]).reference)
})

test('an id can be added once, and nothing after finish', () => {
  const document = sampleDocument({ id: 'a', vectors: [1] }, residualCodec(), 1)
  const builder = segmentBuilder(sampleOptions())
  builder.add(document)
  expect(() => builder.add(document)).toThrow(expect.objectContaining({ code: 'duplicate-id' }))
  builder.finish()
  expect(() => builder.add({ ...document, id: 'b' })).toThrow(expect.objectContaining({ code: 'closed' }))
  expect(() => builder.finish()).toThrow(expect.objectContaining({ code: 'closed' }))
})

test('options that do not fit the header are refused', () => {
  const codec = residualCodec()
  const bad: SegmentOptions[] = [
    { ...sampleOptions(), model: { fingerprint: 'x', tokenizerHash: codec.fingerprint } },
    { ...sampleOptions(), pooling: { factor: 0, protectedTokens: 1 } },
    sampleOptions({ ...codec, dim: 3, bits: 1 }),
    sampleOptions({ ...codec, dim: 70_000 }),
  ]
  for (const options of bad) {
    expect(() => segmentBuilder(options)).toThrow(expect.objectContaining({ code: 'bad-argument' }))
  }
})

/** Counts what is read. */
function counted(bytes: Uint8Array): ByteSource & { readonly reads: { offset: number; length: number }[] } {
  const source = bytesSource(bytes)
  const reads: { offset: number; length: number }[] = []
  return {
    ...source,
    reads,
    read(offset, length, signal) {
      reads.push({ offset, length })
      return source.read(offset, length, signal)
    },
  }
}

test('reading a passage costs one read of its block, and none while the block is kept', async () => {
  const codec = residualCodec()
  const shapes = Array.from({ length: 40 }, (_, i) => ({ id: `d${i}`, vectors: [4, 4], textLength: 3000 }))
  const written = buildSegment(documentsOf(shapes, codec))
  const source = counted(written.textFile)
  const text = await openTextSegment(source, manifestFor(written, codec), written.reference)
  expect(source.reads.length).toBe(2)
  source.reads.length = 0

  await Promise.all([text.readPassage(0), text.readPassage(1)])
  expect(source.reads.length).toBe(1)
  expect(source.reads[0]!.length).toBeLessThan(written.textFile.length / 4)
  await text.readPassage(79)
  expect(source.reads.length).toBe(2)
})

test('a block that could not be read is read again the next time', async () => {
  const written = buildSegment([sampleDocument({ id: 'a', vectors: [1] }, residualCodec(), 1)])
  const source = bytesSource(written.textFile)
  let fail = false
  const flaky: ByteSource = {
    ...source,
    read: (...range) => (fail ? Promise.reject(new Error('offline')) : source.read(...range)),
  }
  const text = await openTextSegment(flaky, manifestFor(written, residualCodec()), written.reference)
  fail = true
  await expect(text.readPassage(0)).rejects.toThrow('offline')
  fail = false
  expect((await text.readPassage(0)).documentId).toBe('a')
})

test('ranges outside a section and unknown passages are refused', async () => {
  const written = buildSegment([sampleDocument({ id: 'a', vectors: [2] }, residualCodec(), 1)])
  const { vectors, text } = await open(written, sampleOptions())
  const badArgument = expect.objectContaining({ code: 'bad-argument' })
  await expect(vectors.read('codes', 0, vectors.sectionLength('codes') + 1)).rejects.toEqual(badArgument)
  await expect(vectors.read('scales', -1, 1)).rejects.toEqual(badArgument)
  await expect(readVectors(vectors, 1, 3)).rejects.toEqual(badArgument)
  await expect(text.readPassage(1)).rejects.toEqual(badArgument)
  await expect(text.readPassage(0.5)).rejects.toEqual(badArgument)
  expect(() => text.documentOf(-1)).toThrow(badArgument)
})

test('segments merge into one as if their surviving documents had been added in order', async () => {
  const codec = residualCodec({ bits: 2, numCentroids: 300 })
  const options = sampleOptions(codec)
  const documents = documentsOf(
    [
      { id: 'a', vectors: [3, 2] },
      { id: 'b', vectors: [1] },
      { id: 'c', vectors: [] },
      { id: 'd', vectors: [5, 0, 1] },
      { id: 'e', vectors: [7] },
    ],
    codec,
  )
  const [a, b, c, d, e] = documents as [
    SegmentDocument,
    SegmentDocument,
    SegmentDocument,
    SegmentDocument,
    SegmentDocument,
  ]
  const first = await open(buildSegment([a, b, c], options), options)
  const second = await open(buildSegment([d, e], options), options)
  const merged = await mergeSegments(
    [
      { ...first, removed: [1] },
      { ...second, removed: [] },
    ],
    options,
  )
  expect(merged.reference).toEqual(buildSegment([a, c, d, e], options).reference)
  await expectSame(merged, options, [a, c, d, e])
})

test('a merged segment says how much its vectors were pooled, not what new ones will be', async () => {
  const pooledBy = (factor: number) => ({ ...sampleOptions(), pooling: { factor, protectedTokens: 1 } })
  const opened = async (id: string, factor: number) => {
    const options = pooledBy(factor)
    return open(buildSegment([sampleDocument({ id, vectors: [2] }, options.codec, 1)], options), options)
  }
  const merge = async (...factors: number[]) => {
    const sources = await Promise.all(factors.map((factor, i) => opened(`d${i}`, factor)))
    const merged = await mergeSegments(
      sources.map((source) => ({ ...source, removed: [] })),
      pooledBy(3),
    )
    return (await open(merged, pooledBy(3))).vectors.poolFactor
  }
  expect(await merge(6, 2)).toBe(6)
  expect(await merge(1, 1)).toBe(1)
})

test('merging refuses another codec, an id that survives twice, and stops when aborted', async () => {
  const options = sampleOptions()
  const opened = await open(
    buildSegment([sampleDocument({ id: 'a', vectors: [1] }, residualCodec(), 1)]),
    options,
  )
  const source = { ...opened, removed: [] }
  await expect(mergeSegments([source], sampleOptions(residualCodec({ bits: 2 })))).rejects.toEqual(
    expect.objectContaining({ code: 'bad-argument' }),
  )
  await expect(mergeSegments([source, source], options)).rejects.toEqual(
    expect.objectContaining({ code: 'duplicate-id' }),
  )
  await expect(mergeSegments([source], options, AbortSignal.abort())).rejects.toEqual(
    expect.objectContaining({ code: 'aborted' }),
  )
})

test('what a file costs beyond its vectors is bounded', () => {
  const codec = residualCodec({ dim: 48 })
  const shapes = Array.from({ length: 50 }, (_, i) => ({ id: `d${i}`, vectors: [30, 31], textLength: 500 }))
  const { vectorFile, reference } = buildSegment(documentsOf(shapes, codec), sampleOptions(codec))
  const payload = reference.vectors * (bytesPerVector(codec) + 1.5)
  expect(vectorFile.length - payload).toBeLessThan(1600)
})
