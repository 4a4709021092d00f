import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openParts } from '../store/open-parts.ts'
import { bytesSource } from '../store/source.ts'
import { seededRandom } from '../util/random.ts'
import { isFileName, MAX_PARTS, parseManifest, serializeManifest, storedFiles } from './manifest.ts'
import { divide, divideSegment } from './parts.ts'
import { openTextSegment } from './read.ts'
import { buildSegment, residualCodec, sampleDocument, sampleManifest } from './samples.test-suite.ts'
import { fileReference } from './write.ts'

function bytesOf(length: number): Uint8Array {
  const random = seededRandom(length)
  return Uint8Array.from({ length }, () => Math.floor(random() * 256))
}

/** Bytes with cuts after stretches of these lengths. */
function cuttable(stretches: readonly number[]) {
  let end = 0
  const cuts = stretches.map((length) => (end += length))
  const bytes = bytesOf(end)
  return { bytes, cuts, divided: divide(fileReference(bytes, 'text'), bytes, cuts) }
}

const stretches = fc.array(fc.integer({ min: 1, max: 12_000 }), { minLength: 1, maxLength: 60 })

test('any read of a divided file gives what a read of the whole gives', async () => {
  await fc.assert(
    fc.asyncProperty(stretches, fc.nat(), fc.nat(), async (lengths, from, size) => {
      const { bytes, divided } = cuttable(lengths)
      const offset = from % (bytes.length + 1)
      const length = size % (bytes.length - offset + 1)
      const source = await openParts(divided.reference, async ({ file }) =>
        bytesSource(divided.files.get(file)!),
      )
      expect(source.byteLength).toBe(bytes.length)
      expect(Buffer.compare(await source.read(offset, length), bytes.subarray(offset, offset + length))).toBe(
        0,
      )
    }),
    { seed: 1, numRuns: 200 },
  )
})

test('parts end at cuts, the first at the first one, and are as large as 8 KB allows', () => {
  fc.assert(
    fc.property(stretches, (lengths) => {
      const { bytes, cuts, divided } = cuttable(lengths)
      const stored = storedFiles(divided.reference)
      expect([...divided.files.keys()]).toEqual(stored.map(({ file }) => file))
      expect([...divided.files.values()].map(({ length }) => length)).toEqual(stored.map((one) => one.bytes))
      expect(stored.every(({ file }) => isFileName(file))).toBe(true)
      const { parts } = divided.reference
      if (!parts) {
        expect(bytes.length <= 8192 || cuts.length === 1).toBe(true)
        return
      }
      expect(parts[0]).toBe(lengths[0])
      let end = 0
      for (const [i, length] of parts.entries()) {
        const inside = cuts.filter((cut) => cut > end && cut < end + length)
        end += length
        expect(cuts).toContain(end)
        if (i > 0) expect(length <= 8192 || inside.length === 0).toBe(true)
        const next = cuts.find((cut) => cut > end)
        if (i > 0 && next) expect(next - end + length).toBeGreaterThan(8192)
      }
      expect(end).toBe(bytes.length)
    }),
    { seed: 2, numRuns: 200 },
  )
})

test('a large file has 1,024 parts at most, of about the same size', () => {
  const { divided } = cuttable(Array.from({ length: 6000 }, (_, i) => 2000 + (i % 7) * 100))
  const { parts } = divided.reference
  expect(parts!.length).toBeLessThanOrEqual(MAX_PARTS)
  expect(parts!.length).toBeGreaterThan(MAX_PARTS / 2)
  expect(Math.max(...parts!) / Math.min(...parts!.slice(1, -1))).toBeLessThan(1.5)
})

test('a file of up to 8 KB, or one that cannot be cut, stays whole', () => {
  for (const lengths of [[100, 200], [8000, 192], [50_000]]) {
    const { bytes, divided } = cuttable(lengths)
    expect(divided.reference).toEqual(fileReference(bytes, 'text'))
    expect([...divided.files]).toEqual([[divided.reference.file, bytes]])
  }
})

test.each([[[100, 100]], [[200, 100]], [[0]], [[-1]], [[1.5]], [[20_001]]])(
  'cuts at %o of 20,000 bytes are refused',
  (cuts) => {
    const bytes = bytesOf(20_000)
    expect(() => divide(fileReference(bytes, 'text'), bytes, cuts)).toThrow(
      expect.objectContaining({ code: 'bad-argument' }),
    )
  },
)

test('a divided text file is opened from its first part, and a passage costs one more', async () => {
  const codec = residualCodec()
  const segment = buildSegment(
    Array.from({ length: 60 }, (_, i) =>
      sampleDocument({ id: `d${i}`, vectors: [2, 2, 2], textLength: 4000 }, codec, i),
    ),
  )
  const keywords = bytesOf(20_000)
  const { reference, files } = divideSegment(segment, { bytes: keywords, cuts: [5000, 12_000] })
  expect(reference.lexicalFile!.parts).toEqual([5000, 7000, 8000])
  const manifest = sampleManifest([reference])
  expect(parseManifest(serializeManifest(manifest))).toEqual(manifest)
  expect(files.has(reference.vectorFile.file)).toBe(true)

  const opened: string[] = []
  const source = await openParts(reference.textFile, async ({ file }) => {
    opened.push(file.slice(64))
    return bytesSource(files.get(file)!)
  })
  const text = await openTextSegment(source, manifest, reference)
  expect(opened).toEqual(['-0.text'])
  expect((await text.readPassage(100)).documentId).toBe('d33')
  expect(opened.length).toBe(2)
})

test('vectors are divided only where a host might refuse them for their size', () => {
  const MiB = 1024 * 1024
  const small = buildSegment([sampleDocument({ id: 'a', vectors: [1] }, residualCodec(), 1)])
  const keywords = { bytes: bytesOf(10), cuts: [] }
  for (const [length, parts] of [
    [16 * MiB - 1, undefined],
    [16 * MiB, undefined],
    [33 * MiB, [16 * MiB, 16 * MiB, MiB]],
  ] as const) {
    const vectorFile = new Uint8Array(length)
    const segment = {
      ...small,
      vectorFile,
      reference: { ...small.reference, vectorFile: { ...small.reference.vectorFile, bytes: length } },
    }
    expect(divideSegment(segment, keywords).reference.vectorFile.parts).toEqual(parts)
  }
})
