import fc from 'fast-check'
import { deflateSync } from 'fflate'
import { expect, test } from 'vitest'
import { type ErrorCode, isLateenError } from '../errors.ts'
import { bytesSource, verifySource } from '../store/source.ts'
import { sha256Hex } from '../util/hash.ts'
import { seededRandom } from '../util/random.ts'
import { decodeBlock, encodeBlock, passageRow } from './block.ts'
import { decodeDocuments } from './documents.ts'
import { decodeTextHeader, encodeTextHeader, textLayout } from './layout.ts'
import type { SegmentReference } from './manifest.ts'
import { pack } from './pack.ts'
import { openTextSegment, openVectorSegment, readVectors } from './read.ts'
import { fixtureIndex, residualCodec } from './samples.test-suite.ts'
import { unpack } from './unpack.ts'
import { fileReference } from './write.ts'

const { manifest, segment } = fixtureIndex()
const codec = residualCodec()
const { vectorFile, textFile, reference } = segment
type Kind = 'vectors' | 'text'
const files = { vectors: vectorFile, text: textFile }

/** Opens a file and reads all of it, as a search would. */
async function readAll(kind: Kind, bytes: Uint8Array, named: SegmentReference = reference): Promise<void> {
  if (kind === 'vectors') {
    const opened = await openVectorSegment(bytesSource(bytes), codec, manifest, named)
    await readVectors(opened, 0, opened.numVectors)
    return
  }
  const opened = await openTextSegment(bytesSource(bytes), manifest, named)
  for await (const _ of opened.passages());
}

async function codeOf(run: () => Promise<unknown>): Promise<ErrorCode | 'accepted'> {
  try {
    await run()
  } catch (error) {
    if (isLateenError(error)) return error.code
    throw error
  }
  return 'accepted'
}

function changed(bytes: Uint8Array, at: number, ...values: number[]): Uint8Array {
  const copy = bytes.slice()
  copy.set(values, at)
  return copy
}

/** A header whose checksum is right again after a change: damage only a writer with a defect could do. */
function resealed(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice()
  copy.set(Buffer.from(sha256Hex(copy.subarray(0, 224)), 'hex'), 224)
  return copy
}

/** Start and end of the header, of its fields, and of every section. */
function boundaries(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer)
  const sections = [0, 1, 2, 3].flatMap((i) => {
    const offset = Number(view.getBigUint64(96 + 16 * i, true))
    return [offset, offset + Number(view.getBigUint64(104 + 16 * i, true))]
  })
  const all = [0, 8, 10, 12, 16, 24, 56, 88, 96, 160, 224, 255, 256, ...sections, bytes.length - 1]
  return [...new Set(all)].filter((at) => at < bytes.length)
}

test.each<[Kind, number]>(
  (['vectors', 'text'] as const).flatMap((kind) =>
    boundaries(files[kind]).map((at): [Kind, number] => [kind, at]),
  ),
)('a %s file cut at byte %i is refused before anything is read from it', async (kind, at) => {
  const cut = files[kind].slice(0, at)
  expect(await codeOf(() => readAll(kind, cut))).toBe('segment-corrupt')
  const named = kind === 'vectors' ? reference.vectorFile : reference.textFile
  expect(await codeOf(() => verifySource(bytesSource(cut), named))).toBe('segment-corrupt')
})

test('the message about a truncated file says how long it should be and how long it is', async () => {
  await expect(readAll('vectors', vectorFile.slice(0, 1000))).rejects.toThrow(
    'expected 1027 bytes as its header says, found 1000',
  )
})

test('a file with bytes added at the end is refused', async () => {
  for (const kind of ['vectors', 'text'] as const) {
    const longer = new Uint8Array(files[kind].length + 1)
    longer.set(files[kind])
    expect(await codeOf(() => readAll(kind, longer))).toBe('segment-corrupt')
  }
})

test('a flipped bit in any byte of the header is refused, whatever the field', async () => {
  for (const kind of ['vectors', 'text'] as const) {
    for (let at = 0; at < 256; at++) {
      const code = await codeOf(() =>
        readAll(kind, changed(files[kind], at, files[kind][at]! ^ (1 << (at % 8)))),
      )
      expect(code, `${kind} byte ${at}`).toBe(at >= 8 && at < 12 ? 'index-version' : 'segment-corrupt')
    }
  }
})

test('a flipped bit anywhere in the text file is refused even without verifying the whole file', async () => {
  for (let at = 256; at < textFile.length; at++) {
    const code = await codeOf(() => readAll('text', changed(textFile, at, textFile[at]! ^ (1 << (at % 8)))))
    expect(code, `byte ${at}`).toBe('segment-corrupt')
  }
})

test('a flipped bit anywhere is refused when the file is verified', async () => {
  for (const [bytes, named] of [
    [vectorFile, reference.vectorFile],
    [textFile, reference.textFile],
  ] as const) {
    for (let at = 0; at < bytes.length; at++) {
      const source = bytesSource(changed(bytes, at, bytes[at]! ^ (1 << (at % 8))))
      expect(await codeOf(() => verifySource(source, named)), `byte ${at}`).toBe('segment-corrupt')
    }
  }
})

test('random damage, with or without a right checksum, is refused with a code or harmless, and never crashes', async () => {
  const damage = fc.array(fc.tuple(fc.nat(vectorFile.length - 1), fc.integer({ min: 0, max: 255 })), {
    minLength: 1,
    maxLength: 4,
  })
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom<Kind>('vectors', 'text'),
      damage,
      fc.boolean(),
      async (kind, edits, seal) => {
        let bytes = files[kind]
        for (const [at, value] of edits) if (at < bytes.length) bytes = changed(bytes, at, value)
        if (seal) bytes = resealed(bytes)
        expect(['accepted', 'segment-corrupt', 'index-version', 'index-model-mismatch']).toContain(
          await codeOf(() => readAll(kind, bytes)),
        )
      },
    ),
    { seed: 4, numRuns: 1000 },
  )
})

test('random bytes behind a valid magic are refused', async () => {
  const random = seededRandom(5)
  for (let run = 0; run < 200; run++) {
    for (const kind of ['vectors', 'text'] as const) {
      const bytes = Uint8Array.from({ length: 256 + run }, () => Math.floor(random() * 256))
      bytes.set(files[kind].subarray(0, 16), 0)
      expect(await codeOf(() => readAll(kind, resealed(bytes)))).toBe('segment-corrupt')
    }
  }
})

test('an HTML page in place of a file is refused, and the message shows it', async () => {
  const page = new TextEncoder().encode(`<!doctype html>${' '.repeat(300)}`)
  await expect(readAll('vectors', page)).rejects.toThrow('found "<!doctyp"')
})

test('a vector file in place of a text file is refused', async () => {
  expect(await codeOf(() => readAll('text', vectorFile))).toBe('segment-corrupt')
  expect(await codeOf(() => readAll('vectors', textFile))).toBe('segment-corrupt')
})

test.each([
  [0, 9],
  [1, 1],
  [2, 0],
])('format version %i.%i is refused as index-version', async (major, minor) => {
  for (const kind of ['vectors', 'text'] as const) {
    const other = resealed(changed(files[kind], 8, major, 0, minor, 0))
    expect(await codeOf(() => readAll(kind, other))).toBe('index-version')
  }
})

test.each<[string, Kind, number, readonly number[], ErrorCode]>([
  ['another model', 'vectors', 24, [0], 'index-model-mismatch'],
  ['another tokenizer', 'vectors', 56, [0], 'index-model-mismatch'],
  ['another codec', 'vectors', 160, [0], 'index-model-mismatch'],
  ['text of another model', 'text', 24, [0], 'index-model-mismatch'],
  ['text of another tokenizer', 'text', 56, [0], 'index-model-mismatch'],
  ['another number of passages', 'vectors', 88, [2], 'segment-corrupt'],
  ['another number of vectors', 'vectors', 92, [4], 'segment-corrupt'],
  ['a section that begins inside the header', 'vectors', 112, [0, 0], 'segment-corrupt'],
  ['a section that ends behind the file', 'vectors', 120, [0xff, 0xff], 'segment-corrupt'],
  ['a section of 2^63 bytes', 'text', 127, [0x80], 'segment-corrupt'],
  ['an unknown codec kind', 'vectors', 202, [9], 'segment-corrupt'],
  ['3 bits', 'vectors', 203, [3], 'segment-corrupt'],
  ['a dim of 0', 'vectors', 196, [0], 'segment-corrupt'],
  ['no centroids', 'vectors', 192, [0], 'segment-corrupt'],
  ['counts of 3 bytes', 'vectors', 204, [3], 'segment-corrupt'],
  ['ids of 2 bytes for 2 centroids', 'vectors', 205, [2], 'segment-corrupt'],
  ['a pool factor of 0', 'vectors', 198, [0], 'segment-corrupt'],
  ['a byte that should be zero', 'vectors', 210, [1], 'segment-corrupt'],
  ['another number of documents', 'text', 92, [1], 'segment-corrupt'],
  ['another number of blocks', 'text', 192, [2], 'segment-corrupt'],
  ['another raw length', 'text', 196, [1], 'segment-corrupt'],
])('a sealed header with %s is refused', async (_name, kind, at, values, code) => {
  expect(await codeOf(() => readAll(kind, resealed(changed(files[kind], at, ...values))))).toBe(code)
})

test('counts that do not add up, and centroid ids outside the codec, are refused', async () => {
  expect(await codeOf(() => readAll('vectors', changed(vectorFile, 256, 3)))).toBe('segment-corrupt')
  expect(await codeOf(() => readAll('vectors', changed(vectorFile, 256, 1)))).toBe('segment-corrupt')
  expect(await codeOf(() => readAll('vectors', changed(vectorFile, 0x300, 2)))).toBe('segment-corrupt')
})

test('a file that contradicts the manifest is refused', async () => {
  for (const [kind, over] of [
    ['vectors', { passages: 4 }],
    ['vectors', { vectors: 6 }],
    ['text', { passages: 4 }],
    ['text', { documents: 3 }],
  ] as const) {
    expect(await codeOf(() => readAll(kind, files[kind], { ...reference, ...over }))).toBe('segment-corrupt')
  }
})

test('a codec that is not the one of the file is refused, naming both', async () => {
  const other = residualCodec({ bits: 2 })
  await expect(openVectorSegment(bytesSource(vectorFile), other, manifest, reference)).rejects.toMatchObject({
    code: 'index-model-mismatch',
    message: expect.stringContaining(other.fingerprint.slice(0, 12)),
  })
})

test('a file named after other content is refused by verification', async () => {
  const other = fileReference(new Uint8Array(vectorFile.length), 'vectors')
  expect(await codeOf(() => verifySource(bytesSource(vectorFile), other))).toBe('segment-corrupt')
  expect(await codeOf(() => verifySource(bytesSource(vectorFile), reference.vectorFile))).toBe('accepted')
})

test('verification stops when it is aborted', async () => {
  const verify = () => verifySource(bytesSource(vectorFile), reference.vectorFile, AbortSignal.abort())
  expect(await codeOf(verify)).toBe('aborted')
})

test('data never inflates to more than it declares', () => {
  const bomb = deflateSync(new Uint8Array(10_000_000), { level: 9 })
  expect(bomb.length).toBeLessThan(11_000)
  for (const declared of [0, 1, 9_999_999, 10_000_001, 2 ** 32 - 1]) {
    expect(() => unpack(bomb, declared, 'bomb')).toThrow(expect.objectContaining({ code: 'segment-corrupt' }))
  }
  expect(unpack(bomb, 10_000_000, 'bomb').length).toBe(10_000_000)
  expect(() => unpack(new Uint8Array(0), 1, 'empty')).toThrow(
    expect.objectContaining({ code: 'segment-corrupt' }),
  )
})

test('a declared length that no data can reach is refused before memory is taken for it', () => {
  const packed = pack(new Uint8Array(10))
  expect(() => unpack(packed, 2 ** 32 - 1, 'bomb')).toThrow('expected at most 1032 raw bytes per packed byte')
})

test('what is packed comes back, compressible or not', () => {
  const random = seededRandom(6)
  for (const length of [0, 1, 2, 100, 70_000]) {
    const noise = Uint8Array.from({ length }, () => Math.floor(random() * 256))
    expect(unpack(pack(noise), length, 'noise')).toEqual(noise)
    expect(unpack(pack(new Uint8Array(length)), length, 'zeros')).toEqual(new Uint8Array(length))
  }
})

/** A text file with another directory whose checksums are right again: damage only a writer with a defect could do. */
function resealedText(edit: (directory: DataView) => void): Uint8Array {
  const header = decodeTextHeader(textFile.subarray(0, 256), textFile.length, 'sample')
  const { resident, blocks } = textLayout(header)
  const rawBytes = 16 * header.numBlocks + header.documentsRawBytes
  const raw = unpack(textFile.subarray(resident.offset, blocks.offset), rawBytes, 'sample')
  edit(new DataView(raw.buffer))
  const packed = pack(raw)
  const edited = { ...header, residentHash: sha256Hex(packed), residentBytes: packed.length }
  return Uint8Array.of(...encodeTextHeader(edited), ...packed, ...textFile.subarray(blocks.offset))
}
const add = (at: number, more: number) => (view: DataView) =>
  view.setUint32(at, view.getUint32(at, true) + more, true)

test.each<[string, (directory: DataView) => void]>([
  ['too many passages', add(0, 1)],
  ['no passages in a block', add(0, -3)],
  ['a block that ends behind the file', add(4, 1)],
  ['a block of another raw length', add(8, 1)],
  ['another checksum of a block', add(12, 1)],
])('a sealed directory with %s is refused', async (_name, edit) => {
  expect(await codeOf(() => readAll('text', resealedText(edit)))).toBe('segment-corrupt')
  const same = resealedText(() => {})
  expect(await codeOf(() => readAll('text', same))).toBe('accepted')
})

test('a directory that does not fit the header is refused on opening, before any block is read', async () => {
  for (const at of [0, 4]) {
    const bytes = resealedText(add(at, 1))
    expect(await codeOf(() => openTextSegment(bytesSource(bytes), manifest, reference))).toBe(
      'segment-corrupt',
    )
  }
})

const utf8 = (text: string) => new TextEncoder().encode(text)

test.each<[string, string]>([
  ['one id twice', '{"ids":["a","a"],"hashes":["",""],"passages":[1,2],"metadata":[{},{}]}'],
  ['lists of different lengths', '{"ids":["a","b"],"hashes":[""],"passages":[1,2],"metadata":[{},{}]}'],
  ['too few passages', '{"ids":["a","b"],"hashes":["",""],"passages":[1,1],"metadata":[{},{}]}'],
  ['a negative count', '{"ids":["a","b"],"hashes":["",""],"passages":[4,-1],"metadata":[{},{}]}'],
  ['an id that is no text', '{"ids":["a",{}],"hashes":["",""],"passages":[1,2],"metadata":[{},{}]}'],
  ['nested metadata', '{"ids":["a","b"],"hashes":["",""],"passages":[1,2],"metadata":[{"x":{}},{}]}'],
  ['missing metadata', '{"ids":["a","b"],"hashes":["",""],"passages":[1,2]}'],
  ['half of it', '{"ids":["a","b"],"ha'],
  ['something else', 'null'],
])('a document table with %s is refused', (_name, json) => {
  expect(() => decodeDocuments(utf8(json), 2, 3, 'file')).toThrow(
    expect.objectContaining({ code: 'segment-corrupt' }),
  )
})

const goodBlock = encodeBlock([
  passageRow({ title: 't', headings: ['h'], url: '/', text: 'x', weight: 2 }),
  passageRow({ title: 'u', headings: [], url: '/u', text: 'y', details: { a: 'b' } }),
])

const blockOf = (json: string) => encodeBlock([utf8(json)])

test.each<[string, Uint8Array, number]>([
  ['fewer passages than the directory says', goodBlock, 3],
  ['more passages than the directory says', goodBlock, 1],
  ['half of its rows', goodBlock.subarray(0, goodBlock.length / 2), 2],
  ['bytes behind its rows', Uint8Array.of(...goodBlock, 0), 2],
  ['text that is not UTF-8', changed(goodBlock, 3, 0xff), 2],
  ['something else than a list', utf8('{}'), 1],
  ['a row of three fields', blockOf('["t",[],"/"]'), 1],
  ['a row of seven fields', blockOf('["t",[],"/","x",1,{},1]'), 1],
  ['a title that is no text', blockOf('[1,[],"/","x"]'), 1],
  ['a weight that is no number', blockOf('["t",[],"/","x","2"]'), 1],
  ['a weight above 10', blockOf('["t",[],"/","x",11]'), 1],
  ['details that are no text', blockOf('["t",[],"/","x",1,{"a":1}]'), 1],
  ['two rows for one passage', blockOf('["t",[],"/","x"],["t",[],"/","x"]'), 1],
])('a block with %s is refused', (_name, bytes, count) => {
  expect(() => decodeBlock(bytes, count, 'file')).toThrow(
    expect.objectContaining({ code: 'segment-corrupt' }),
  )
})

test('no bytes make a block or a document table fail in any other way', () => {
  const anyBytes = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.tuple(fc.nat(goodBlock.length - 1), fc.nat(255)).map(([at, value]) => changed(goodBlock, at, value)),
    fc.json().map(utf8),
  )
  const code = (run: () => unknown) => {
    try {
      run()
    } catch (error) {
      if (isLateenError(error)) return error.code
      throw error
    }
    return 'accepted'
  }
  fc.assert(
    fc.property(anyBytes, fc.integer({ min: 1, max: 4 }), (bytes, count) => {
      const allowed = ['accepted', 'segment-corrupt']
      expect(allowed).toContain(code(() => decodeBlock(bytes, count, 'file')))
      expect(allowed).toContain(code(() => decodeDocuments(bytes, count, count, 'file')))
    }),
    { seed: 8, numRuns: 2000 },
  )
})

test('verification reads nothing of a file of the wrong length', async () => {
  const source = {
    byteLength: vectorFile.length + 1,
    read: async () => expect.unreachable('read'),
  }
  expect(await codeOf(() => verifySource(source, reference.vectorFile))).toBe('segment-corrupt')
})
